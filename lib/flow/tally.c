#include "flow/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/batch_rows.h"

void tallies_release(struct tallies *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free((char *)t->items[i].key.flow);
		free((char *)t->items[i].key.part);
		free((char *)t->items[i].key.command);
	}
	free(t->items);
	*t = (struct tallies){0};
}

static const char *part_of(const struct tally_key *key)
{
	return key->part ? key->part : "";
}

static char *copy(const char *text)
{
	return mem_copy(text, strlen(text));
}

void tallies_add(struct tallies *to, const struct tally_key *key, uint64_t in, uint64_t out, uint64_t rejected,
		 uint64_t late, uint64_t snapshot)
{
	struct tally_key own = {copy(key->flow), key->place, copy(part_of(key)), copy(key->command)};
	to->items = mem_resize(to->items, to->count + 1, sizeof *to->items);
	to->items[to->count++] = (struct tally){own, in, out, rejected, late, snapshot};
}

void tallies_unite(struct tallies *t, const struct tallies *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct tally *x = &from->items[i];
		if (!tallies_find(t, &x->key))
			tallies_add(t, &x->key, x->in, x->out, x->rejected, x->late, x->snapshot);
	}
}

const struct tally *tallies_find(const struct tallies *t, const struct tally_key *key)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct tally_key *k = &t->items[i].key;
		if (k->place == key->place && !strcmp(k->part, part_of(key)) && !strcmp(k->flow, key->flow) &&
		    !strcmp(k->command, key->command))
			return &t->items[i];
	}
	return NULL;
}

static struct value number(uint64_t n)
{
	return value_int((int64_t)n);
}

enum { MARK_FIELDS = 4, TALLY_FIELDS = 9 };

static struct value text(const char *s)
{
	return value_string(s, strlen(s));
}

void tallies_write(const struct tallies *t, const struct mark *m, struct batch *body)
{
	struct field row[MARK_FIELDS + TALLY_FIELDS] = {{"n", number(m->n)},
							{"epoch", number(m->epoch)},
							{"run", number(m->run)},
							{"final", value_bool(m->final)}};
	batch_reset(body);
	for (size_t i = 0; i < t->count; i++) {
		const struct tally *x = &t->items[i];
		struct field *f = row + MARK_FIELDS;
		*f++ = (struct field){"flow", text(x->key.flow)};
		*f++ = (struct field){"place", number(x->key.place)};
		*f++ = (struct field){"part", text(x->key.part)};
		*f++ = (struct field){"command", text(x->key.command)};
		*f++ = (struct field){"in", number(x->in)};
		*f++ = (struct field){"out", number(x->out)};
		*f++ = (struct field){"rejected", number(x->rejected)};
		*f++ = (struct field){"late", number(x->late)};
		*f++ = (struct field){"snapshot", number(x->snapshot)};
		batch_add_row(body, row, MARK_FIELDS + TALLY_FIELDS);
	}
	if (!t->count)
		batch_add_row(body, row, MARK_FIELDS);
}

static uint64_t get(const struct batch *body, uint32_t row, const char *name)
{
	struct value v = batch_get(body, row, name);
	return v.type == TYPE_INT && v.i > 0 ? (uint64_t)v.i : 0;
}

static char *get_text(const struct batch *body, uint32_t row, const char *name)
{
	struct value v = batch_get(body, row, name);
	return v.type == TYPE_STRING ? mem_copy(v.s, v.len) : copy("");
}

void tallies_read(struct tallies *t, struct mark *m, const struct batch *body)
{
	*m = (struct mark){.n = get(body, 0, "n"), .epoch = get(body, 0, "epoch"), .run = get(body, 0, "run")};
	m->final = batch_get(body, 0, "final").type == TYPE_BOOL && batch_get(body, 0, "final").i;
	for (uint32_t row = 0; row < body->rows; row++) {
		if (batch_get(body, row, "command").type != TYPE_STRING)
			continue;
		char *flow = get_text(body, row, "flow"), *part = get_text(body, row, "part"),
		     *command = get_text(body, row, "command");
		tallies_add(t, &(struct tally_key){flow, get(body, row, "place"), part, command}, get(body, row, "in"),
			    get(body, row, "out"), get(body, row, "rejected"), get(body, row, "late"),
			    get(body, row, "snapshot"));
		free(flow);
		free(part);
		free(command);
	}
}

void tallies_text(const struct tallies *t, struct buf *out)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct tally *x = &t->items[i];
		buf_printf(out,
			   "tally %s %" PRIu64 " %s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			   x->key.flow, x->key.place, *x->key.part ? x->key.part : "-", x->key.command, x->in, x->out,
			   x->rejected, x->late, x->snapshot);
	}
}

void tallies_add_line(struct tallies *t, const char *rest)
{
	struct tally x = {0};
	char *flow = NULL, *part = NULL, *command = NULL;
	if (sscanf(rest, "%ms %" SCNu64 " %ms %ms %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &flow,
		   &x.key.place, &part, &command, &x.in, &x.out, &x.rejected, &x.late, &x.snapshot) == 9) {
		x.key = (struct tally_key){flow, x.key.place, strcmp(part, "-") ? part : NULL, command};
		tallies_add(t, &x.key, x.in, x.out, x.rejected, x.late, x.snapshot);
	}
	free(flow);
	free(part);
	free(command);
}

#include "flow/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/batch_rows.h"

void tallies_release(struct tallies *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->items[i].command);
	free(t->items);
	*t = (struct tallies){0};
}

void tallies_add(struct tallies *t, const char *command, uint64_t in, uint64_t out, uint64_t rejected, uint64_t late,
		 uint64_t snapshot)
{
	t->items = mem_resize(t->items, t->count + 1, sizeof *t->items);
	t->items[t->count++] = (struct tally){mem_copy(command, strlen(command)), in, out, rejected, late, snapshot};
}

void tallies_merge(struct tallies *t, const struct tallies *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct tally *x = &from->items[i];
		if (i == t->count) {
			tallies_add(t, x->command, x->in, x->out, x->rejected, x->late, x->snapshot);
			continue;
		}
		struct tally *to = &t->items[i];
		to->in += x->in;
		to->out += x->out;
		to->rejected += x->rejected;
		to->late += x->late;
		to->snapshot = to->snapshot > x->snapshot ? to->snapshot : x->snapshot;
	}
}

const struct tally *tallies_find(const struct tallies *t, size_t place, const char *command)
{
	return place < t->count && !strcmp(t->items[place].command, command) ? &t->items[place] : NULL;
}

static struct value number(uint64_t n)
{
	return value_int((int64_t)n);
}

enum { MARK_FIELDS = 4, TALLY_FIELDS = 6 };

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
		*f++ = (struct field){"command", value_string(x->command, strlen(x->command))};
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

void tallies_read(struct tallies *t, struct mark *m, const struct batch *body)
{
	*m = (struct mark){.n = get(body, 0, "n"), .epoch = get(body, 0, "epoch"), .run = get(body, 0, "run")};
	m->final = batch_get(body, 0, "final").type == TYPE_BOOL && batch_get(body, 0, "final").i;
	for (uint32_t row = 0; row < body->rows; row++) {
		struct value v = batch_get(body, row, "command");
		if (v.type != TYPE_STRING)
			continue;
		char *command = mem_copy(v.s, v.len);
		tallies_add(t, command, get(body, row, "in"), get(body, row, "out"), get(body, row, "rejected"),
			    get(body, row, "late"), get(body, row, "snapshot"));
		free(command);
	}
}

void tallies_text(const struct tallies *t, struct buf *out)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct tally *x = &t->items[i];
		buf_printf(out, "tally %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", x->command,
			   x->in, x->out, x->rejected, x->late, x->snapshot);
	}
}

void tallies_add_line(struct tallies *t, const char *rest)
{
	struct tally x = {0};
	const char *blank = strchr(rest, ' ');
	if (!blank || sscanf(blank, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &x.in, &x.out,
			     &x.rejected, &x.late, &x.snapshot) != 5)
		return;
	char *command = mem_copy(rest, (size_t)(blank - rest));
	tallies_add(t, command, x.in, x.out, x.rejected, x.late, x.snapshot);
	free(command);
}

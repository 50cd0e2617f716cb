#include "flow/hello.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/hash.h"
#include "flow/state_file.h"
#include "record/batch_rows.h"

static const char FILE_SCHEME[] = "file:";

static char *copy(const char *text)
{
	return mem_copy(text, strlen(text));
}

void hello_release(struct hello *h)
{
	for (size_t i = 0; i < h->source_count; i++) {
		free(h->sources[i].flow);
		free(h->sources[i].directory);
		free(h->sources[i].name);
		free(h->sources[i].reset);
		free(h->sources[i].shared_by);
		free(h->sources[i].slot);
	}
	for (size_t i = 0; i < h->stage_count; i++) {
		free(h->stages[i].command);
		free(h->stages[i].signature);
	}
	free(h->sources);
	free(h->stages);
	free(h->part);
	*h = (struct hello){0};
}

void hello_add_source(struct hello *h, const char *flow, uint64_t epoch, const char *directory, const char *name,
		      const char *reset, const char *shared_by, const char *slot)
{
	h->sources = mem_resize(h->sources, h->source_count + 1, sizeof *h->sources);
	h->sources[h->source_count++] = (struct hello_source){.flow = copy(flow),
							      .epoch = epoch,
							      .directory = copy(directory),
							      .name = copy(name),
							      .reset = copy(reset),
							      .shared_by = shared_by ? copy(shared_by) : NULL,
							      .slot = slot ? copy(slot) : NULL};
}

void hello_add_stage(struct hello *h, const char *command, const char *signature)
{
	h->stages = mem_resize(h->stages, h->stage_count + 1, sizeof *h->stages);
	h->stages[h->stage_count++] = (struct hello_stage){copy(command), copy(signature)};
}

void hello_set_part(struct hello *h, const char *part)
{
	free(h->part);
	h->part = part ? copy(part) : NULL;
}

/* -- frames -- */

static struct value text(const char *s)
{
	return value_string(s, strlen(s));
}

void hello_write(const struct hello *h, struct batch *body)
{
	batch_reset(body);
	for (size_t i = 0; i < h->source_count; i++) {
		const struct hello_source *s = &h->sources[i];
		char *reply = arena_printf(&body->arena, "%s%s", FILE_SCHEME, s->directory);
		struct field row[] = {{"row", text("source")},
				      {"flow", text(s->flow)},
				      {"epoch", value_int((int64_t)s->epoch)},
				      {"reply", text(reply)},
				      {"name", text(s->name)},
				      {"reset", text(s->reset)},
				      {"shared_by", s->shared_by ? text(s->shared_by) : value_absent()},
				      {"slot", s->slot ? text(s->slot) : value_absent()}};
		batch_add_row(body, row, 8);
	}
	for (size_t i = 0; i < h->stage_count; i++) {
		struct field row[] = {{"row", text("stage")},
				      {"command", text(h->stages[i].command)},
				      {"signature", text(h->stages[i].signature)}};
		batch_add_row(body, row, 3);
	}
	struct field part[] = {{"row", text("part")}, {"part", text(h->part ? h->part : "")}};
	if (h->part)
		batch_add_row(body, part, 2);
}

static char *get_text(const struct batch *body, uint32_t row, const char *name)
{
	struct value v = batch_get(body, row, name);
	return v.type == TYPE_STRING ? mem_copy(v.s, v.len) : copy("");
}

static int read_source(const struct batch *body, uint32_t row, struct hello *h, struct error *e)
{
	char *flow = get_text(body, row, "flow"), *reply = get_text(body, row, "reply");
	char *name = get_text(body, row, "name"), *reset = get_text(body, row, "reset");
	bool shared = batch_get(body, row, "shared_by").type == TYPE_STRING;
	char *by = get_text(body, row, "shared_by"), *slot = get_text(body, row, "slot");
	struct value epoch = batch_get(body, row, "epoch");
	size_t scheme = sizeof FILE_SCHEME - 1;
	int r = 0;
	if (epoch.type != TYPE_INT || epoch.i <= 0 || strlen(flow) != FLOW_ID_SIZE - 1)
		r = error_set(e, ERR_UPSTREAM, "a HELLO without a flow and an epoch");
	else if (strncmp(reply, FILE_SCHEME, scheme) || reply[scheme] != '/')
		r = error_set(e, ERR_USAGE, "the source wants its answers at `%s`, which is not known here", reply);
	else
		hello_add_source(h, flow, (uint64_t)epoch.i, reply + scheme, name, reset, shared ? by : NULL,
				 *slot ? slot : NULL);
	free(flow);
	free(reply);
	free(name);
	free(reset);
	free(by);
	free(slot);
	return r;
}

int hello_read(const struct batch *body, struct hello *h, struct error *e)
{
	int r = 0;
	for (uint32_t row = 0; !r && row < body->rows; row++) {
		char *kind = get_text(body, row, "row");
		if (!strcmp(kind, "source")) {
			r = read_source(body, row, h, e);
		} else if (!strcmp(kind, "stage")) {
			char *command = get_text(body, row, "command"), *signature = get_text(body, row, "signature");
			hello_add_stage(h, command, signature);
			free(command);
			free(signature);
		} else if (!strcmp(kind, "part")) {
			free(h->part);
			h->part = get_text(body, row, "part");
		}
		free(kind);
	}
	return r || h->source_count ? r : error_set(e, ERR_UPSTREAM, "a HELLO without a source");
}

/* -- several inputs -- */

static bool same_sources(const struct hello *a, const struct hello *b)
{
	if (a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++)
		if (strcmp(a->sources[i].flow, b->sources[i].flow) || a->sources[i].epoch != b->sources[i].epoch)
			return false;
	return true;
}

/* `1-0` says that copy 1 of a splitter was split again, into copy 0. */
void hello_leave_part(struct hello *h)
{
	char *dash = h->part ? strrchr(h->part, '-') : NULL;
	if (dash)
		*dash = 0;
	else
		hello_set_part(h, NULL);
}

static int join_copies(const struct hello *h, struct hello *from, struct error *e)
{
	int r = hello_compare(from, h, NULL);
	hello_release(from);
	return r ? error_set(e, ERR_USAGE, "two inputs come from the same source by different ways") : 0;
}

int hello_join(struct hello *h, struct hello *from, struct error *e)
{
	if (same_sources(h, from))
		return join_copies(h, from, e);
	for (size_t i = 0; i < from->source_count; i++) {
		const struct hello_source *s = &from->sources[i];
		for (size_t k = 0; k < h->source_count; k++)
			if (!strcmp(h->sources[k].flow, s->flow))
				return error_set(e, ERR_USAGE, "%s comes in by two ways", s->name);
		hello_add_source(h, s->flow, s->epoch, s->directory, s->name, s->reset, s->shared_by, s->slot);
	}
	for (size_t i = 0; i < from->stage_count; i++)
		hello_add_stage(h, from->stages[i].command, from->stages[i].signature);
	hello_release(from);
	return 0;
}

void hello_identity(const struct hello *h, char id[FLOW_ID_SIZE], uint64_t *epoch)
{
	struct buf ids = BUF_INIT;
	*epoch = 0;
	for (size_t i = 0; i < h->source_count; i++) {
		buf_string_append(&ids, h->sources[i].flow);
		*epoch += h->sources[i].epoch;
	}
	struct hash128 joint = hash128(ids.data, ids.len);
	if (h->source_count == 1)
		snprintf(id, FLOW_ID_SIZE, "%s", h->sources[0].flow);
	else
		snprintf(id, FLOW_ID_SIZE, "%016" PRIx64 "%016" PRIx64, joint.high, joint.low);
	buf_release(&ids);
}

/* -- signatures -- */

static void quote(const char *word, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,@%+=-";
	if (*word && !word[strspn(word, plain)]) {
		buf_string_append(out, word);
		return;
	}
	buf_byte(out, '\'');
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			buf_string_append(out, "'\\''");
		else
			buf_byte(out, *p == '\n' ? ' ' : *p);
	buf_byte(out, '\'');
}

/* How many words an option takes that says nothing of the records; 0: it is another. */
static int idle_words(const char *word)
{
	static const char *const alone[] = {"-q", "--quiet", "-v", "--verbose", "--stats"}, *const more[] = {
												    "--metrics",
												    "--color"};
	for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
		if (!strcmp(word, alone[i]))
			return 1;
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		if (!strncmp(word, more[i], strlen(more[i])))
			return word[strlen(more[i])] == '=' ? 1 : word[strlen(more[i])] ? 0 : 2;
	return 0;
}

void hello_signature(int argc, char *const *argv, struct buf *out)
{
	bool options = true;
	for (int i = 1; i < argc;) {
		int idle = options ? idle_words(argv[i]) : 0;
		options = options && strcmp(argv[i], "--");
		if (idle) {
			i += idle;
			continue;
		}
		if (out->len)
			buf_byte(out, ' ');
		/* A shell's <(COMMAND) has another number each time. */
		quote(strncmp(argv[i], "/dev/fd/", 8) ? argv[i] : "/dev/fd", out);
		i++;
	}
}

/* -- what is kept -- */

void hello_text(const struct hello *h, struct buf *out)
{
	for (size_t i = 0; i < h->source_count; i++)
		buf_printf(out, "source %s %" PRIu64 "\n", h->sources[i].flow, h->sources[i].epoch);
	for (size_t i = 0; i < h->stage_count; i++) {
		const struct hello_stage *s = &h->stages[i];
		buf_printf(out, "stage %s%s%s\n", s->command, *s->signature ? " " : "", s->signature);
	}
}

static void add_line(struct hello *h, const char *word, char *rest)
{
	char *blank = strchr(rest, ' ');
	if (!strcmp(word, "source") && blank) {
		*blank = 0;
		hello_add_source(h, rest, strtoull(blank + 1, NULL, 10), "", "", "", NULL, NULL);
	} else if (!strcmp(word, "stage")) {
		if (blank)
			*blank = 0;
		hello_add_stage(h, rest, blank ? blank + 1 : "");
	}
}

void hello_from_text(const char *kept, size_t len, struct hello *h)
{
	struct buf lines = BUF_INIT;
	char *word, *rest;
	buf_append(&lines, kept, len);
	for (size_t at = 0; state_line(&lines, &at, &word, &rest);)
		add_line(h, word, rest);
	buf_release(&lines);
}

static void describe(const struct hello *h, size_t i, struct buf *out)
{
	if (i >= h->stage_count) {
		buf_string_append(out, "not there");
		return;
	}
	const struct hello_stage *s = &h->stages[i];
	buf_printf(out, "`%s%s%s`", s->command, *s->signature ? " " : "", s->signature);
}

int hello_compare(const struct hello *now, const struct hello *then, struct error *e)
{
	for (size_t i = 0; i < now->stage_count || i < then->stage_count; i++) {
		bool both = i < now->stage_count && i < then->stage_count;
		if (both && !strcmp(now->stages[i].command, then->stages[i].command) &&
		    !strcmp(now->stages[i].signature, then->stages[i].signature))
			continue;
		struct buf is = BUF_INIT, was = BUF_INIT;
		describe(now, i, &is);
		describe(then, i, &was);
		error_set(e, ERR_USAGE, "the pipeline was changed: stage %zu was %s and is %s now", i + 1,
			  buf_string(&was), buf_string(&is));
		buf_release(&is);
		buf_release(&was);
		return ERR_USAGE;
	}
	return 0;
}

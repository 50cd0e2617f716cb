/* --list: the pipelines that run, or the stages of one. */
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/counts.h"
#include "record/batch_rows.h"
#include "run.h"
#include "run/place.h"

/* The batch's. */
static struct value text_of(struct run *run, struct buf *text)
{
	buf_string(text);
	char *copy = arena_printf(&run->records.arena, "%s", text->data);
	struct value v = value_string(copy, text->len);
	buf_clear(text);
	return v;
}

static struct value seconds(int64_t ns)
{
	return value_decimal(ns > 0 ? ns / MILLISECOND : 0, 3);
}

/* -- pipelines -- */

/* `stream-sink sqlite:a.db works`, with how long it does; or that it waits for its next start. */
static struct value add_culprit(struct run *run, const struct stages *s, const struct place_note *n,
				struct value *since)
{
	struct buf text = BUF_INIT;
	const struct stage_view *v = stages_culprit(s);
	*since = value_null();
	if (!n->group) {
		buf_string_append(&text, "for its next start");
		*since = seconds(n->again - timestamp_now());
	} else if (v) {
		stage_name(v, &text);
		buf_byte(&text, ' ');
		stage_waits(v, &text);
		*since = seconds(monotonic_now() - stage_since(v));
	}
	struct value waits = text.len ? text_of(run, &text) : value_null();
	buf_release(&text);
	return waits;
}

static void add_pipeline(struct run *run, const char *name, const struct place_note *n, const struct stages *s)
{
	struct buf text = BUF_INIT;
	struct run_lag lag;
	struct value since;
	uint64_t checkpoint;
	int64_t at;
	bool progress;
	run_lag_of(s, &lag);
	struct value waits = add_culprit(run, s, n, &since);
	bool checkpointed = stages_checkpoint(s, &checkpoint, &at, &progress);
	buf_string_append(&text, name);
	struct value own_name = text_of(run, &text);
	buf_string_append(&text, n->pipeline ? n->pipeline : "");
	struct field row[] = {
		{"name", own_name},
		{"pid", value_int(n->pid)},
		{"since", value_time(n->since)},
		{"starts", value_int((int64_t)n->starts)},
		{"checkpoint", checkpointed ? value_int((int64_t)checkpoint) : value_null()},
		{"committed", at ? value_time(at) : value_null()},
		{"group", lag.known ? text_of(run, &lag.groups) : value_null()},
		{"lag", lag.known ? value_int(lag.records) : value_null()},
		{"behind", lag.known ? seconds(lag.behind) : value_null()},
		{"waits", waits},
		{"seconds", since},
		{"pipeline", text_of(run, &text)},
	};
	batch_add_row(&run->records, row, sizeof row / sizeof *row);
	buf_release(&lag.groups);
	buf_release(&text);
}

/* -- stages -- */

static void add_stage(struct run *run, const struct stage_view *v)
{
	const struct live_page *p = &v->page;
	struct buf text = BUF_INIT;
	struct counts c = {.in = p->in, .out = p->out, .rejected = p->rejected, .late = p->late, .folds = p->folds};
	buf_printf(&text, "%s%s%s", p->command, *p->arguments ? " " : "", p->arguments);
	struct value command = text_of(run, &text);
	stage_waits(v, &text);
	struct field row[] = {
		{"stage", value_int(run->records.rows + 1)},
		{"pid", value_int(p->pid)},
		{"command", command},
		{"in", value_int((int64_t)c.in)},
		{"out", value_int((int64_t)c.out)},
		{"filtered", value_int((int64_t)counts_filtered(&c))},
		{"rejected", value_int((int64_t)c.rejected)},
		{"late", value_int((int64_t)c.late)},
		{"waits", text_of(run, &text)},
		{"seconds", seconds(monotonic_now() - stage_since(v))},
	};
	batch_add_row(&run->records, row, sizeof row / sizeof *row);
	buf_release(&text);
}

/* -- */

/* 0 if it does not run (any more). */
static int add(struct run *run, const char *home, const char *name, bool each_stage, struct error *e)
{
	struct place_note n;
	struct stages s = {0};
	char *directory;
	int r = place_look(home, name, &directory, &n, e);
	if (r > 0 && stages_load(&s, directory, n.group, e) < 0)
		r = e->code;
	if (r > 0 && !each_stage)
		add_pipeline(run, name, &n, &s);
	for (size_t i = 0; r > 0 && each_stage && i < s.count; i++)
		add_stage(run, &s.items[i]);
	stages_release(&s);
	place_note_release(&n);
	free(directory);
	return r;
}

static int unknown(const char *name, const struct place_names *names, struct error *e)
{
	const char *near = nearest_word(name, strlen(name), (const char *const *)names->items, names->count);
	return near ? error_set(e, ERR_USAGE, "no pipeline `%s` runs; is it `%s`?", name, near)
		    : error_set(e, ERR_USAGE, "no pipeline `%s` runs; stream-run --list shows which do", name);
}

int run_list(struct run *run, const char *home, const char *name, struct error *e)
{
	struct place_names names;
	int r = place_list(home, &names, e);
	for (size_t i = 0; !r && !name && i < names.count; i++)
		r = add(run, home, names.items[i], false, e) < 0 ? e->code : 0;
	if (!r && name) {
		r = add(run, home, name, true, e);
		r = r > 0 ? 0 : r ? r : unknown(name, &names, e);
	}
	place_names_release(&names);
	return r;
}

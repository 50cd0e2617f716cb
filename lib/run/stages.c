#include "run/stages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/counts.h"
#include "flow/state_file.h"
#include "run/process.h"

/* -- loading -- */

struct loading {
	struct stages *stages;
	const char *directory;
};

static void look(struct stage_view *v)
{
	struct process p;
	if (v->page.state == LIVE_ENDED) {
		v->status = (int)v->page.detail;
		return;
	}
	/* (Another process may have got its number since; hardly in the same group.) */
	bool there = process_look((pid_t)v->page.pid, &p) && p.state != 'Z' && p.group == v->page.group;
	v->status = there ? STATUS_RUNS : STATUS_GONE;
	v->stopped = there && (p.state == 'T' || p.state == 't');
}

static int load_one(void *self, const char *name, struct error *e)
{
	struct loading *l = self;
	struct stages *s = l->stages;
	if (name[strspn(name, "0123456789")])
		return 0;
	char *path = state_path("%s/%s", l->directory, name);
	s->items = mem_resize(s->items, s->count + 1, sizeof *s->items);
	struct stage_view *v = &s->items[s->count];
	*v = (struct stage_view){0};
	int r = live_load(path, &v->page, e);
	free(path);
	if (r <= 0)
		return r;
	look(v);
	/* It may have said so between the two looks. */
	if (v->status == STATUS_GONE) {
		path = state_path("%s/%s", l->directory, name);
		live_load(path, &v->page, e);
		free(path);
		look(v);
	}
	s->count++;
	return 0;
}

/* Process ids rise as a shell starts its stages; behind the greatest there is they begin anew. */
static int compare(const void *a, const void *b, void *leader)
{
	const struct stage_view *x = a, *y = b;
	int64_t from = *(int64_t *)leader;
	bool x_wrapped = x->page.pid < from, y_wrapped = y->page.pid < from;
	if (x_wrapped != y_wrapped)
		return x_wrapped - y_wrapped;
	return (x->page.pid > y->page.pid) - (x->page.pid < y->page.pid);
}

/* Whether one of those from the from-th on writes what this one reads. */
static bool has_upstream(const struct stages *s, size_t from, const struct stage_view *v)
{
	for (size_t i = from; v->page.input && i < s->count; i++)
		if (s->items[i].page.output == v->page.input && &s->items[i] != v)
			return true;
	return false;
}

/* Where a shell has put another one in between, the pipes know better. */
static void put_upstream_first(struct stages *s)
{
	for (size_t placed = 0; placed < s->count; placed++) {
		size_t next = placed;
		while (next < s->count && has_upstream(s, placed, &s->items[next]))
			next++;
		if (next == s->count)
			return;
		struct stage_view v = s->items[next];
		memmove(&s->items[placed + 1], &s->items[placed], (next - placed) * sizeof v);
		s->items[placed] = v;
	}
}

int stages_load(struct stages *s, const char *directory, int64_t leader, struct error *e)
{
	struct loading l = {s, directory};
	*s = (struct stages){0};
	int r = state_list(directory, load_one, &l, e);
	if (s->count)
		qsort_r(s->items, s->count, sizeof *s->items, compare, &leader);
	put_upstream_first(s);
	return r;
}

void stages_release(struct stages *s)
{
	free(s->items);
	*s = (struct stages){0};
}

/* -- too many -- */

static bool is_same_kind(const struct live_page *a, const struct live_page *b)
{
	return !strcmp(a->command, b->command) && !strcmp(a->arguments, b->arguments);
}

static void add_counts(struct live_page *to, const struct live_page *from)
{
	to->in += from->in;
	to->out += from->out;
	to->rejected += from->rejected;
	to->late += from->late;
}

/* Puts those like the i-th behind it into it. */
static void add_up(const struct stages *s, size_t i, const char *directory)
{
	struct live_page *sum = &s->items[i].page;
	bool any = false;
	for (size_t j = i + 1; j < s->count; j++) {
		const struct live_page *p = &s->items[j].page;
		if (s->items[j].status || !p->pid || !is_same_kind(p, sum))
			continue;
		char *path = state_path("%s/%" PRId64, directory, p->pid);
		if (!unlink(path))
			add_counts(sum, p);
		free(path);
		any = true;
		s->items[j].page.pid = 0;
	}
	char *path = state_path("%s/%" PRId64, directory, sum->pid);
	if (any)
		live_save(path, sum);
	free(path);
}

void stages_add_up(const struct stages *s, const char *directory)
{
	enum { MANY = 64 };
	size_t ended = 0;
	for (size_t i = 0; i < s->count; i++)
		ended += !s->items[i].status;
	for (size_t i = 0; ended > MANY && i < s->count; i++)
		if (!s->items[i].status && s->items[i].page.pid)
			add_up(s, i, directory);
}

/* -- all together -- */

bool stages_broken(const struct stages *s)
{
	for (size_t i = 0; i < s->count; i++)
		switch (s->items[i].status) {
		case STATUS_RUNS:
		case OK:
		case -ERR_REJECTED:
		case -ERR_GONE: break;
		default: return true;
		}
	return false;
}

bool stages_run(const struct stages *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].status == STATUS_RUNS)
			return true;
	return false;
}

bool stages_checkpoint(const struct stages *s, uint64_t *n, int64_t *at, bool *progress)
{
	bool any = false;
	*n = 0;
	*at = 0;
	*progress = false;
	for (size_t i = 0; i < s->count; i++) {
		const struct live_page *p = &s->items[i].page;
		if (!p->restored_known)
			continue;
		any = true;
		*progress |= p->checkpoint > p->restored;
		*n = p->checkpoint > *n ? p->checkpoint : *n;
		*at = p->committed_at > *at ? p->committed_at : *at;
	}
	return any;
}

/* How much it looks as if this stage were what the others wait for. */
static int weight(const struct stage_view *v)
{
	if (v->status != STATUS_RUNS)
		return 0;
	if (v->stopped)
		return 4;
	unsigned state = v->page.state;
	switch (state) {
	case LIVE_WORKS:
	case LIVE_STARTS:
	case LIVE_OWN: return 3;
	/* With nothing to hold it up it is the source that has nothing. */
	case LIVE_RECORDS: return 1;
	case LIVE_RECEIPT:
	case LIVE_OUTPUT: return 2;
	default: return 1;
	}
}

const struct stage_view *stages_culprit(const struct stages *s)
{
	const struct stage_view *found = NULL;
	for (size_t i = 0; i < s->count; i++) {
		const struct stage_view *v = &s->items[i];
		int more = weight(v) - (found ? weight(found) : 0);
		/* Of those that wait for their output the last one knows best; of those that wait for input the first one. */
		if (more > 0 || (!more && found && weight(v) > 1))
			found = v;
	}
	return found;
}

/* -- one -- */

void stage_name(const struct stage_view *v, struct buf *out)
{
	enum { SHOWN = 60 };
	const char *arguments = v->page.arguments;
	size_t len = strlen(arguments);
	buf_string_append(out, v->page.command);
	if (len)
		buf_printf(out, " %.*s%s", len > SHOWN ? SHOWN : (int)len, arguments, len > SHOWN ? "…" : "");
}

static void waits_in(const struct live_page *p, struct buf *out)
{
	uint64_t detail = p->detail;
	switch ((enum live_state)p->state) {
	case LIVE_STARTS: buf_string_append(out, "starts"); break;
	case LIVE_WORKS:
	case LIVE_ENDED: buf_string_append(out, "works"); break;
	case LIVE_INPUT:
		buf_string_append(out, "for input");
		if (detail)
			buf_printf(out, " %" PRIu64, detail);
		break;
	case LIVE_OUTPUT: buf_string_append(out, "for its reader"); break;
	case LIVE_OWN: buf_string_append(out, "for its command"); break;
	case LIVE_RECORDS: buf_printf(out, "for %s", *p->reason ? p->reason : "records"); break;
	case LIVE_RESTORE: buf_string_append(out, "for the end to say where to begin"); break;
	case LIVE_BARRIER: buf_string_append(out, "for the barrier of another input"); break;
	case LIVE_RECEIPT:
		if (detail)
			buf_printf(out, "for the receipt of checkpoint %" PRIu64, detail);
		else
			buf_string_append(out, "for the end to answer");
	}
}

void stage_waits(const struct stage_view *v, struct buf *out)
{
	if (v->status == STATUS_GONE)
		buf_string_append(out, "was killed");
	else if (v->status != STATUS_RUNS)
		buf_printf(out, "ended with status %d", v->status);
	else if (v->stopped)
		buf_string_append(out, "is stopped");
	else
		waits_in(&v->page, out);
}

int64_t stage_since(const struct stage_view *v)
{
	return v->page.since;
}

/* -- texts -- */

static struct counts counts_of(const struct stage_view *v)
{
	return (struct counts){.command = v->page.command,
			       .in = v->page.in,
			       .out = v->page.out,
			       .rejected = v->page.rejected,
			       .late = v->page.late,
			       .folds = v->page.folds};
}

/* All but the last one as a list. */
static struct counts_list list_of(const struct stages *s)
{
	struct counts_list list = {.items = mem_array(s->count, sizeof *list.items)};
	for (; list.count + 1 < s->count; list.count++)
		list.items[list.count] = counts_of(&s->items[list.count]);
	return list;
}

static void with_counts(const struct stages *s, struct buf *out,
			void (*write)(const struct counts_list *, const struct counts *, struct buf *))
{
	if (!s->count)
		return;
	struct counts_list list = list_of(s);
	struct counts last = counts_of(&s->items[s->count - 1]);
	write(&list, &last, out);
	free(list.items);
}

void stages_audit(const struct stages *s, struct buf *out)
{
	with_counts(s, out, counts_text);
}

void stages_metrics(const struct stages *s, struct buf *out)
{
	with_counts(s, out, counts_metrics);
}

void stages_show(const struct stages *s, struct buf *out)
{
	int64_t now = monotonic_now();
	struct counts_list none = {0};
	for (size_t i = 0; i < s->count; i++) {
		const struct stage_view *v = &s->items[i];
		struct counts c = counts_of(v);
		counts_text(&none, &c, out);
		out->len--; /* its newline */
		buf_string_append(out, "; ");
		stage_waits(v, out);
		if (v->status == STATUS_RUNS)
			buf_printf(out, ", %.1f s", (double)(now - stage_since(v)) / SECOND);
		buf_byte(out, '\n');
	}
}

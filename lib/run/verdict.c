#include "run/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { STAGES_MAX = 256, NOT_EXECUTABLE = 126, NOT_FOUND = 127, BY_SIGNAL = 128 };

struct list {
	int items[STAGES_MAX];
	size_t count;
};

static struct list read_statuses(const char *text)
{
	struct list l = {.count = 0};
	char *end;
	for (const char *p = text ? text : ""; l.count < STAGES_MAX; p = end) {
		long status = strtol(p, &end, 10);
		if (end == p)
			break;
		l.items[l.count++] = (int)status;
	}
	return l;
}

/* Ended by itself, and not for another one's sake. */
static bool is_cause(int status)
{
	return status > 0 && status != -ERR_REJECTED && status != -ERR_UPSTREAM && status != -ERR_GONE;
}

static bool contains(const struct list *l, int status)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i] == status)
			return true;
	return false;
}

/* The command of ours that ended so, if it can be told. */
static const struct stage_view *find(const struct stages *s, int status)
{
	int wanted = status > BY_SIGNAL ? STATUS_GONE : status;
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].status == wanted || s->items[i].status == status)
			return &s->items[i];
	return NULL;
}

static void describe(struct verdict *v, const struct stage_view *stage, size_t place, int status)
{
	struct buf name = BUF_INIT;
	if (stage)
		stage_name(stage, &name);
	else if (place)
		buf_printf(&name, "stage %zu", place);
	else
		buf_string_append(&name, "it");
	buf_string(&name);
	if (status > BY_SIGNAL && status <= BY_SIGNAL + 64)
		snprintf(v->text, sizeof v->text, "%s was killed by signal %d (%s)", name.data, status - BY_SIGNAL,
			 strsignal(status - BY_SIGNAL));
	else if (stage && stage->status == STATUS_GONE)
		snprintf(v->text, sizeof v->text, "%s was killed", name.data);
	else
		snprintf(v->text, sizeof v->text, "%s ended with status %d", name.data, status);
	buf_release(&name);
}

/* The first cause among what the shell knows; else among our commands; 0: there is none. */
static int find_cause(const struct list *l, const struct stages *s, struct verdict *v)
{
	for (size_t i = 0; i < l->count; i++)
		if (is_cause(l->items[i])) {
			describe(v, find(s, l->items[i]), l->count > 1 ? i + 1 : 0, l->items[i]);
			return l->items[i];
		}
	for (size_t i = 0; i < s->count; i++) {
		int status = s->items[i].status;
		if (!is_cause(status) && status != STATUS_GONE)
			continue;
		/* What the shell does not wait for has no status; those behind it had the end of their input. */
		status = status == STATUS_GONE ? -ERR_UPSTREAM : status;
		describe(v, &s->items[i], 0, status);
		return status;
	}
	return 0;
}

struct verdict verdict_of(int shell, const char *statuses, const struct stages *s)
{
	struct verdict v = {0};
	struct list l = read_statuses(statuses);
	/* Without them, or if the shell went on with something else, its own status is all there is. */
	if (!l.count || (is_cause(shell) && !contains(&l, shell)))
		l = (struct list){{shell}, 1};
	int last = l.items[l.count - 1];
	v.status = find_cause(&l, s, &v);
	if (!v.status && contains(&l, -ERR_UPSTREAM)) {
		v.status = -ERR_UPSTREAM;
		describe(&v, find(s, v.status), 0, v.status);
	} else if (!v.status) {
		/* Those before the last may find their reader gone: it had enough. */
		v.status = last == -ERR_GONE ? last : contains(&l, -ERR_REJECTED) ? -ERR_REJECTED : 0;
	}
	v.again = (is_cause(v.status) || v.status == -ERR_UPSTREAM) && v.status != -ERR_USAGE &&
		  v.status != NOT_EXECUTABLE && v.status != NOT_FOUND;
	return v;
}

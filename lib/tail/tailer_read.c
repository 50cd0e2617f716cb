#include <errno.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "tail/tailer_private.h"

/* What one path has to give. */

enum {
	PARTED_MAX = 16, /* files of a path that are open although others have come */
};

static const int64_t PAUSE = 1 * SECOND;   /* a record of several lines is whole after it */
static const int64_t LINGER = 60 * SECOND; /* a file whose name is gone is written to by those who have it open */

static int cut(struct tailer *t, struct chain *c, struct source *s, enum lines_end end, struct error *e)
{
	int r = lines_cut(&t->options.lines, s, end, c->shown, t->options.rows, &t->batch, e);
	bool any = t->batch.rows || t->batch.reject_count;
	if (any)
		s->grown = monotonic_now();
	return r ? r : any;
}

/* Nothing comes behind it: what is left is a record. Then it is let go. */
static int let_go(struct tailer *t, struct chain *c, struct source *s, struct error *e)
{
	int r = cut(t, c, s, LINES_LAST, e);
	if (r)
		return r; /* the rows point into its block */
	if (s->place.packed)
		s->place.done = true;
	tailer_close_source(t, c, s);
	return r;
}

/* What a packed file has behind a damage is lost, and said to be. */
static int give_up(struct tailer *t, struct chain *c, struct source *s, const struct error *why)
{
	batch_reject_text(&t->batch, 0, "", 0, "%s/%s: %s; what it has behind byte %lld is lost", c->directory,
			  s->place.name, why->text, (long long)s->place.offset);
	s->place.done = true;
	tailer_close_source(t, c, s);
	return 1;
}

/* Once, a file that was read to where it ended is done with. What is not whole is for the next run, if there will be one; so is a record of several lines that
   was written just now. */
static int finish_once(struct tailer *t, struct chain *c, struct source *s, bool past, struct error *e)
{
	struct stat st;
	bool keep = t->options.keeps && !past;
	bool fresh = keep && !fstat(s->fd, &st) &&
		     timestamp_now() - (st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec) < PAUSE;
	int r = !keep ? cut(t, c, s, LINES_LAST, e) : fresh ? 0 : cut(t, c, s, LINES_PAUSE, e);
	if (!r)
		tailer_close_source(t, c, s);
	return r;
}

static void due_at(struct tailer *t, int64_t at)
{
	if (at < t->due)
		t->due = at;
}

/* There is nothing to read now: time may make something of what is there. */
static int wait_for_more(struct tailer *t, struct chain *c, struct source *s, bool past, struct error *e)
{
	struct stat st;
	int64_t now = monotonic_now();
	size_t open = 0;
	if (t->options.once)
		return finish_once(t, c, s, past, e);
	if (s->lines) {
		if (now >= s->grown + PAUSE)
			return cut(t, c, s, LINES_PAUSE, e);
		due_at(t, s->grown + PAUSE);
	}
	source_rest(s);
	if (!s->parted || (!past && !fstat(s->fd, &st) && st.st_nlink))
		return 0;
	for (size_t i = 0; i < c->count; i++)
		open += c->items[i]->fd >= 0;
	if (now >= s->grown + LINGER || open > PARTED_MAX)
		return let_go(t, c, s, e);
	due_at(t, s->grown + LINGER);
	return 0;
}

static void warn(const struct tailer *t, const char *text)
{
	t->options.chain.warn(t->options.chain.warn_arg, text);
}

/* Once, what a file has now is all of it. */
static void set_limits(struct chain *c)
{
	struct stat st;
	for (size_t i = 0; i < c->count; i++) {
		struct source *s = c->items[i];
		if (s->fd >= 0 && s->limit == INT64_MAX && !s->place.packed && !fstat(s->fd, &st))
			s->limit = st.st_size;
	}
}

/* A path that names nothing now may do so later. */
static int look_for_missing(struct tailer *t, struct chain *c, struct error *e)
{
	struct error text;
	c->missed = true;
	if (t->options.once && !c->count)
		return error_set(e, ERR_FAILED, "%s: %s", c->shown, strerror(ENOENT));
	if (!t->options.once) {
		error_set(&text, OK, "%s is not there yet", c->shown);
		warn(t, text.text);
	}
	return OK;
}

static int look_at(struct tailer *t, struct chain *c, struct error *e)
{
	struct error why = {0};
	bool begins = c->fresh || c->resumed;
	c->look = false;
	tailer_watch_chain(t, c);
	int r = chain_look(c, &why);
	/* What cannot be read at the beginning is not what was meant; later it may be on its way to be. */
	if (r && (begins || r == ERR_USAGE)) {
		*e = why;
		return r;
	}
	if (r)
		warn(t, why.text);
	if (t->options.once)
		set_limits(c);
	bool named = c->count && !c->items[c->count - 1]->parted;
	return begins && !named ? look_for_missing(t, c, e) : OK;
}

/* One step of one source: 1: the batch has something; 0: it has nothing now; 2: ask again. */
static int step(struct tailer *t, struct chain *c, size_t i, struct error *e)
{
	struct source *s = c->items[i];
	struct error why;
	int r;
	if (s->more) {
		r = cut(t, c, s, LINES_MORE, e);
		return r ? r : 2;
	}
	if (s->over)
		return let_go(t, c, s, e);
	if (!s->ready)
		return wait_for_more(t, c, s, chain_is_past(c, i), e);
	tailer_watch_source(t, s);
	r = source_read(s, t->options.read_max, &why);
	if (r < 0 && s->place.packed)
		return give_up(t, c, s, &why);
	switch (r) {
	case SOURCE_SOME: r = cut(t, c, s, LINES_MORE, e); return r ? r : 2;
	case SOURCE_END: return s->place.packed ? let_go(t, c, s, e) : 2;
	case SOURCE_OVER: r = look_at(t, c, e); return r ? r : 2;
	}
	*e = why;
	return error_prefix(e, "%s", c->shown);
}

/* The files of a path in their order: a later one only when the earlier have nothing now. */
int tailer_read(struct tailer *t, struct chain *c, struct error *e)
{
	int r = c->look ? look_at(t, c, e) : 0;
	for (size_t i = 0; !r && i < c->count;) {
		struct source *s = c->items[i];
		if (s->fd < 0 && !s->over) {
			i++;
			continue;
		}
		r = step(t, c, i, e);
		if (r == 2) {
			/* A look may have moved them. */
			r = 0;
			i = 0;
			continue;
		}
		if (i < c->count && c->items[i] == s && s->over && s->fd < 0)
			chain_drop(c, i);
		else
			i++;
	}
	return r;
}

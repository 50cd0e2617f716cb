#include "tail/tailer.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "tail/notice.h"
#include "tail/siblings.h"

enum {
	PARTED_MAX = 16, /* files of a path that are open although others have come */
};

static const int64_t MISSING = 1 * SECOND; /* how often to look for what no notice tells of */
static const int64_t PAUSE = 1 * SECOND;   /* a record of several lines is whole after it */
static const int64_t LINGER = 60 * SECOND; /* a file whose name is gone is written to by those who have it open */

struct pattern {
	const char *text;
	bool deep; /* its directory is a pattern too */
	int watch; /* of the directory */
};

struct tailer {
	struct tailer_options options;
	struct notice notice;
	struct chain **chains;
	size_t count, capacity, turn;
	struct pattern *patterns;
	size_t pattern_count;
	bool expand;  /* the patterns may match more */
	bool polls;   /* some change without notice */
	int64_t look; /* monotonic: when to look at all; INT64_MAX: not by time */
	int64_t due;  /* the next record that a pause makes whole, or file that is let go */
	struct batch batch;
};

/* -- paths -- */

static bool elsewhere(void *arg, const struct stat *st, int fd)
{
	const struct tailer *t = arg;
	for (size_t i = 0; i < t->count; i++)
		for (size_t j = 0; j < t->chains[i]->count; j++) {
			const struct source *s = t->chains[i]->items[j];
			if (!s->over && mark_same_file(&s->place.mark, st) &&
			    (s->fd >= 0 || (s->place.mark.len && mark_holds(&s->place.mark, fd, NULL) > 0)))
				return true;
		}
	return false;
}

static struct chain *find_chain(const struct tailer *t, const char *path)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->chains[i]->path, path))
			return t->chains[i];
	return NULL;
}

/* One path twice is followed once. */
static void add_chain(struct tailer *t, const char *shown, bool first)
{
	struct chain *c = mem_alloc(sizeof *c);
	chain_init(c, &t->options.chain, shown, first);
	if (find_chain(t, c->path)) {
		chain_release(c);
		free(c);
		return;
	}
	const struct path_places *p = t->options.resume ? places_find(t->options.resume, c->path) : NULL;
	if (p)
		chain_resume(c, p);
	if (t->count == t->capacity) {
		t->capacity = mem_grow(t->capacity, t->count + 1);
		t->chains = mem_resize(t->chains, t->capacity, sizeof *t->chains);
	}
	t->chains[t->count++] = c;
}

/* -- patterns -- */

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[") && access(name, F_OK);
}

/* Whether one of the names matched is the log that this one was rotated from. */
static bool is_predecessor(const glob_t *g, const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	size_t directory = (size_t)(base - name);
	for (size_t i = 0; i < g->gl_pathc; i++) {
		const char *other = g->gl_pathv[i];
		if (!strncmp(other, name, directory) && !strchr(other + directory, '/') &&
		    sibling_is(other + directory, base))
			return true;
	}
	return false;
}

static void expand(struct tailer *t, const struct pattern *p, bool first)
{
	glob_t g;
	if (!glob(p->text, 0, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc; i++) {
			struct stat st;
			const char *name = g.gl_pathv[i];
			if (!stat(name, &st) && S_ISREG(st.st_mode) && !sibling_is_packed(name) &&
			    !is_predecessor(&g, name))
				add_chain(t, name, first);
		}
	globfree(&g);
}

static void add_pattern(struct tailer *t, const char *text)
{
	char *directory = path_parent(text);
	t->patterns = mem_resize(t->patterns, t->pattern_count + 1, sizeof *t->patterns);
	struct pattern *p = &t->patterns[t->pattern_count++];
	*p = (struct pattern){.text = text, .deep = strpbrk(directory, "*?[") != NULL, .watch = -1};
	if (!p->deep && !t->options.once)
		p->watch = notice_directory(&t->notice, directory);
	free(directory);
	expand(t, p, true);
}

/* -- notices -- */

static void look_everywhere(struct tailer *t)
{
	for (size_t i = 0; i < t->count; i++) {
		t->chains[i]->look = true;
		for (size_t j = 0; j < t->chains[i]->count; j++)
			t->chains[i]->items[j]->ready |= t->chains[i]->items[j]->fd >= 0;
	}
	t->expand = t->pattern_count > 0;
}

static void notice_source(struct source *s, int watch, bool ended)
{
	if (s->watch != watch)
		return;
	s->ready |= s->fd >= 0;
	if (ended)
		s->watch = -1;
}

/* `name`: what has come or gone in a directory; NULL: the directory itself, or a file that has grown. */
static void notice_chain(struct chain *c, int watch, const char *name, bool ended)
{
	if (c->watch == watch) {
		c->look |= !name || !strcmp(name, c->base);
		if (ended)
			c->watch = -1;
	}
	for (size_t i = 0; !name && i < c->count; i++)
		notice_source(c->items[i], watch, ended);
}

static void on_notice(void *arg, int watch, const char *name, bool ended)
{
	struct tailer *t = arg;
	if (watch < 0)
		look_everywhere(t);
	for (size_t i = 0; i < t->count; i++)
		notice_chain(t->chains[i], watch, name, ended);
	for (size_t i = 0; name && i < t->pattern_count; i++)
		t->expand |= t->patterns[i].watch == watch;
}

/* A truncated file and what it is now have one watch. */
static bool is_shared(const struct chain *c, const struct source *s)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i] != s && c->items[i]->watch == s->watch)
			return true;
	return false;
}

static void close_source(struct tailer *t, struct chain *c, struct source *s)
{
	if (s->watch >= 0 && !is_shared(c, s))
		notice_end(&t->notice, s->watch);
	source_close(s);
}

/* Before a file is read for the first time, so that nothing is missed. */
static void watch_source(struct tailer *t, struct source *s)
{
	if (t->options.once || s->watch >= 0 || s->place.packed)
		return;
	s->watch = notice_file(&t->notice, s->fd);
	t->polls |= t->notice.fd < 0;
}

static void watch_chain(struct tailer *t, struct chain *c)
{
	if (t->options.once || c->watch >= 0)
		return;
	c->watch = notice_directory(&t->notice, c->directory);
	t->polls |= t->notice.fd < 0 || notice_is_deaf(c->directory);
}

/* -- reading -- */

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
	close_source(t, c, s);
	return r;
}

/* What a packed file has behind a damage is lost, and said to be. */
static int give_up(struct tailer *t, struct chain *c, struct source *s, const struct error *why)
{
	batch_reject_text(&t->batch, 0, "", 0, "%s/%s: %s; what it has behind byte %lld is lost", c->directory,
			  s->place.name, why->text, (long long)s->place.offset);
	s->place.done = true;
	close_source(t, c, s);
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
		close_source(t, c, s);
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
	watch_chain(t, c);
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
	watch_source(t, s);
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
static int next_of(struct tailer *t, struct chain *c, struct error *e)
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

/* When to look without notice. */
static void look_again_at(struct tailer *t, int64_t now)
{
	bool deaf = false;
	for (size_t i = 0; i < t->count; i++)
		deaf |= t->chains[i]->watch < 0 || t->chains[i]->link;
	for (size_t i = 0; i < t->pattern_count; i++)
		deaf |= t->patterns[i].watch < 0;
	t->look = t->options.once ? INT64_MAX : t->polls ? now + NOTICE_INTERVAL : deaf ? now + MISSING : INT64_MAX;
}

int tailer_next(struct tailer *t, struct batch **b, struct error *e)
{
	int64_t now = monotonic_now();
	notice_read(&t->notice, on_notice, t);
	if (now >= t->look)
		look_everywhere(t);
	for (size_t i = 0; t->expand && !t->options.once && i < t->pattern_count; i++)
		expand(t, &t->patterns[i], false);
	t->expand = false;
	t->due = INT64_MAX;
	batch_clear(&t->batch);
	for (size_t i = 0; i < t->count; i++) {
		t->turn = (t->turn + 1) % t->count;
		int r = next_of(t, t->chains[t->turn], e);
		if (r) {
			*b = &t->batch;
			return r;
		}
	}
	look_again_at(t, now);
	return 0;
}

bool tailer_done(const struct tailer *t)
{
	if (!t->options.once)
		return false;
	for (size_t i = 0; i < t->count; i++)
		for (size_t j = 0; j < t->chains[i]->count; j++)
			if (t->chains[i]->items[j]->fd >= 0)
				return false;
	return true;
}

int tailer_fd(const struct tailer *t)
{
	return t->notice.fd;
}

int64_t tailer_due(const struct tailer *t)
{
	return t->look < t->due ? t->look : t->due;
}

const char *tailer_notice(const struct tailer *t)
{
	return t->notice.why.code ? t->notice.why.text : NULL;
}

void tailer_keep(const struct tailer *t, struct places *p)
{
	for (size_t i = 0; i < t->count; i++)
		chain_keep(t->chains[i], places_renew(p, t->chains[i]->path));
}

/* -- opening -- */

int tailer_open(struct tailer **out, const char *const *names, size_t count, const struct tailer_options *o,
		struct error *e)
{
	struct tailer *t = mem_zero(sizeof *t);
	int r = OK;
	*out = t;
	t->options = *o;
	t->options.chain.elsewhere = elsewhere;
	t->options.chain.elsewhere_arg = t;
	t->look = t->due = INT64_MAX;
	t->notice.fd = -1;
	batch_init(&t->batch);
	if (!o->once)
		notice_open(&t->notice);
	for (size_t i = 0; !r && i < count; i++)
		if (!strcmp(names[i], "-"))
			r = error_set(e, ERR_USAGE, "`-`: standard input is read by stream-cat -i lines");
		else if (is_pattern(names[i]))
			add_pattern(t, names[i]);
		else
			add_chain(t, names[i], true);
	return r;
}

void tailer_close(struct tailer *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		chain_release(t->chains[i]);
		free(t->chains[i]);
	}
	notice_close(&t->notice);
	batch_release(&t->batch);
	free(t->chains);
	free(t->patterns);
	free(t);
}

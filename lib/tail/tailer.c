#include "tail/tailer.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "tail/siblings.h"
#include "tail/tailer_private.h"

static const int64_t MISSING = 1 * SECOND; /* how often to look for what no notice tells of */

/* -- paths -- */

static bool elsewhere(void *arg, const struct stat *st, int fd)
{
	const struct tailer *t = arg;
	for (size_t i = 0; i < t->count; i++)
		for (size_t j = 0; j < t->chains[i]->count; j++) {
			const struct source *s = t->chains[i]->items[j];
			if (!s->over && mark_same_file(&s->place.mark, st) &&
			    (s->fd >= 0 || (s->place.mark.len && mark_same_birth(&s->place.mark, fd) &&
					    mark_holds(&s->place.mark, fd, NULL) > 0)))
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
	tailer_take_notices(t);
	if (now >= t->look)
		tailer_look_everywhere(t);
	for (size_t i = 0; t->expand && !t->options.once && i < t->pattern_count; i++)
		expand(t, &t->patterns[i], false);
	t->expand = false;
	t->due = INT64_MAX;
	batch_clear(&t->batch);
	for (size_t i = 0; i < t->count; i++) {
		t->turn = (t->turn + 1) % t->count;
		int r = tailer_read(t, t->chains[t->turn], e);
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

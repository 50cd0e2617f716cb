#include <string.h>

#include "tail/tailer_private.h"

void tailer_look_everywhere(struct tailer *t)
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
		tailer_look_everywhere(t);
	for (size_t i = 0; i < t->count; i++)
		notice_chain(t->chains[i], watch, name, ended);
	for (size_t i = 0; name && i < t->pattern_count; i++)
		t->expand |= t->patterns[i].watch == watch;
}

void tailer_take_notices(struct tailer *t)
{
	notice_read(&t->notice, on_notice, t);
}

/* A truncated file and what it is now have one watch. */
static bool is_shared(const struct chain *c, const struct source *s)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i] != s && c->items[i]->watch == s->watch)
			return true;
	return false;
}

void tailer_close_source(struct tailer *t, struct chain *c, struct source *s)
{
	if (s->watch >= 0 && !is_shared(c, s))
		notice_end(&t->notice, s->watch);
	source_close(s);
}

void tailer_watch_source(struct tailer *t, struct source *s)
{
	if (t->options.once || s->watch >= 0 || s->place.packed)
		return;
	s->watch = notice_file(&t->notice, s->fd);
	t->polls |= t->notice.fd < 0;
}

void tailer_watch_chain(struct tailer *t, struct chain *c)
{
	if (t->options.once || c->watch >= 0)
		return;
	c->watch = notice_directory(&t->notice, c->directory);
	t->polls |= t->notice.fd < 0 || notice_is_deaf(c->directory);
}

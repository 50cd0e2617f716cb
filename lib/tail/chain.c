#include "tail/chain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"

/* Absolute, its directory without links, so that one file has one name however it was asked for. */
static char *whole_path(const char *shown)
{
	char *path = NULL, *directory = path_parent(shown), *real = realpath(directory, NULL);
	const char *slash = strrchr(shown, '/'), *base = slash ? slash + 1 : shown;
	if (real)
		path = file_path("%s/%s", strcmp(real, "/") != 0 ? real : "", base);
	else if (*shown != '/' && (real = getcwd(NULL, 0)))
		path = file_path("%s/%s", real, shown);
	else
		path = mem_copy(shown, strlen(shown));
	free(real);
	free(directory);
	return path;
}

void chain_init(struct chain *c, const struct chain_options *o, const char *shown, bool first)
{
	*c = (struct chain){.options = o, .shown = mem_copy(shown, strlen(shown)), .path = whole_path(shown)};
	c->fresh = c->look = true;
	c->first = first;
	c->watch = -1;
	c->directory = path_parent(c->path);
	const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;
	c->base = mem_copy(base, strlen(base));
}

void chain_release(struct chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		source_free(c->items[i]);
	free(c->items);
	free(c->shown);
	free(c->path);
	free(c->directory);
	free(c->base);
}

void chain_append(struct chain *c, struct source *s)
{
	if (c->count == c->capacity) {
		c->capacity = mem_grow(c->capacity, c->count + 1);
		c->items = mem_resize(c->items, c->capacity, sizeof *c->items);
	}
	c->items[c->count++] = s;
	s->grown = monotonic_now();
}

void chain_drop(struct chain *c, size_t i)
{
	source_free(c->items[i]);
	memmove(c->items + i, c->items + i + 1, (c->count - i - 1) * sizeof *c->items);
	c->count--;
}

void chain_resume(struct chain *c, const struct path_places *p)
{
	for (size_t i = 0; i < p->count; i++)
		chain_append(c, source_from_place(&p->items[i]));
	c->fresh = false;
	c->resumed = p->count > 0;
}

void chain_keep(const struct chain *c, struct path_places *p)
{
	for (size_t i = 0; i < c->count; i++) {
		struct place place = source_place(c->items[i]);
		path_places_add(p, &place);
	}
}

#include "tail/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/disk/sealed.h"

static const char kind[] = "tail";

static void clear(struct path_places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->items[i].name);
	p->count = 0;
}

void places_release(struct places *p)
{
	for (size_t i = 0; i < p->count; i++) {
		clear(&p->items[i]);
		free(p->items[i].items);
		free(p->items[i].path);
	}
	free(p->items);
	*p = (struct places){0};
}

struct path_places *places_find(const struct places *p, const char *path)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->items[i].path, path))
			return &p->items[i];
	return NULL;
}

struct path_places *places_renew(struct places *p, const char *path)
{
	struct path_places *there = places_find(p, path);
	if (there) {
		clear(there);
		return there;
	}
	if (p->count == p->capacity) {
		p->capacity = mem_grow(p->capacity, p->count + 1);
		p->items = mem_resize(p->items, p->capacity, sizeof *p->items);
	}
	p->items[p->count] = (struct path_places){.path = mem_copy(path, strlen(path))};
	return &p->items[p->count++];
}

void path_places_add(struct path_places *p, const struct place *place)
{
	if (p->count == p->capacity) {
		p->capacity = mem_grow(p->capacity, p->count + 1);
		p->items = mem_resize(p->items, p->capacity, sizeof *p->items);
	}
	p->items[p->count] = *place;
	p->items[p->count++].name = mem_copy(place->name, strlen(place->name));
}

/* -- text -- */

static void append_name(struct buf *out, const char *name)
{
	for (; *name; name++) {
		if (*name == '\n' || *name == '\\')
			buf_byte(out, '\\');
		buf_byte(out, *name == '\n' ? 'n' : *name);
	}
	buf_byte(out, '\n');
}

static char *read_name(const char *text)
{
	char *name = mem_copy(text, strlen(text)), *to = name;
	for (; *text; text++) {
		bool escaped = *text == '\\' && text[1];
		text += escaped;
		*to++ = escaped && *text == 'n' ? '\n' : *text;
	}
	*to = 0;
	return name;
}

static void append_place(struct buf *out, const struct place *p)
{
	buf_printf(out, "file %" PRIu64 " %" PRIu64 " %" PRIu32 " %016" PRIx64 " %" PRId64 " %016" PRIx64 " %s ",
		   p->mark.device, p->mark.inode, p->mark.len, p->mark.hash, p->offset, p->before,
		   p->done     ? "done"
		   : p->packed ? "packed"
		   : p->skips  ? "skips"
			       : "plain");
	append_name(out, p->name);
	if (p->mark.born)
		buf_printf(out, "born %" PRId64 "\n", p->mark.born);
}

void places_text(const struct places *p, struct buf *out)
{
	sealed_begin(out, kind);
	buf_printf(out, "flow %s\n", p->flow);
	for (size_t i = 0; i < p->count; i++) {
		buf_string_append(out, "path ");
		append_name(out, p->items[i].path);
		for (size_t j = 0; j < p->items[i].count; j++)
			append_place(out, &p->items[i].items[j]);
	}
}

static bool read_place(struct path_places *to, const char *rest)
{
	struct place p = {0};
	char how[8];
	int used = 0;
	if (sscanf(rest, "%" SCNu64 " %" SCNu64 " %" SCNu32 " %" SCNx64 " %" SCNd64 " %" SCNx64 " %7s%n",
		   &p.mark.device, &p.mark.inode, &p.mark.len, &p.mark.hash, &p.offset, &p.before, how, &used) != 7)
		return false;
	p.done = !strcmp(how, "done");
	p.packed = p.done || !strcmp(how, "packed");
	p.skips = !strcmp(how, "skips");
	if ((!p.packed && !p.skips && strcmp(how, "plain") != 0) || rest[used] != ' ' || p.offset < 0 ||
	    p.mark.len > MARK_BYTES)
		return false;
	p.name = read_name(rest + used + 1);
	path_places_add(to, &p);
	free(p.name);
	return true;
}

static bool read_born(struct path_places *to, const char *rest)
{
	int used = 0;
	return to->count && sscanf(rest, "%" SCNd64 "%n", &to->items[to->count - 1].mark.born, &used) == 1 &&
	       !rest[used];
}

static bool read_line(struct places *p, struct path_places **at, const char *word, const char *rest)
{
	if (!strcmp(word, "file"))
		return *at && read_place(*at, rest);
	if (!strcmp(word, "born"))
		return *at && read_born(*at, rest);
	if (!strcmp(word, "flow") && strlen(rest) == FLOW_ID_LENGTH) {
		memcpy(p->flow, rest, FLOW_ID_LENGTH + 1);
		return true;
	}
	if (strcmp(word, "path"))
		return false;
	char *path = read_name(rest);
	*at = places_renew(p, path);
	free(path);
	return true;
}

int places_load(struct places *p, const struct files *io, const char *path, struct error *e)
{
	struct sealed s;
	struct path_places *at = NULL;
	const char *word, *rest;
	places_release(p);
	int r = sealed_load(&s, io, path, kind, e);
	while (r > 0 && sealed_line(&s, &word, &rest))
		if (!read_line(p, &at, word, rest))
			r = sealed_strange(&s, word, e);
	if (r > 0 && !p->flow[0])
		r = sealed_strange(&s, "flow", e);
	sealed_release(&s);
	return r;
}

#include "sink/dir_route.h"

#include <string.h>

#include "codec/hash.h"

/* Open addressing over the routes: number + 1, 0 free. */
struct table {
	struct arena *arena;
	struct dir_route *routes;
	uint32_t count, cap;
	uint32_t *slots;
	uint32_t mask;
};

static void grow(struct table *t)
{
	uint32_t cap = t->cap ? t->cap * 2 : 16, slots = cap * 2;
	struct dir_route *routes = arena_array(t->arena, cap, sizeof *routes);
	if (t->count)
		memcpy(routes, t->routes, t->count * sizeof *routes);
	t->routes = routes;
	t->cap = cap;
	t->slots = arena_array(t->arena, slots, sizeof *t->slots);
	memset(t->slots, 0, slots * sizeof *t->slots);
	t->mask = slots - 1;
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t at = (uint32_t)routes[i].hash & t->mask;
		while (t->slots[at])
			at = (at + 1) & t->mask;
		t->slots[at] = i + 1;
	}
}

static uint32_t find_or_add(struct table *t, const struct buf *dir)
{
	uint64_t hash = hash64(dir->data, dir->len);
	if (t->count == t->cap)
		grow(t);
	uint32_t at = (uint32_t)hash & t->mask;
	for (; t->slots[at]; at = (at + 1) & t->mask) {
		const struct dir_route *r = &t->routes[t->slots[at] - 1];
		if (r->hash == hash && strlen(r->dir) == dir->len && !memcmp(r->dir, dir->data, dir->len))
			return t->slots[at] - 1;
	}
	t->routes[t->count] = (struct dir_route){.dir = arena_copy(t->arena, dir->data, dir->len), .hash = hash};
	t->slots[at] = ++t->count;
	return t->count - 1;
}

/* Gives each route its rows, in place of the number of each row's route. */
static void distribute(struct table *t, const struct batch *b, const uint32_t *route_of)
{
	for (uint32_t i = 0; i < t->count; i++) {
		t->routes[i].rows = arena_array(t->arena, t->routes[i].count, sizeof *t->routes[i].rows);
		t->routes[i].count = 0;
	}
	for (uint32_t i = 0, n = batch_count(b); i < n; i++) {
		struct dir_route *r = &t->routes[route_of[i]];
		r->rows[r->count++] = batch_row(b, i);
	}
}

struct dir_route *dir_routes(struct dir_pattern *p, struct batch *b, uint32_t *count)
{
	struct table t = {.arena = &b->arena};
	struct buf dirs[2] = {BUF_INIT, BUF_INIT}; /* of this row and of the last: mostly the same */
	uint32_t n = batch_count(b), *route_of = arena_array(&b->arena, n, sizeof *route_of);
	dir_pattern_bind(p, b);
	for (uint32_t i = 0; i < n; i++) {
		struct buf *dir = &dirs[i & 1], *last = &dirs[~i & 1];
		buf_clear(dir);
		dir_pattern_expand(p, batch_row(b, i), dir);
		bool same = i && dir->len == last->len && !memcmp(dir->data, last->data, dir->len);
		route_of[i] = same ? route_of[i - 1] : find_or_add(&t, dir);
		t.routes[route_of[i]].count++;
	}
	distribute(&t, b, route_of);
	buf_release(&dirs[0]);
	buf_release(&dirs[1]);
	*count = t.count;
	return t.routes;
}

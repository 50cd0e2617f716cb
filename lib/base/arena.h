/*
 * An arena: memory that is taken piece by piece and given back all at once. What it returns is
 * aligned to 16 bytes, does not move, and lives until arena_clear or arena_release.
 */
#ifndef STREAM_BASE_ARENA_H
#define STREAM_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* the newest first; the one we take from */
	char *at, *end;             /* the free part of it */
	size_t total;               /* bytes in all blocks */
};

void *arena_slow(struct arena *a, size_t size);

/* Not cleared. size may be 0. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
	size_t rounded = (size + 15) & ~(size_t)15;
	if (rounded < size || !a->at || (size_t)(a->end - a->at) < rounded)
		return arena_slow(a, size);
	void *p = a->at;
	a->at += rounded;
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size); /* checked product, not cleared */
char *arena_copy(struct arena *a, const char *p, size_t len);  /* with a NUL behind it */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

void arena_clear(struct arena *a);   /* all of it is free again; keeps the largest block */
void arena_release(struct arena *a); /* frees; usable afterwards */

#endif

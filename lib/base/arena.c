#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

struct arena_block {
	struct arena_block *next;
	size_t size; /* bytes of data */
	_Alignas(16) char data[];
};

enum { BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20 };

void *arena_slow(struct arena *a, size_t size)
{
	size_t rounded = (size + 15) & ~(size_t)15;
	if (rounded < size || rounded > SIZE_MAX / 2)
		out_of_memory(size);
	size_t want = a->total < BLOCK_MIN ? BLOCK_MIN : a->total > BLOCK_MAX ? BLOCK_MAX : a->total;
	if (want < rounded)
		want = rounded;
	struct arena_block *block = mem_alloc(sizeof *block + want);
	block->next = a->blocks;
	block->size = want;
	a->blocks = block;
	a->total += want;
	a->at = block->data + rounded;
	a->end = block->data + want;
	return block->data;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory(SIZE_MAX);
	return arena_alloc(a, bytes);
}

char *arena_copy(struct arena *a, const char *p, size_t len)
{
	char *q = arena_alloc(a, len + 1);
	if (len)
		memcpy(q, p, len);
	q[len] = 0;
	return q;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	size_t size = need < 0 ? 1 : (size_t)need + 1;
	char *q = arena_alloc(a, size);
	*q = 0;
	vsnprintf(q, size, format, again);
	va_end(again);
	return q;
}

void arena_clear(struct arena *a)
{
	struct arena_block *keep = NULL;
	for (struct arena_block *block = a->blocks, *next; block; block = next) {
		next = block->next;
		if (!keep || block->size > keep->size) {
			free(keep);
			keep = block;
		} else {
			free(block);
		}
	}
	a->blocks = keep;
	a->at = a->end = NULL;
	a->total = 0;
	if (!keep)
		return;
	keep->next = NULL;
	a->at = keep->data;
	a->end = keep->data + keep->size;
	a->total = keep->size;
}

void arena_release(struct arena *a)
{
	for (struct arena_block *block = a->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	*a = (struct arena){0};
}

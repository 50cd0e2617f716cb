#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void *mem_alloc(size_t size)
{
	size += !size;
	void *p = malloc(size);
	if (!p)
		out_of_memory(size);
	return p;
}

void *mem_zero(size_t size)
{
	size += !size;
	void *p = calloc(1, size);
	if (!p)
		out_of_memory(size);
	return p;
}

static size_t product(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory(SIZE_MAX);
	return bytes;
}

void *mem_array(size_t count, size_t size)
{
	return mem_alloc(product(count, size));
}

void *mem_resize(void *p, size_t count, size_t size)
{
	size_t bytes = product(count, size);
	bytes += !bytes;
	void *q = realloc(p, bytes);
	if (!q)
		out_of_memory(bytes);
	return q;
}

char *mem_copy(const char *p, size_t len)
{
	char *q = mem_alloc(len + 1);
	if (len)
		memcpy(q, p, len);
	q[len] = 0;
	return q;
}

size_t mem_grow(size_t capacity, size_t need)
{
	size_t next = capacity ? capacity * 2 : 16;
	return next < need ? need : next;
}

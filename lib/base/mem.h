/*
 * Memory that is there or the process is not: these never return NULL (see error.h).
 * What they return is freed with free().
 */
#ifndef STREAM_BASE_MEM_H
#define STREAM_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zero(size_t size);                          /* all bytes 0 */
void *mem_array(size_t count, size_t size);           /* count * size bytes, checked, not cleared */
void *mem_resize(void *p, size_t count, size_t size); /* realloc to count * size bytes, checked */
char *mem_copy(const char *p, size_t len);            /* a copy with a NUL behind it */

/* The next capacity for an array that must hold `need` elements: at least doubles. */
size_t mem_grow(size_t capacity, size_t need);

#endif

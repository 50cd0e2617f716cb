#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

void buf_release(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT;
}

void buf_grow(struct buf *b, size_t extra)
{
	size_t need = b->len + extra;
	if (need < extra || need > SIZE_MAX / 2 - BUF_SLACK)
		out_of_memory(extra);
	size_t cap = mem_grow(b->cap, need);
	b->data = mem_resize(b->data, cap + BUF_SLACK, 1);
	b->cap = cap;
}

void buf_append(struct buf *b, const void *p, size_t len)
{
	if (!len)
		return;
	memcpy(buf_reserve(b, len), p, len);
	b->len += len;
}

void buf_string_append(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_fill(struct buf *b, int byte, size_t count)
{
	memset(buf_reserve(b, count), byte, count);
	b->len += count;
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (need > 0) {
		vsnprintf(buf_reserve(b, (size_t)need + 1), (size_t)need + 1, format, again);
		b->len += (size_t)need;
	}
	va_end(again);
}

const char *buf_string(struct buf *b)
{
	*buf_reserve(b, 1) = 0;
	return b->data;
}

char *buf_detach(struct buf *b, size_t *len)
{
	char *data = b->data;
	if (len)
		*len = b->len;
	*b = BUF_INIT;
	return data;
}

/*
 * A growing run of bytes. It owns its memory; `data` is NULL until something was added, and
 * moves when it grows, so keep offsets, not pointers. It may hold any byte, and is not
 * NUL-terminated unless buf_string() asks for it. BUF_SLACK bytes behind `len` are always
 * allocated, so vector code may read and write past the end by that much.
 */
#ifndef STREAM_BASE_BUF_H
#define STREAM_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

enum { BUF_SLACK = 64 };

struct buf {
	char *data;
	size_t len;
	size_t cap; /* bytes that may be used; BUF_SLACK more are allocated */
};

#define BUF_INIT ((struct buf){0})

void buf_release(struct buf *b);            /* frees; b is empty and usable afterwards */
void buf_grow(struct buf *b, size_t extra); /* slow path of buf_reserve */
void buf_append(struct buf *b, const void *p, size_t len);
void buf_string_append(struct buf *b, const char *s);
void buf_fill(struct buf *b, int byte, size_t count);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *buf_string(struct buf *b);        /* a NUL behind the end, not counted in len */
char *buf_detach(struct buf *b, size_t *len); /* hands the memory to the caller (free) */

static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

/* Room for `extra` bytes; returns where they go. The caller writes there, then adds to len. */
static inline char *buf_reserve(struct buf *b, size_t extra)
{
	if (b->cap - b->len < extra || !b->data)
		buf_grow(b, extra);
	return b->data + b->len;
}

static inline void buf_byte(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	b->len++;
}

#endif

/* Base64 (RFC 4648, section 4): how bytes that are no text are written in text. */
#ifndef STREAM_BASE_BASE64_H
#define STREAM_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

void base64_append(struct buf *out, const void *p, size_t len);

/* The length of the text of len bytes. */
static inline size_t base64_size(size_t len)
{
	return (len + 2) / 3 * 4;
}
/* The same into `to`, which has room for base64_size; returns that. */
size_t base64_write(char *to, const void *p, size_t len);

/* Reads both alphabets of the RFC (+/ and -_), with or without = at the end, into `out`, which has room for len / 4 * 3 + 3
   bytes. False: it is none. */
bool base64_read(const char *p, size_t len, char *out, size_t *out_len);

#endif

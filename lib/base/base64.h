/* Base64 (RFC 4648, section 4): how bytes that are no text are written in text. */
#ifndef STREAM_BASE_BASE64_H
#define STREAM_BASE_BASE64_H

#include <stddef.h>

#include "base/buf.h"

void base64_append(struct buf *out, const void *p, size_t len);

#endif

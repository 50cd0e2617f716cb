/*
 * Bytes of one file into another.
 */
#ifndef STREAM_STORE_COPY_H
#define STREAM_STORE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"

/* Bytes [at, end) of `from`, as far as it goes, to the beginning of `to`. `holes`: blocks that the disk can't read
   become zeros; else they are an error. */
int file_copy(const struct file *from, const struct file *to, int64_t at, int64_t end, bool holes, struct error *e);

#endif

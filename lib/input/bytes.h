/*
 * The bytes of one file, pipe or archive member, read without ever waiting unless told to.
 *
 * A compressed file or archive is noticed by its first bytes and read through lib/codec; its members come one after
 * another, each with its own name and its own end.
 */
#ifndef STREAM_INPUT_BYTES_H
#define STREAM_INPUT_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct bytes;

enum bytes_state {
	BYTES_SOME, /* *n > 0 bytes were read */
	BYTES_WAIT, /* none without waiting: poll bytes_fd */
	BYTES_END,  /* of this file or member */
};

/* A decompressor cannot be asked to come back later: when its input has nothing, this is called to wait for fd. Returns 0 when there
   may be something, 1 to take the input for ended, or an error. */
typedef int (*bytes_wait)(void *self, int fd, struct error *e);

struct bytes_options {
	size_t read_max; /* bytes per read at most; 0: as many as there is room for */
	bytes_wait wait; /* NULL: the read itself waits */
	void *self;
};

/* `path` "-" is standard input. The name given out is the path, `stdin`, or `path:member`. */
int bytes_open(const char *path, const struct bytes_options *o, struct bytes **out, struct error *e);
/* Takes fd over: bytes_close closes it. */
struct bytes *bytes_from_fd(int fd, const char *name, const struct bytes_options *o);
/* None at all: the end. For who has the bytes already. */
struct bytes *bytes_none(const char *name);
void bytes_close(struct bytes *b);

/* Returns an enum bytes_state, or an error. After BYTES_END, bytes_next tells whether a member follows. */
int bytes_read(struct bytes *b, char *to, size_t room, size_t *n, struct error *e);
/* 1: the next member is open; 0: there is none. */
int bytes_next(struct bytes *b, struct error *e);

const char *bytes_name(const struct bytes *b);
int bytes_fd(const struct bytes *b);       /* to poll; -1 for bytes_none alone */
bool bytes_regular(const struct bytes *b); /* a regular file: it has an end, and never waits */

#endif

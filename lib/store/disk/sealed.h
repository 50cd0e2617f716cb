/*
 * A small file of lines that is right or is refused: the first line is its kind and version, the last one the XXH3-64
 * of all lines above. It is replaced as a whole, durably (file_replace), so whoever reads it sees one of its states.
 *
 *   group 1
 *   ...                         a word, a blank, the rest
 *   check 0123456789abcdef
 */
#ifndef STREAM_STORE_SEALED_H
#define STREAM_STORE_SEALED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/disk/file.h"

/* Appends the first line; the caller adds his own, each with its newline. */
void sealed_begin(struct buf *out, const char *kind);
/* Adds the checksum and puts the file into its place. */
int sealed_save(struct buf *text, const struct files *io, const char *directory, const char *name, struct error *e);

struct sealed {
	struct buf text;
	char *at;
	const char *path; /* for messages; borrowed */
};

/* Returns 1, 0 if there is no such file, ERR_USAGE if a newer release wrote it, ERR_FAILED if it is damaged. Release it
   in any case. */
int sealed_load(struct sealed *s, const struct files *io, const char *path, const char *kind, struct error *e);
void sealed_release(struct sealed *s);
/* The next line, cut into its word and the rest, which live as long as `s`; false at the end. */
bool sealed_line(struct sealed *s, const char **word, const char **rest);
/* ERR_FAILED: the line is none that belongs there. */
int sealed_strange(const struct sealed *s, const char *word, struct error *e);

#endif

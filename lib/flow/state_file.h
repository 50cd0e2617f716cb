/*
 * Small text files in a flow's directory: lines of a word, a blank and the rest, the last one the XXH3-64 of all above.
 * Replaced as a whole, so whoever reads one sees one of its states; whoever finds it damaged is told so.
 *
 *   receipt 1
 *   n 57
 *   check 0123456789abcdef
 */
#ifndef STREAM_FLOW_STATE_FILE_H
#define STREAM_FLOW_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* Malloced. */
char *state_path(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Makes a directory and those above it, durably. */
int state_mkdirs(const char *path, struct error *e);
/* What was renamed, linked or removed in it is so after a power cut. */
int state_sync_directory(const char *path, struct error *e);
/* Calls `look` for each name in a directory; none if it is not there. An error of `look` ends it. */
int state_list(const char *path, int (*look)(void *self, const char *name, struct error *e), void *self,
	       struct error *e);
/* N and EPOCH of a name `N.EPOCH` + suffix. */
bool state_name_read(const char *name, const char *suffix, uint64_t *n, uint64_t *epoch);

/* Adds the last line to `text`. */
void state_check(struct buf *text);
/* The same, and puts it into its place; `durable`: it is there after a power cut. Until then it is `+NAME.EPOCH`: only
   one process writes this name in that run. */
int state_save(struct buf *text, const char *directory, const char *name, uint64_t epoch, bool durable,
	       struct error *e);
/* Removes what earlier runs had begun to write under this name, and did not finish. */
void state_clean(const char *directory, const char *name, uint64_t epoch);
/* Loads all but the last line. Returns 1, 0 if there is no such file, or an error: it is damaged. `out` is the caller's to release. */
int state_load(const char *directory, const char *name, struct buf *out, struct error *e);

/* The next line of a text that ends in a newline: cut in place into its word and the rest. *at: where it begins, moved on. */
bool state_line(struct buf *text, size_t *at, char **word, char **rest);

#endif

/* Hidden files that are published by a rename: the part of `dir:` that talks to the file system. */
#ifndef STREAM_SINK_DIR_FILE_H
#define STREAM_SINK_DIR_FILE_H

#include <stddef.h>

#include "base/error.h"

struct dir_file {
	int fd;         /* locked while we live */
	char *hidden;   /* DIR/.part-NAME */
	char *final;    /* DIR/NAME */
	size_t dir_len; /* of DIR in both */
};

/* Makes DIR and what is above it, durably; then a hidden file whose name ends in `suffix`. */
int dir_file_create(struct dir_file *f, const char *dir, const char *suffix, struct error *e);
int dir_file_write(struct dir_file *f, const char *p, size_t len, struct error *e);
int dir_file_sync(struct dir_file *f, struct error *e);
/* Renames it, without overwriting, durably. It must have been synced. */
int dir_file_publish(struct dir_file *f, struct error *e);
/* Closes it; what was not published is removed. */
void dir_file_close(struct dir_file *f);

/* Removes hidden files of ours whose process is dead. Best effort. */
void dir_file_clean(const char *dir);

#endif

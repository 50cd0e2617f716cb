/* Hidden files that are published by a rename: the part of `dir:` that talks to the file system. */
#ifndef STREAM_SINK_DIR_FILE_H
#define STREAM_SINK_DIR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"

struct dir_file {
	struct file file; /* locked while we live; its path is DIR/.part-NAME */
	int64_t written;
	char *final;    /* DIR/NAME */
	size_t dir_len; /* of DIR in it */
	bool published;
};

#define DIR_FILE_NONE ((struct dir_file){.file = FILE_CLOSED})

/* Makes DIR and what is above it, by the umask, durably. */
int dir_make(const struct files *io, const char *dir, struct error *e);
/* The same; then a hidden file whose name ends in `suffix`. */
int dir_file_create(struct dir_file *f, const struct files *io, const char *dir, const char *suffix, struct error *e);
/* Hides it elsewhere: a place from which it can be renamed to where it belongs, as this shows. */
int dir_file_hide(struct dir_file *f, const char *path, struct error *e);
int dir_file_write(struct dir_file *f, const char *p, size_t len, struct error *e);
int dir_file_sync(struct dir_file *f, struct error *e);
/* Renames it, without overwriting, durably. It must have been synced. */
int dir_file_publish(struct dir_file *f, struct error *e);
/* Closes it; it stays, hidden, for others to publish. */
void dir_file_leave(struct dir_file *f);
/* Closes it; what was not published is removed. */
void dir_file_close(struct dir_file *f);

/* Removes hidden files of ours whose process is dead. Best effort. */
void dir_file_clean(const char *dir);

#endif

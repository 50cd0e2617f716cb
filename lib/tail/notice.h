/*
 * Waking when files grow and names change in directories: inotify, or, where the kernel refuses it, nothing: then the caller
 * looks every NOTICE_INTERVAL.
 *
 * A file is watched by its descriptor, whatever it is called.
 */
#ifndef STREAM_TAIL_NOTICE_H
#define STREAM_TAIL_NOTICE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/units.h"

#define NOTICE_INTERVAL (50 * MILLISECOND)

struct notice {
	int fd;           /* readable when something happened; -1: refused */
	struct error why; /* it was refused */
};

/* What happened: of which watch (-1: of any, some notices were lost), and the name in a directory, or NULL. `ended`: the watch is no
   more. */
typedef void (*notice_each)(void *arg, int watch, const char *name, bool ended);

void notice_open(struct notice *n);
void notice_close(struct notice *n);
/* The number of the watch; -1: it is not to be had. A file that is watched already has the number it has. */
int notice_file(struct notice *n, int fd);
int notice_directory(struct notice *n, const char *path);
void notice_end(struct notice *n, int watch);
/* Tells all that happened. Never waits. */
void notice_read(struct notice *n, notice_each each, void *arg);
/* Whether changes of files there may come without notice: by other machines. */
bool notice_is_deaf(const char *directory);

#endif

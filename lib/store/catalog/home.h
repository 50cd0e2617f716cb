/*
 * Where streams live. A name of 1 to 128 of the characters a-z A-Z 0-9 _ . - (but not `.` or `..`) is a directory in
 * the home of streams: $STREAM_HOME, else for root /var/lib/stream, else $XDG_STATE_HOME/stream, else
 * ~/.local/state/stream. What has a `/` in it is a path and stands for itself.
 */
#ifndef STREAM_STORE_HOME_H
#define STREAM_STORE_HOME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/disk/file.h"

bool home_is_name(const char *name);

/* Malloced. ERR_USAGE if no variable says where. */
int home_path(char **path, struct error *e);

/* The directory of a stream, malloced, whether it is there or not. ERR_USAGE: not a name. */
int home_stream(const char *name, char **path, struct error *e);

/* The names of the streams in the home, sorted; none if there is no home. */
struct name_list {
	char **items;
	size_t count, capacity;
};

/* The entries of a directory that are such names, sorted; none if it is not there. */
int home_names(const struct files *io, const char *directory, struct name_list *list, struct error *e);
int home_list(const struct files *io, struct name_list *list, struct error *e);
void name_list_add(struct name_list *list, const char *name);
void name_list_release(struct name_list *list);

/* ERR_USAGE: no such stream, with the nearest name there is. */
int home_unknown(const struct files *io, const char *name, struct error *e);

#endif

/*
 * The files that rotation has made of a log: those in its directory that bear its name with a number or a date behind it,
 * or before its extension, perhaps compressed.
 *
 *   access.log    access.log.1  access.log.2.gz  access.log-20261122  access.log.old  access-20261122.log  access.1.log.zst
 */
#ifndef STREAM_TAIL_SIBLINGS_H
#define STREAM_TAIL_SIBLINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

/* Whether `name` is that of a rotated `base`. */
bool sibling_is(const char *base, const char *name);
/* The ending of a name that says that the file is compressed: .gz .zst .xz .bz2 .lz4; NULL: it does not. */
const char *sibling_packed(const char *name);
static inline bool sibling_is_packed(const char *name)
{
	return sibling_packed(name);
}

struct sibling {
	char *name;
	struct stat st;
	bool rotated; /* by its name; else it was asked for by its inode */
	bool taken;   /* for the caller */
	int seen;     /* for siblings_list */
};

struct siblings {
	struct sibling *items;
	size_t count, capacity;
};

/*
 * Regular files of the directory that are rotated ones of `base`, and any for which `knows` says so; not `base` itself. Those that were
 * written first come first. A directory that cannot be listed has none.
 */
int siblings_list(struct siblings *s, const char *directory, const char *base, bool (*knows)(void *arg, uint64_t inode),
		  void *arg, struct error *e);
void siblings_release(struct siblings *s);

#endif

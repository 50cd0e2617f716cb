/*
 * A group: readers who share a stream and remember how far they have come. It lives in the stream's directory.
 *
 *   groups/NAME/group        what it is, in lines (store/disk/sealed.h): `slots 2`, `id 6f0c...`, `from start`
 *               0/ 1/ ...    its slots (store/group/slot.h)
 *
 * The slot is what is shared: slot k of N owns the k-th equal part of the hash space (route_part). It reads every shard
 * that overlaps its part and drops the records of others by their @hash, so that splits and merges of shards don't
 * matter to it. The number of slots is fixed when the group is made.
 */
#ifndef STREAM_STORE_GROUP_H
#define STREAM_STORE_GROUP_H

#include <stdint.h>

#include "base/error.h"
#include "store/catalog/home.h"
#include "store/read/reader.h"
#include "store/stream/stream.h"

enum { GROUP_SLOTS_MAX = 1000 };

struct group {
	const struct files *io;
	char *stream; /* as it was asked for */
	char *name;
	char *directory;
	char id[33];
	uint32_t slots;
	char *from; /* where it began, as it was asked for */
};

/* Returns 1, or 0 if there is none of that name. ERR_USAGE: it is no name. */
int group_open(struct group *g, const struct stream *s, const char *name, struct error *e);
/* The same, but that there is none is ERR_USAGE, with the nearest name. */
int group_find(struct group *g, const struct stream *s, const char *name, struct error *e);
void group_close(struct group *g);

/* Makes it, whole and durable, or not at all, with all slots at the place `from` (a bound that bound_parse takes).
   Returns 1, or 0 if there was one already. */
int group_create(const struct stream *s, const char *name, uint32_t slots, const char *from, struct error *e);
/* All its slots go to another place and forget their state; each gets a new flow id. ERR_USAGE if one is held. */
int group_reset(struct group *g, const struct stream *s, const char *from, struct error *e);
/* ERR_USAGE if a slot is held. */
int group_delete(const struct stream *s, const char *name, struct error *e);

/* The names of the stream's groups, sorted. */
int group_list(const struct stream *s, struct name_list *list, struct error *e);

#endif

/*
 * Where the records of a shard lie: in its own segments from the low-water mark on, and below it in the tier's, if the
 * stream has one. The tier of a stream is the directory TIER/ID/SHARD, of bounded segments; ID is the stream's, so that
 * streams of one name on several machines, or one after the other, can share a tier.
 */
#ifndef STREAM_STORE_PARTS_H
#define STREAM_STORE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/segment/segment.h"
#include "store/shard/low.h"
#include "store/stream/stream.h"

struct parts {
	struct low low;
	uint64_t
		oldest; /* below it nothing is missed: it went, or never was; what of the tier is gone was taken by hand */
	struct segment_list here; /* without what lies below the mark */
	struct segment_list tier; /* empty if nothing there is wanted, or there is none */
	char *directory;          /* of the shard */
	char *tier_directory;     /* owned; NULL: none */
};

/* A segment of it. */
struct part {
	const char *directory; /* borrowed from the parts */
	uint64_t base, own;
	uint64_t until; /* where the next begins, or it ends by its own word; UINT64_MAX: the newest */
	bool first;     /* nothing older is there */
};

/*
 * Looks at the directories; the tier only if `seq` lies below what the shard itself has. ERR_FAILED if it must be there
 * and is not, with the range that cannot be read. parts_release also after a failure.
 */
int parts_read(struct parts *p, const struct stream *s, uint32_t shard, uint64_t seq, struct error *e);
void parts_release(struct parts *p);

size_t parts_count(const struct parts *p);
struct part parts_at(const struct parts *p, size_t i);
/* The one that has seq, else the first behind it. Returns 1, or 0 if there is none. */
int parts_find(const struct parts *p, uint64_t seq, struct part *out);

int part_open(struct segment *s, const struct part *p, const struct files *io, uint32_t shard, struct error *e);

/* The tier's directory of a shard, malloced. */
char *tier_directory(const char *tier, const struct catalog *c, uint32_t shard);

#endif

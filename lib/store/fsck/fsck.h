/*
 * Checking a stream, every byte of it: the catalog, the last commit of each flow (store/commit/redo.h), each shard's head, and in each
 * segment the stream line, every frame with all its checksums, that @seq goes on without gaps, that @arrived never falls, and that each record's point lies in
 * the range of its shard. Writers and readers may be at work: what is checked is what was durable (policy `never`:
 * written) when its turn came, and what looks wrong is looked at again under the shard's locks before it is called so.
 *
 * A fault is damage to what was promised, or to what finds it. No faults are: what lies above the durable part of the
 * newest segment, a torn write that nobody was promised, frames left behind by a failed sync, a head of another boot,
 * what was set aside or noted as lost by a repair, and things that do not belong; the last three are notes.
 *
 * A repair deletes nothing. What is damaged in a segment goes to aside/ whole (store/segment/aside.h); the @seq that are lost by it
 * are noted in `lost` (store/shard/lost.h), so that readers know; then the segment is replaced, by rename, by one that has the
 * good frames alone, byte by byte as they were. A newest segment is ended first, so that no writer holds it; a head
 * comes back as a writer would make it.
 */
#ifndef STREAM_STORE_FSCK_H
#define STREAM_STORE_FSCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"

struct finding {
	bool fault;             /* else a note */
	int64_t shard;          /* -1: none in particular */
	const char *file;       /* its path in the stream's directory */
	int64_t from, to;       /* bytes of it; -1: no place in particular */
	uint64_t first, behind; /* the @seq that are lost, or concerned; equal: none */
	const char *problem;
	const char *repair; /* what was done; NULL: nothing */
};

struct fsck_shard {
	uint32_t shard;
	uint64_t segments, records, bytes, faults;
};

struct fsck_options {
	bool repair;
	void (*found)(void *arg, const struct finding *d); /* its texts live until it returns */
	void (*checked)(void *arg, const struct fsck_shard *s);
	void *arg;
};

/* How many faults there are, or an error when it can't be said: no such stream, no permission, a repair that failed. */
int fsck_stream(const struct files *io, const char *name, const struct fsck_options *o, uint64_t *faults,
		struct error *e);

#endif

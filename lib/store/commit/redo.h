/*
 * Writing a stream in a checkpointed flow: what came since the last barrier goes into all shards, or into none.
 *
 * What is collected nobody reads. At the barrier it is published in the flow's ledger, in one step and on the condition that no later
 * run has begun (store/commit/ledger.h): that is the commit. Then it is put into the shards; what is there already is left out, so whoever
 * finds a commit that was not carried out, any writer of the stream, does so. No record that is not committed enters a shard, and a
 * producer that is stopped or dead holds up no reader.
 *
 * Up to 1 MiB for a shard (less where segments are below 16 MiB) is *held*, written into the ledger, and copied from there. More is a *part*: a segment (store/segment/segment.h)
 * that was filled where it does not count, its frames placed where they belong if nobody else writes meanwhile. Then its file gets a
 * second name in the shard, and its records are written once. If somebody has, or if it is too small to be a segment (a
 * sixteenth of a full one), its frames are copied too.
 *
 *   flows/FLOW.SEQ                   the ledger of a flow; the payload is below
 *         FLOW.done.N                commit N was carried out by others, who may not write the ledger
 *         FLOW.part.EPOCH.N.K.seg    part K of commit N of that epoch; removed when the commit was carried out
 *
 *   payload, little-endian:
 *     pieces: u32 shard, u32 size, then a frame, as store/shard/shard.h has them, with no place but a tag, and @arrived 0
 *     for each shard: u64 id, u64 base, u64 segment, u64 offset    where it ended when this was decided
 *     for each part: u64 shard, K, id of the segment, its base, rows, pieces, offset of the first frame, size of the file,
 *                    1 if it is to be linked
 *     u64 shards, u64 parts, i64 @arrived, u64 REDO_MAGIC
 *
 * The @arrived of a commit is when its first record came. The tag is the lower half of XXH3-64 of the flow's id, n and the number of
 * the piece (of part K: K + 1 in the upper half). A frame in the shard, behind where it ended when the commit was decided, is that
 * piece if it has the tag and is the same, byte for byte, but for its place and @arrived. Compaction drops tags: so whoever compacts,
 * deletes or moves segments carries out first what is pending.
 *
 * A piece whose shard has been closed since, and that does not have it, is divided among its children, by the hash of its records.
 */
#ifndef STREAM_STORE_REDO_H
#define STREAM_STORE_REDO_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/batch.h"
#include "store/commit/ledger.h"
#include "store/stream/stream.h"

struct redo;

/* What the last commit was. */
struct redo_commit {
	uint64_t n, epoch; /* n 0: none yet */
	char *state;       /* malloced; NULL: nothing */
	size_t len;
};

/*
 * Takes `s` over, also on failure. Fences all runs of earlier epochs, carries out what the last commit decided, and forgets what was
 * not committed. ERR_UPSTREAM: this epoch, or a later one, is there already.
 */
int redo_open(struct redo **out, struct stream *s, const char *flow, uint64_t epoch, struct redo_commit *last,
	      struct error *e);
/* Collects the selected rows of b; `key` as in store_writer_append. */
int redo_append(struct redo *r, const struct batch *b, const struct column *key, struct error *e);
/* All that was collected is decided and durable, and n is the last commit; or none of it: ERR_UPSTREAM, a later run has taken over. After
   another error the next redo_open knows which. Meanwhile it is appended, in a thread; a failure of that shows at the next call. */
int redo_commit(struct redo *r, uint64_t n, const void *state, size_t len, struct error *e);
/* What was committed is in the stream, durably, and needs no redo file any more. Nothing may be collected. */
int redo_end(struct redo *r, struct error *e);
/* What is not committed is forgotten. NULL is allowed. */
void redo_close(struct redo *r);

/* Carries out what flows have committed and, having died, left undone. Cheap if there is nothing. */
int redo_finish(const struct stream *s, struct error *e);

/* Reads the parts of a commit that is not known to be carried out: all are there, whole and as they were written, or ERR_FAILED. */
int redo_check(const struct stream *s, const char *flow, const struct ledger_entry *x, struct error *e);

#endif

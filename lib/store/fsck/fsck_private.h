/* The insides of fsck: what its files share. Each kind of thing has a file of its own. */
#ifndef STREAM_STORE_FSCK_PRIVATE_H
#define STREAM_STORE_FSCK_PRIVATE_H

#include "record/batch.h"
#include "store/catalog/catalog.h"
#include "store/fsck/fsck.h"
#include "store/segment/index.h"
#include "store/segment/scan.h"
#include "store/segment/segment.h"
#include "store/shard/limit.h"
#include "store/shard/lost.h"
#include "store/shard/low.h"
#include "store/shard/shard_private.h"

struct fsck {
	const struct files *io;
	const struct fsck_options *options;
	char *directory;
	struct catalog catalog;
	bool known; /* the catalog could be read */
	uint8_t boot[BOOT_ID_SIZE];
	uint64_t faults;
};

/* One shard. */
struct shard_check {
	struct fsck *f;
	uint32_t id;
	const struct catalog_shard *range; /* NULL: the catalog doesn't say */
	char *directory;
	struct file head;
	struct limit limit;
	struct segment_list list;
	struct lost_list lost;
	struct low low;
	const char *place; /* where the segments of `list` are: `directory`, or that of the tier */
	struct scan scan;
	struct batch batch;
	int64_t arrived; /* the greatest @arrived so far */
	uint64_t wanted; /* records below it were checked before */
	bool tiered;     /* the tier has what lies before the first segment here */
	struct fsck_shard sum;
};

/* Something wrong in a segment. */
struct flaw {
	int64_t from, to;       /* equal: no bytes, records are missing */
	uint64_t first, behind; /* lost, or concerned; equal: none */
	bool bad;               /* the bytes are no good frames: they are taken out */
	bool lost;              /* the records can't be read */
	bool dirty;             /* the frame is good, but for bytes in it that should be zero */
	char reason[160];
};

/* One segment. */
struct segment_check {
	struct segment segment;
	bool newest;
	int64_t end;    /* bytes that count */
	uint64_t until; /* the @seq behind its last record */
	int64_t at;     /* how far we are */
	uint64_t next;
	int64_t arrived;
	uint64_t records;
	struct index index;
	size_t indexed, stale; /* entries of it that were passed; that are of no frame */
	struct flaw *flaws;
	size_t count, capacity;
};

/* -- fsck.c -- */

void fsck_report(struct fsck *f, const struct finding *d);
/* About a whole thing in the stream's directory; shard -1: the stream's. */
void fsck_note(struct fsck *f, int64_t shard, const char *file, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void fsck_fault(struct fsck *f, int64_t shard, const char *file, const char *repair, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* -- fsck_catalog.c: loads it, too -- */

int fsck_catalog(struct fsck *f, struct error *e);

/* -- fsck_files.c: what lies in a directory and does not belong there -- */

int fsck_stream_files(struct fsck *f, struct error *e);
int fsck_shard_files(struct shard_check *c, struct error *e);

/* -- fsck_flows.c: what was committed and may not be in the shards yet -- */

int fsck_flows(struct fsck *f, struct error *e);

/* -- fsck_shard.c -- */

int fsck_shard(struct fsck *f, uint32_t id, struct error *e);
/* Finds out anew how far the shard goes and which segments it has. */
int shard_check_refresh(struct shard_check *c, struct error *e);

/* Checks, reports and repairs the segment of that base. Returns 1 and the @seq behind it (UINT64_MAX: it is the newest), or
   0 if it is not there (any more). */
int fsck_segment(struct shard_check *c, uint64_t base, uint64_t *behind, struct error *e);

/* The shard's locks, for those who only look: open for reading. */
struct shard_locks {
	struct file sync, lock;
};

/* Returns 1, or 0 if we may not: then nobody knows what writers do meanwhile. */
int shard_check_lock(struct shard_check *c, struct shard_locks *l, struct error *e);
void shard_check_unlock(struct shard_locks *l);

/* -- fsck_head.c -- */

int fsck_head(struct shard_check *c, struct error *e);
/* That the end of the newest segment can be seen, where it must be searched for. */
int fsck_unread(struct shard_check *c, struct error *e);
/* That the newest segment is the one which the head speaks of; `newest` is where it should be when the check began. */
int fsck_newest(struct shard_check *c, struct error *e);

/* -- fsck_segment.c -- */

/* Checks the segment of that base. Returns 1, or 0 if it is not there (any more). */
int segment_check_run(struct segment_check *s, struct shard_check *c, uint64_t base, struct error *e);
void segment_check_release(struct segment_check *s);

/* -- fsck_index.c: the index is a hint, and what is wrong with it is a note -- */

void fsck_index_open(struct segment_check *s);
/* A good frame begins at s->at. */
void fsck_index_frame(struct segment_check *s, const struct frame *f);
void fsck_index_report(struct shard_check *c, struct segment_check *s);

/* -- fsck_walk.c -- */

#define FSCK_MISSING "a segment is missing"

struct fsck_walk {
	uint64_t wanted; /* the first @seq that must be there; then, how far we are */
	uint64_t newest; /* the base of the last segment that counts; what lies behind it was not there when we came */
	uint64_t end;    /* all below it must be there */
};

/* Checks the segments of c->list, and that they have all that they must. */
int fsck_walk(struct shard_check *c, struct fsck_walk *w, struct error *e);

/* -- fsck_low.c: the low-water mark -- */

int fsck_low(struct shard_check *c, struct error *e);
int fsck_tier_begin(const struct shard_check *c, uint64_t first, uint64_t *begin, struct error *e);

/* -- fsck_tier.c: checked, but not repaired -- */

int fsck_tier(struct shard_check *c, struct error *e);

/* -- fsck_frame.c -- */

/* Checks a frame that was loaded into c->batch. Returns 1, or 0 and why its records do not belong where they are. */
int fsck_records(const struct shard_check *c, struct segment_check *s, const struct frame *f, struct error *why);

/* -- fsck_repair_segment.c -- */

/* Reports what was found in a segment; `done`: what repaired those flaws that can be repaired. NULL: nothing did. */
void fsck_report_segment(struct shard_check *c, const struct segment_check *s, const char *done);
/* Takes the locks, checks the segment again (which replaces what *s was), repairs it if it is still at fault, and
   reports. */
int fsck_repair_segment(struct shard_check *c, uint64_t base, struct segment_check *s, struct error *e);
/* -- fsck_repair.c -- */

/* With both locks, as a writer has it. */
int fsck_lock_shard(struct shard *s, struct shard_check *c, struct error *e);
void fsck_unlock_shard(struct shard *s);
/* Makes the head, and what it speaks of, as a writer would; notes [first, behind), if any, as lost. */
int fsck_repair_head(struct shard_check *c, uint64_t first, uint64_t behind, const char *reason, struct error *e);
/* Makes the low-water mark as what is there says. Returns 1, or 0 if nobody knows what is in the tier. */
int fsck_repair_low(struct shard_check *c, struct error *e);
/* Takes the damaged lines out of the list of what is lost. */
int fsck_repair_lost(struct shard_check *c, struct error *e);
/* Notes as lost what no segment has. */
int fsck_repair_gap(struct shard_check *c, uint64_t first, uint64_t behind, struct error *e);
/* Sets aside what lies behind the readable part of the newest segment, and begins the next one there. */
int fsck_repair_unread(struct shard_check *c, int64_t size, struct error *e);
/* Moves a whole segment aside. */
int fsck_repair_stranger(struct shard_check *c, uint64_t base, struct error *e);

#endif

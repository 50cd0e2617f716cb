/*
 * Frames: the binary format in pipes and on disk. man/stream-frame.5 draws every byte; this header is how the rest of
 * the suite writes and reads them.
 *
 * A stream of frames is a stream line (text, below), then frames. Every frame carries one batch: a data frame the
 * records, a control frame the fields of its message as rows, so that control frames can grow fields without a new version.
 *
 *   kind         rows and fields
 *   WATERMARK    one per shard: shard (string or int), time (time; absent: none seen yet), state (`active` `idle` `drained`).
 *                After stream-window one row whose shard is null: event time as a whole has come this far.
 *   WINDOW       one: what stream-window was told (lib/window)
 *   END          one per stage: command, in, out, filtered, rejected, late; field `final` (bool) in the first
 *   IDLE         none: the source has nothing more for now
 *   HELLO        which sources and stages there are (lib/flow/hello.h)
 *   RESTORE BARRIER   a checkpoint, and what the stages had counted (lib/flow/tally.h)
 */
#ifndef STREAM_FORMAT_FRAME_H
#define STREAM_FORMAT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

enum frame_kind {
	FRAME_DATA = 1,
	FRAME_WATERMARK,
	FRAME_WINDOW,
	FRAME_HELLO,
	FRAME_RESTORE,
	FRAME_BARRIER,
	FRAME_IDLE,
	FRAME_END,
	FRAME_ORDER,
	FRAME_KIND_COUNT
};

enum {
	FRAME_CRITICAL = 1, /* a reader that does not know this kind must stop */
	FRAME_SUMS = 2,     /* buffers carry checksums */
	FRAME_ALONE = 4,    /* refers to no earlier frame, and no later one to it */
	FRAME_PLACED = 8,   /* has a place in a store */
};

/* Where a frame of a store belongs, so that a stale byte of another file can't pass for it. */
struct frame_place {
	uint64_t segment; /* random id of the segment file */
	uint64_t seq;     /* @seq of the first row; the others follow without gaps */
	uint64_t durable; /* every @seq below it was durable when this frame was written */
	uint32_t shard;
	uint32_t tag; /* which piece of a commit it is (store/commit/redo.h); 0: of none */
};

/* -- the stream line -- */

enum frame_bounded { BOUNDED_UNKNOWN, BOUNDED_YES, BOUNDED_NO };

struct stream_line {
	enum frame_bounded bounded; /* whether the source has an end */
	const char *source;         /* where the records come from, for people; NULL: not said */
	size_t source_len;
};

enum { STREAM_LINE_MAX = 4096 };

/* A byte of the source that is no printable ASCII character is written as %XX, and stays so when it is read: what was read
   can be written again. The length of the line is a multiple of 8. */
void stream_line_write(const struct stream_line *l, struct buf *out);
/* Reads it from the start of p. Returns its length with the newline, 0 if p is a prefix of one (more is needed), -1 if it
   is none (e->code is OK then); a stream line of another version is an error too, with e filled in. source is borrowed
   from p. */
long stream_line_read(const char *p, size_t len, struct stream_line *l, struct error *e);

/* -- writing -- */

struct frame_writer;

struct frame_writer_options {
	bool alone; /* every frame stands alone, as files need; else names, shapes, dictionaries refer back */
	bool sums;  /* checksums on buffers (the header always has one) */
	int zstd;   /* level; 0: not compressed */
	int packed_most; /* percent of its size that a buffer has at most when it is kept compressed; 0: any saving will do */
};

struct frame_writer *frame_writer_new(const struct frame_writer_options *o);
void frame_writer_free(struct frame_writer *w);
/* What was written before is not there for the reader: the next frame refers to none. */
void frame_writer_restart(struct frame_writer *w);

/*
 * Appends a frame with the selected rows of b to out, whose length must be a multiple of 8 for a frame that will be
 * mapped. b: NULL for no rows. place: NULL, or for a store, and then META_SEQ and META_SHARD of b are not written. flags:
 * FRAME_CRITICAL or 0. A control frame always stands alone. source, lines and rejects of b do not travel.
 *
 * Rows that are too large for one frame become several, with places that follow. Fails, with nothing appended, when one
 * record alone is too large.
 */
int frame_write(struct frame_writer *w, enum frame_kind kind, unsigned flags, const struct batch *b,
		const struct frame_place *place, struct buf *out, struct error *e);

/*
 * Gives a frame, which frame_write made with a place and a constant @arrived, another place and @arrived. So a frame can be
 * made before it is known where it goes.
 */
void frame_set_place(char *p, const struct frame_place *place, int64_t arrived);

/* -- reading -- */

struct frame_reader;

struct frame {
	enum frame_kind kind; /* may be a number that is no member */
	unsigned flags;
	uint32_t rows;
	size_t size;              /* bytes of the whole frame */
	struct frame_place place; /* if flags has FRAME_PLACED */
};

/* What it loads into a batch lives until it loads the next frame. */
struct frame_reader *frame_reader_new(void);
void frame_reader_free(struct frame_reader *r);
/* A stream line was met: forget names, shapes and dictionaries. */
void frame_reader_restart(struct frame_reader *r);

enum { FRAME_HEADER_MIN = 64, FRAME_SIZE_MAX = 1 << 30 };

/*
 * Looks at the header at p. Returns 1 and *f if the whole frame is there, 0 if more bytes are needed (f->size says how
 * many in all, or 0 while the header itself is not whole), or an error: not a frame, damaged, too large, of a kind that is
 * critical and not known. A frame of another unknown kind can be skipped, passed on by its bytes, or loaded.
 */
int frame_peek(const char *p, size_t len, struct frame *f, struct error *e);

/*
 * Loads the frame at p, which frame_peek has found whole, into b (batch_reset is done here). Columns point into p
 * where it is 8-byte aligned and plain; what was packed is unpacked into b's arena or the reader. A placed frame gets
 * META_SEQ and META_SHARD. Every length and offset is checked first: no byte of a hostile frame is trusted.
 * With `want` (not NULL) the batch has only these fields, and the metadata; the rest is not looked at, nor its checksums.
 *
 * A chained data frame must be loaded even by who has no use for it: later ones build upon it. After an error b has no
 * rows, and chained frames are refused until a chain begins.
 */
int frame_load(struct frame_reader *r, const char *p, const struct frame *f, const char *const *want, size_t want_count,
	       struct batch *b, struct error *e);

/* -- passing on, as it is -- */

/* A frame in three pieces, to be written one behind the other. */
struct frame_pieces {
	const char *body; /* its buffers, where they lie */
	size_t body_len;
	struct buf head, tail; /* what must be new */
};

/* The same frame with @stream for all its rows. It stands alone, was verified, and has no @stream. Overwrites head and tail,
   which are the caller's to release. */
void frame_add_stream(const char *p, const char *stream, size_t len, struct frame_pieces *out);
/* Checks every byte of the frame at p, which frame_peek has found whole: all checksums, which must be there, and the zeros
   between the buffers; frame_load skips what nobody needs. */
int frame_verify(const char *p, const struct frame *f, struct error *e);
/* Makes the bytes between the buffers of a frame zero, if its directory is whole. */
void frame_clean(char *p);

#endif

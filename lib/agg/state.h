/*
 * The state of a group as bytes: what a partial result carries in its field `state`, what is spilled to disk, and what a
 * snapshot holds. All of it can be merged: reading adds to what is there.
 *
 *   cell:     1 byte     STATE_VERSION
 *             varint     flags, and what they announce, in this order (partial.h says what for):
 *               1          least and greatest event time: 2 zigzag
 *               2          records of a count window so far: varint
 *               4          keys of the session or count window: varint, and as many values
 *               8          keys of the group, where text would not keep their types: varint, and as many values
 *               16         nothing: nothing has come to the pane since its windows were emitted
 *             states     one behind the other, in the order of the table's accumulators
 *             4 bytes    the lower half of XXH3-64 of all before
 *
 *   varint:   7 bits a byte, the lowest first, the upper bit set in all but the last; at most 19 bytes
 *   zigzag:   a varint of 2 i, or -2 i - 1 where i is negative
 *   value:    1 byte     enum type; then
 *               absent, null: nothing; bool, time: zigzag; int: 1 byte scale, zigzag; float: 8 bytes, little-endian;
 *               number, string, bytes, json: varint length, bytes
 *
 *   count present     varint
 *   sum               varint values; 1 byte: scale, plus 32 if there is `wide`, plus 64 if there are doubles;
 *                     zigzag of 128 bits: units of 10^-scale;
 *                     wide: 1 byte sign, 48 bytes, little-endian: units of 10^-18;
 *                     doubles: varint first, varint n, n zigzag: digits of 32 bits, in units of 2^(32 first - 1074)
 *   moments           sum, and the sum of squares, whose units are those above, squared
 *   min max           value; absent: none yet
 *   first last        value; if there is one: zigzag time, zigzag seq, value shard
 *   collect           varint n; n times value, zigzag time, zigzag seq, value shard
 *   sketch            1 byte: 0 kept: varint n, n values
 *                             1 bucketed: values least and greatest, varint zeros, buckets > 0, buckets < 0;
 *                     buckets: varint n; n times a zigzag (number less that of the one before), varint count
 *   distinct          1 byte: 0 set: varint n, n times 8 bytes, little-endian: scattered hashes
 *                             1 few registers: varint n; n times varint (number less that of the one before), 1 byte rank
 *                             2 all 65,536 registers, a byte each
 *   top               varint n; n times value, varint count
 *
 * Hashes of `distinct` are value_hash, mixed: who changes value_hash, or anything above, raises STATE_VERSION (a test has the
 * bytes). Every length, type and number is checked when it is read: damage is an error, and never more than that.
 */
#ifndef STREAM_AGG_STATE_H
#define STREAM_AGG_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/value.h"

enum { STATE_VERSION = 1, STATE_SUM_SIZE = 4 };

/* Flags of a cell. */
enum { CELL_TIMES = 1, CELL_RECORDS = 2, CELL_BY = 4, CELL_KEYS = 8, CELL_QUIET = 16, CELL_UNKNOWN = 32 };

/* -- writing -- */

void state_put_varint(struct buf *out, unsigned __int128 x);
void state_put_zigzag(struct buf *out, __int128 i);
void state_put_u64(struct buf *out, uint64_t x);
void state_put_value(struct buf *out, struct value v);

/* -- reading: after the first fault everything is 0 and empty, and `bad` says so -- */

struct state_reader {
	const char *p, *end; /* texts of values are borrowed from here */
	bool bad;
};

uint8_t state_byte(struct state_reader *r);
uint64_t state_varint(struct state_reader *r);
__int128 state_wide_zigzag(struct state_reader *r);
int64_t state_zigzag(struct state_reader *r);
uint64_t state_u64(struct state_reader *r);
/* `len` bytes; NULL if there are not so many. */
const char *state_bytes(struct state_reader *r, size_t len);
/* How many things follow, of which each takes at least `least` bytes. */
uint64_t state_count(struct state_reader *r, size_t least);
struct value state_value(struct state_reader *r);
/* One that is neither absent nor null; a number that sums take, with `number`. */
struct value state_present(struct state_reader *r, bool number);

#endif

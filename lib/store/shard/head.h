/*
 * The head of a shard: how far its newest segment is written and how far it is durable.
 *
 *   file `head`: slot 0 at byte 0, slot 1 at byte 128; a slot is 96 bytes, little-endian:
 *
 *    0            8         24           32     40        48     56        64            72        80      88
 *    | generation | boot id | segment id | base | written | next | durable | durable seq | arrived | flags | sum |
 *
 *   flags: 1 failed, 2 sealed, 4 full;  sum: XXH3-64 of the 88 bytes before it
 *
 * A change goes to the slot that does not hold the present state, so that a torn write leaves that one. It is made
 * under the shard's lock; readers take no lock, and look again when they catch a slot half written. The head itself
 * is never synced: it speaks for the boot it names, while the kernel's cache is what everybody sees; after another
 * boot, `durable` is still true, as a lower bound, and the rest is not. The same goes for a head that is suspect.
 */
#ifndef STREAM_STORE_HEAD_H
#define STREAM_STORE_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"

struct head {
	uint64_t generation; /* counts the changes; 0: there is no valid head */
	uint8_t boot[BOOT_ID_SIZE];
	uint64_t segment;     /* id of the newest segment */
	uint64_t base;        /* its first @seq */
	int64_t written;      /* bytes of whole frames in it */
	uint64_t next;        /* @seq of the record that will be written next */
	int64_t durable;      /* bytes of it that were synced */
	uint64_t durable_seq; /* @seq below this are durable */
	int64_t arrived;      /* the last @arrived */
	bool failed;          /* a sync of it failed: nothing more goes into it */
	bool full;            /* nothing more goes into it: its successor begins, or has begun */
	bool sealed;          /* nothing more goes into this shard, and all of it is durable; stays for ever */
	bool suspect;         /* the other slot is damaged, and may have been newer; not in the file */
};

enum { HEAD_SIZE = 224 }; /* of the file: both slots */

/* The id of a segment whose stream line is damaged (0): the head knows it, if it speaks of that one. */
static inline uint64_t head_segment_id(const struct head *h, uint64_t id, uint64_t base)
{
	return !id && h->generation && h->base == base ? h->segment : id;
}

/* A file that is closed (lost), or has no valid slot, is no error: generation is 0 then. */
int head_read(const struct file *f, struct head *h, struct error *e);
/* Raises the generation and writes. On failure the state on disk is the old one, or h. */
int head_write(const struct file *f, struct head *h, struct error *e);

#endif

/*
 * A file system in memory that knows what a power cut may leave of it: a file layer (store/disk/file.h) for tests that stop
 * the machine at every step.
 *
 * What processes see is always the newest state. Beside it the disk keeps what it has for certain (the base), and a
 * list of the changes on the way there, in order: writes, cuts, and changes of directories. A sync of a file makes the
 * changes of its contents and size certain, and no others: not its name. A sync of a directory makes its entries
 * certain: not what is in the files. A rename is one change; it is certain when either of its directories is synced.
 * A sync of a file that fails makes nothing certain, ever: what was to be synced may be lost though every later sync
 * succeeds, as on Linux, which marks those pages clean. After one of a directory that fails, a later one may succeed.
 *
 * A power cut keeps any subset of the changes that are not certain: each has a fate. No order among them is assumed,
 * not between files, not within one, not between data and names. A write may be torn: its front alone, its front with
 * zeros behind it (the size got there first), its tail alone, zeros alone. This is weaker than ext4, XFS or btrfs
 * promise; what is assumed is that a rename is atomic, and that a byte that was synced stays.
 *
 * One thread. Locks are those of flock. inotify is refused.
 */
#ifndef STREAM_TESTS_TORTURE_DISK_H
#define STREAM_TESTS_TORTURE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/disk/file.h"

struct bytes {
	char *p; /* owned */
	size_t len, capacity;
};

struct entry {
	char name[64];
	int node;
};

struct entries {
	struct entry *items; /* owned */
	size_t count, capacity;
};

struct node {
	bool directory;
	struct bytes now, base;         /* a file's contents: as processes see them; as the disk has them for certain */
	struct entries list, base_list; /* a directory's */
	int holder;                     /* the descriptor that holds its lock; -1: none */
};

enum change_kind { CHANGE_WRITE, CHANGE_CUT, CHANGE_NAME, CHANGE_RENAME };

struct change {
	enum change_kind kind;
	int node;   /* the file; or the directory of `name` */
	int64_t at; /* write: where; cut: the new size */
	char *p;    /* write: what; owned */
	size_t len;
	char name[64]; /* gets `target`, -1: is removed; of a rename: the old name */
	int target;
	int to; /* rename: the new directory and name */
	char to_name[64];
	uint64_t serial;
	bool certain;  /* cannot be lost any more */
	bool poisoned; /* a sync of it failed: no later one makes it certain */
};

/* What becomes of a change when the power goes. */
enum fate_kind { FATE_KEPT, FATE_LOST, FATE_FRONT, FATE_FRONT_ZEROS, FATE_TAIL, FATE_ZEROS, FATE_COUNT };

struct fate {
	enum fate_kind kind;
	uint32_t cut; /* bytes: where the front ends, and the tail begins */
};

enum { DISK_CHANGES_MAX = 20 };

enum disk_lie { LIE_NONE, LIE_FILES, LIE_DIRECTORIES }; /* which syncs do nothing, to show that it is noticed */

struct disk {
	struct files io;    /* first, so that a pointer to it is one to us */
	struct node *nodes; /* [0] is the root */
	size_t node_count;
	struct change *changes;
	size_t change_count, change_capacity;
	struct open_file {
		int node; /* -1: free */
		void *owner;
	} * files;
	size_t file_count;
	uint8_t boot;
	void *owner; /* of the descriptors that are opened now */
	uint64_t dice;
	enum disk_lie lie;
	int sync_failures; /* one in so many syncs fails; 0: none */
	int short_writes;  /* one in so many writes moves a part; 0: none */
	int full;          /* one in so many writes and creations finds no space; 0: none */
	bool failing;      /* `changed` is called by a sync that failed */
	uint64_t failed, shortened, refused, linked;
	uint64_t serial; /* of the last change */
	/* Called before each operation (others may run meanwhile), after each change and sync, and where a lock is held by
	   another: then the call returns when it is worth a new look. NULL: not wanted; a held lock is EDEADLK. */
	void (*before)(void *arg);
	void (*changed)(void *arg);
	void (*wait)(void *arg);
	void *arg;
};

void disk_init(struct disk *d, uint64_t seed);
void disk_release(struct disk *d);

/* What a machine finds whose processes were all killed: everything, with what is uncertain. */
void disk_copy(struct disk *to, const struct disk *d);
/* What it finds after a power cut: all that is left is certain. fates: one for each change. */
void disk_cut_power(struct disk *to, const struct disk *d, const struct fate *fates);
/* What it finds when the kernel died and the power stayed: what is not lost is in the disk's own cache, and is as
   uncertain as before; what a sync failed to write never left the kernel's. */
void disk_reset(struct disk *to, const struct disk *d, const struct fate *fates);
/* A fingerprint of that: of all names and contents, and of what is uncertain. */
uint64_t disk_hash(const struct disk *d);

/* Closes what a killed process had open. */
void disk_kill(struct disk *d, const void *owner);
/* Names, sizes and uncertain changes, for people. */
void disk_print(const struct disk *d, const struct fate *fates);

/* A random number below `sides`. */
uint32_t dice(uint64_t *state, uint32_t sides);

#endif

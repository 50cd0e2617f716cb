/*
 * What a stage is doing, for stream-run to look at: a page of memory in a file, which the stage writes into as it goes and others read
 * as they like. Where STREAM_RUN names a directory, each process of a pipeline has one in it, by its process id.
 * To keep it costs a stage some stores and no system call, so that nothing wakes up for it, and it is right at any moment, also of a stage
 * that is stuck or was killed.
 *
 * Writer and reader are of the same release and on the same machine; the page is no format. Numbers are atomic each by
 * itself: one may be newer than another.
 */
#ifndef STREAM_FLOW_LIVE_H
#define STREAM_FLOW_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct flow;

enum live_state {
	LIVE_STARTS, /* has not begun to read */
	LIVE_WORKS,  /* or sleeps in the middle of its work: in a disk's queue, for a lock of a database */
	LIVE_INPUT,  /* waits for its input; detail: its number, if there are several and the others are not read now */
	LIVE_OUTPUT, /* for whoever reads its output */
	LIVE_OWN,    /* for something of its own that it has asked for: a command's answer */
	LIVE_RECORDS, /* a source: that there are new ones; or for what `reason` says */
	LIVE_RESTORE, /* a stage: that the end has said where to begin */
	LIVE_BARRIER, /* for the barrier of its other inputs */
	LIVE_RECEIPT, /* a source: that the end has committed checkpoint `detail`; 0: that it answers at all */
	LIVE_ENDED,   /* detail: with this status */
};

enum { LIVE_TEXT = 1000, LIVE_READS = 4000, LIVE_SHORT = 64, LIVE_SIZE = 8192 };

struct live_page {
	char magic[8];   /* LIVE_MAGIC, when all else is there */
	int64_t pid;     /* of the process; */
	int64_t group;   /* and its process group */
	int64_t started; /* monotonic */
	bool source;     /* makes records itself, so that signals concern it */
	uint64_t input;  /* the inode of the pipe that is its standard input; 0: it is none; */
	uint64_t output; /* and its standard output */
	bool restored_known;
	atomic_bool folds;
	atomic_uint state;            /* enum live_state; */
	atomic_uint_least64_t detail; /* see there; */
	atomic_int_least64_t since;   /* monotonic */
	atomic_uint_least64_t in, out, rejected, late;
	atomic_uint_least64_t restored; /* the checkpoint that this run began with; */
	atomic_uint_least64_t
		checkpoint; /* the last one that is committed, as far as this stage knows; 0: none, or it does not know */
	atomic_int_least64_t committed_at; /* when it was, ns since 1970; 0: not in this run */
	char command[LIVE_SHORT], reason[LIVE_SHORT];
	char arguments[LIVE_TEXT]; /* cut */
	char reads
		[LIVE_READS]; /* lines `SLOT GROUP STREAM`, STREAM a name or an absolute path: what a group's reader reads */
};

#define LIVE_MAGIC "live 1\n"

/* Of a flow; page NULL: nobody wants to know. */
struct live {
	struct live_page *page;
};

/* -- for the files of lib/flow -- */

/* Begins the page of this process. Whatever keeps it from being had, the stage goes on without. In a child: a page of its own. */
void live_begin(struct live *l, const char *command, const char *arguments, bool source);
void live_end(struct live *l, int status);
/* From now on. The same state again is still the same, but for LIVE_WORKS: there, work begins. */
void live_set(const struct live *l, enum live_state state, uint64_t detail);
/* Takes the flow's counts; `waits`: it is about to wait, else it works. */
void flow_live(const struct flow *f, bool waits);

/* -- for whoever looks -- */

/* Returns 1, or 0: there is none, or it is not ready. */
int live_load(const char *path, struct live_page *page, struct error *e);
/* In the place of that of a process that has ended. */
void live_save(const char *path, const struct live_page *page);

#endif

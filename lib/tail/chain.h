/*
 * A followed path and the files that it has had: a chain of sources, oldest first, the last of which the path names, or
 * named when it was last seen. They are read in that order.
 *
 * What rotation does is found by looking, and not by waiting for single events: whenever the path names another file, or
 * none, or its file was truncated, the directory is listed, and each file in it that bears a rotated name is told by what it is:
 *
 *   known, by device, inode and fingerprint    goes on where it was read to, whatever its name is now
 *   a copy of one that is gone or truncated    takes its place (gzip, copytruncate): it has the same first bytes, and the
 *                                              same bytes before the place that was read to
 *   a copy of the one that the path names      is left alone; so is a compressed one of any that is there. Others that have
 *                                              the same lines are files of their own: of a job that always says the same
 *   none of these                              was the path's file while nobody looked: it is read whole
 *
 * So renames are followed also if several happened between two looks, and while nobody followed. Files that were there at
 * the first look and are not to be read are known from then on.
 */
#ifndef STREAM_TAIL_CHAIN_H
#define STREAM_TAIL_CHAIN_H

#include "tail/source.h"

/* Where a path that has no places yet is begun. */
enum first { FIRST_START, FIRST_END, FIRST_LINES, FIRST_TIME };

struct chain_options {
	enum first first;
	int64_t lines;     /* the last so many; */
	int64_t time;      /* files written at this time or later are read whole, others from their end */
	bool predecessors; /* those that FIRST_START and FIRST_TIME take are read too */
	/* A line for the user. */
	void (*warn)(void *arg, const char *text);
	void *warn_arg;
	/* Whether somebody else reads this file, so that we must not. */
	bool (*elsewhere)(void *arg, const struct stat *st, int fd);
	void *elsewhere_arg;
};

struct chain {
	const struct chain_options *options;
	char *shown; /* as the user named it */
	char *path;  /* absolute: by it its places are kept */
	char *directory, *base;
	struct source **items;
	size_t count, capacity;
	bool fresh;   /* has no places yet */
	bool resumed; /* has them from an earlier run, and was not looked at since */
	bool first;   /* begin at options.first; else at the start */
	bool look;    /* for the caller: chain_look is due */
	bool missed;  /* that the path names nothing was said */
	int watch;    /* for the caller: of its directory */
	bool link;    /* the path is a symbolic link */
};

/* `first`: whether options.first holds for it. Both are borrowed. */
void chain_init(struct chain *c, const struct chain_options *o, const char *shown, bool first);
void chain_release(struct chain *c);
/* Goes on from these. Before the first look. */
void chain_resume(struct chain *c, const struct path_places *p);
void chain_keep(const struct chain *c, struct path_places *p);

/* Looks what the path names, and what became of its files. New sources are open; sources that are over stay in place until
   chain_drop. An error is one of the path: it is no regular file, or may not be read. */
int chain_look(struct chain *c, struct error *e);
void chain_drop(struct chain *c, size_t i);
/* Takes s over; for chain_look.c. */
void chain_append(struct chain *c, struct source *s);
/* Whether others have come after the i-th. */
static inline bool chain_is_past(const struct chain *c, size_t i)
{
	return i + 1 < c->count;
}

#endif

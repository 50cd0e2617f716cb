/*
 * Where pipelines that run are found: a directory for each, by its name, in one for all.
 *
 *   HOME/.runs/NAME/lock        locked by its stream-run as long as that lives
 *                   run         what it says of itself (struct place_note; a flow/state_file.h)
 *                   statuses    of the shell: how it and its stages ended
 *                   1234        a page of each of its processes (flow/live.h)
 *
 * What a stream-run that was killed left behind is removed by whoever finds its lock free.
 */
#ifndef STREAM_RUN_PLACE_H
#define STREAM_RUN_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct place {
	char *directory; /* absolute */
	int lock;
};

struct place_note {
	int64_t pid;     /* of stream-run; */
	int64_t since;   /* when it began, ns since 1970; */
	int64_t group;   /* the process group of the pipeline; 0: it does not run now; */
	uint64_t starts; /* how often it was started; */
	int64_t again;   /* it failed: when it is started again, ns since 1970; 0 */
	char *pipeline;  /* as it was given, on one line */
};

/* ERR_USAGE: it is none. */
int place_check_name(const char *name, struct error *e);
/* Takes the name. ERR_FAILED: a pipeline of that name runs. `home` need not be there. */
int place_take(struct place *p, const char *home, const char *name, struct error *e);
/* Gives it up, and removes all there is. */
void place_leave(struct place *p);
/* Removes what the processes of the last start have left. */
void place_clear(const struct place *p);
int place_save(const struct place *p, const struct place_note *n, struct error *e);

struct place_names {
	char **items;
	size_t count;
};

/* The names of those that run, sorted. */
int place_list(const char *home, struct place_names *names, struct error *e);
void place_names_release(struct place_names *names);
/* Its directory, malloced, and what it says: 1, or 0 if it does not run. */
int place_look(const char *home, const char *name, char **directory, struct place_note *n, struct error *e);
void place_note_release(struct place_note *n);

#endif

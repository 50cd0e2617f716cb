/* The insides of a tailer; for lib/tail/tailer*.c alone. */
#ifndef STREAM_TAIL_TAILER_PRIVATE_H
#define STREAM_TAIL_TAILER_PRIVATE_H

#include "tail/notice.h"
#include "tail/tailer.h"

struct pattern {
	const char *text;
	bool deep; /* its directory is a pattern too */
	int watch; /* of the directory */
};

struct tailer {
	struct tailer_options options;
	struct notice notice;
	struct chain **chains;
	size_t count, capacity, turn;
	struct pattern *patterns;
	size_t pattern_count;
	bool expand;  /* the patterns may match more */
	bool polls;   /* some change without notice */
	int64_t look; /* monotonic: when to look at all; INT64_MAX: not by time */
	int64_t due;  /* the next record that a pause makes whole, or file that is let go */
	struct batch batch;
};

/* tailer_notice.c */
/* Takes what has happened: marks the paths to look at, and the sources that may have more. */
void tailer_take_notices(struct tailer *t);
void tailer_look_everywhere(struct tailer *t);
/* Before a file is read for the first time, or a directory looked at, so that nothing is missed. */
void tailer_watch_source(struct tailer *t, struct source *s);
void tailer_watch_chain(struct tailer *t, struct chain *c);
/* Closes the source, and ends its watch. */
void tailer_close_source(struct tailer *t, struct chain *c, struct source *s);

/* tailer_read.c */
/* Fills the batch from the files of a path, in their order: 1: it has something; 0: there is nothing now. */
int tailer_read(struct tailer *t, struct chain *c, struct error *e);

#endif

/*
 * Who holds the read end of an anonymous pipe, as far as /proc shows it. Used by peer.c alone.
 */
#ifndef STREAM_BASE_PIPE_READERS_H
#define STREAM_BASE_PIPE_READERS_H

#include <stdbool.h>
#include <sys/stat.h>

/* Of several readers the last kind in this order counts. */
enum pipe_readers {
	READERS_UNSEEN,  /* nobody whom we may look at: none at all, or one with other rights (sudo) */
	READERS_OTHERS,  /* programs that are none of ours, and do not read it now */
	READERS_WAITING, /* shells and wrappers that do not read it, commands of ours that did not mark it yet */
	READERS_OURS,    /* a command of ours that has no right to mark it */
	READERS_FOREIGN, /* a program that is none of ours, or a shell, that sits in a read of it */
};

/*
 * `pipe` is what fstat says about it. We are no reader ourselves, whatever we hold. Looked at are, until somebody
 * holds it: with `near`, our parent and its descendants (a shell and the rest of its pipeline); the processes of our
 * session; all others. About 20 us for each process.
 */
enum pipe_readers pipe_readers_find(const struct stat *pipe, bool near);

#endif

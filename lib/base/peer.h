/*
 * Who is at the other end of the pipe? (DESIGN section 4: frames to a reader of ours, text to everybody else.)
 *
 * Each of our commands marks its standard input, if that is an anonymous pipe, with the sticky bit of the pipe's
 * inode, by fchmod on the read end; the writer sees it by fstat on the write end. Nobody else sets it.
 */
#ifndef STREAM_BASE_PEER_H
#define STREAM_BASE_PEER_H

#include <stdbool.h>
#include <stdint.h>

enum peer {
	PEER_OURS,      /* a marked pipe, or a named FIFO */
	PEER_FOREIGN,   /* a pipe read by a program that is none of ours */
	PEER_UNSETTLED, /* a pipe whose reader may still become one of ours */
	PEER_TERMINAL,
	PEER_FILE, /* regular file, device, socket: all else */
};

/* Marks fd if it is an anonymous pipe. Call it first thing, before anything slow. */
void peer_mark(int fd);

/* Looks once. /proc tells who holds the read end: a shell, or a wrapper (env nice time timeout nohup stdbuf strace sudo
   ...), may still become one of ours, unless it sits in a read of that very pipe. Beside it others may hold the pipe and
   not read it, such as what a shell runs in <( ): they only count when there is nobody else. */
enum peer peer_look(int fd);

/* Looks until it is settled, at most `patience` nanoseconds (then PEER_FOREIGN). */
enum peer peer_wait(int fd, int64_t patience);

#endif

/*
 * Errors as values.
 *
 * A library function that can fail takes a `struct error` of the caller as its last
 * argument, returns 0 or one of the negative codes below, and on failure has filled in
 * one line of text that says what went wrong and where. Nothing in lib/ prints or exits;
 * a command does both, in one place, and its exit status is the code with the sign turned.
 *
 * Two things live here because they are the process's last words: `message`, which writes
 * one line to standard error, and `out_of_memory`, which ends the process. The tools hold
 * nothing in memory that a crash may not take, so to die is the safe answer to a failed malloc.
 */
#ifndef STREAM_BASE_ERROR_H
#define STREAM_BASE_ERROR_H

#include <stddef.h>

enum {
	OK = 0,
	ERR_FAILED = -1,   /* input or output failed, or a destination did */
	ERR_USAGE = -2,    /* what was asked for makes no sense */
	ERR_REJECTED = -3, /* records were rejected or late and nobody kept them; or --strict stopped at one */
	ERR_UPSTREAM = -4, /* the process upstream died, or we are fenced */
	ERR_GONE = -141,   /* the reader of our output went away: say nothing */
};

struct error {
	int code;        /* OK or one of the above */
	char text[1024]; /* one line, no newline; cut when longer */
};

/* Both set e and return code (error_errno: ERR_FAILED, or ERR_GONE for EPIPE, and it appends
   ": " and the text of errno, which it reads first). e may be NULL when only the code matters. */
int error_set(struct error *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_errno(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the text that is there; returns e->code. */
int error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status that belongs to a code. */
int error_status(int code);

/* Writes "program: text\n" to standard error in one write; control bytes are escaped, so that
   nothing out of a log line can steer a terminal. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says how many bytes were wanted and ends the process with status 1; of several threads one says it. */
_Noreturn void out_of_memory(size_t wanted);

#endif

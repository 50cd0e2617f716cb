/*
 * The commit of an end that has no storage of its own to keep it in, text above all: a file `end` in the flow's directory. What was
 * delivered since may come again: at least once.
 *
 *   end 1
 *   epoch 4       the greatest that has begun
 *   n 57
 *   line 3        the epoch that committed it
 *   state ...     as it was given to the commit, a line each
 */
#ifndef STREAM_FLOW_END_FILE_H
#define STREAM_FLOW_END_FILE_H

#include "base/error.h"
#include "flow/checkpoint.h"

/* As end_ops have it; the fence is as good as that of two steps can be. */
int end_file_recover(const char *directory, uint64_t epoch, struct flow_commit *last, struct error *e);
/* `state`: lines. */
int end_file_commit(const char *directory, uint64_t epoch, uint64_t n, const char *state, size_t len, struct error *e);

#endif

/*
 * Flows that are no more: their group was reset or deleted, so their state is gone, and what their ends have left at the destinations
 * (marks of side files, ledgers) may go too.
 */
#ifndef STREAM_FLOW_GONE_H
#define STREAM_FLOW_GONE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a directory of state was removed. False as well where that can't be told: the folder that it was in is not there either, and
 * the nearest one above that is there is empty, as one is where a disk is to be mounted.
 */
bool gone_directory(const char *directory);
/* What an end kept with its commit (its lines `at DIRECTORY`, one for each source): whether one of them is gone. */
bool gone_flow(const char *state, size_t len);

#endif

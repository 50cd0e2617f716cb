/*
 * Flows that are no more: their group was reset or deleted, so their state is gone, and what their ends have left at the destinations
 * (marks of side files, ledgers) may go too.
 */
#ifndef STREAM_FLOW_GONE_H
#define STREAM_FLOW_GONE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a directory of state was removed. False as well where that can't be told: of all that is above it nothing is there, or only
 * an empty directory, as one has it where a disk is to be mounted.
 */
bool gone_directory(const char *directory);
/* What an end kept with its commit (its lines `at DIRECTORY`, one for each source): whether one of them is gone. */
bool gone_flow(const char *state, size_t len);

#endif

/* The files of a directory that runs take, by their names; for the files of lib/store/claim and lib/store/group/slot*.c alone. */
#ifndef STREAM_STORE_CLAIM_FILES_H
#define STREAM_STORE_CLAIM_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/disk/file.h"

struct claim_files {
	uint64_t epoch; /* of the newest run; 0: nobody ever had it */
	bool any;       /* there is a snapshot: the newest one is */
	uint64_t n, n_epoch;
};

int claim_files_read(struct claim_files *f, const struct files *io, const char *directory, struct error *e);
/* Removes what earlier epochs left, but for one; 0: none. */
int claim_files_clean(const struct files *io, const char *directory, uint64_t epoch, uint64_t keep, struct error *e);

/* Removes the snapshots of an epoch that are below n. */
int claim_files_forget(const struct files *io, const char *directory, uint64_t epoch, uint64_t n, struct error *e);
/* See claim_find. */
int claim_files_find(const struct files *io, const char *directory, uint64_t n, uint64_t epoch, uint64_t *found_n,
		     uint64_t *found_epoch, struct error *e);

char *claim_path(const char *directory, uint64_t epoch);
/* N.EPOCH.pos */
char *claim_snapshot_name(uint64_t n, uint64_t epoch);
char *claim_snapshot_path(const char *directory, uint64_t n, uint64_t epoch);

#endif

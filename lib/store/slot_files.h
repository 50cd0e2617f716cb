/* The files of a slot's directory, by their names; for the files of lib/store/slot*.c alone. */
#ifndef STREAM_STORE_SLOT_FILES_H
#define STREAM_STORE_SLOT_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/file.h"
#include "store/group.h"
#include "store/position.h"
#include "store/slot.h"

struct slot_files {
	uint64_t epoch; /* of the newest run; 0: nobody ever had it */
	bool any;       /* there is a snapshot: the newest one is */
	uint64_t n, n_epoch;
};

int slot_files_read(struct slot_files *f, const struct files *io, const char *directory, struct error *e);
/* Removes what earlier epochs left. */
int slot_files_clean(const struct files *io, const char *directory, uint64_t epoch, struct error *e);

/* The newest snapshot, which must be there, and who has the slot. */
int slot_newest(const struct files *io, const char *directory, struct slot_files *files, struct positions *p,
		char flow[FLOW_ID_LENGTH + 1], struct error *e);

int flow_id_make(char id[FLOW_ID_LENGTH + 1], struct error *e);
char *slot_directory(const struct group *g, uint32_t k);
char *slot_run_path(const char *directory, uint64_t epoch);
char *slot_snapshot_name(uint64_t n, uint64_t epoch);
bool slot_snapshot_is(const char *name, uint64_t *n, uint64_t *epoch);
/* Writes our snapshot n, durably; ERR_UPSTREAM, and it is not there, if a newer run has the slot. */
int slot_write(struct slot *s, uint64_t n, const struct positions *p, struct error *e);
/* 1: locked; 0: somebody has it. */
int slot_lock(const struct file *run, struct error *e);

#endif

/* The files of a ledger: one entry written, and read (see ledger.h for its bytes). */
#ifndef STREAM_STORE_LEDGER_FILE_H
#define STREAM_STORE_LEDGER_FILE_H

#include "base/buf.h"
#include "store/commit/ledger.h"

/* An entry that is being written, under a name of its own. */
struct ledger_draft {
	struct file file;
	struct buf block; /* of the payload, not written yet */
	int64_t written;
	uint64_t hash;
};

int ledger_draft_open(struct ledger_draft *d, const struct files *io, const char *path, struct error *e);
int ledger_draft_add(struct ledger_draft *d, const void *p, size_t len, struct error *e);
/* Copies an entry's payload, and checks it. */
int ledger_draft_copy(struct ledger_draft *d, const struct ledger_entry *from, struct error *e);
/* Writes what x says of epoch, n, by and state behind the payload, and makes all of it durable. */
int ledger_draft_seal(struct ledger_draft *d, const struct ledger_entry *x, struct error *e);
void ledger_draft_close(struct ledger_draft *d);

/* Returns 1, 0 if there is no such file, or ERR_FAILED: it is damaged. */
int ledger_entry_read(struct ledger_entry *x, const struct files *io, const char *path, struct error *e);

#endif

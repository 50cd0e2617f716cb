/*
 * Writing a stream: each record goes to the shard that owns the hash of its key, and is durable when store_writer_sync
 * has returned.
 *
 * Records are gathered into frames of up to 16,384 rows or about 1 MiB per shard while more are coming. Under the
 * policy `50ms` the writer syncs by itself when the oldest record has waited that long; whoever feeds it calls
 * store_writer_sync as soon as nothing more is at hand, so that no record waits for company that does not come. Under
 * `always` every append syncs; under `never` sync only writes.
 */
#ifndef STREAM_STORE_WRITER_H
#define STREAM_STORE_WRITER_H

#include "base/error.h"
#include "record/batch.h"
#include "store/stream/stream.h"

struct store_writer;

/* Takes `s` over, also on failure. */
int store_writer_open(struct store_writer **out, struct stream *s, struct error *e);

/*
 * Appends the selected rows of b, copying what it keeps. `key` is the partition key, a column of b's rows, kept as
 * @key; a missing one counts as the empty text. NULL: b's @key if it has one, else a random point for each record.
 */
int store_writer_append(struct store_writer *w, const struct batch *b, const struct column *key, struct error *e);

/* Everything appended so far is durable (policy `never`: written). */
int store_writer_sync(struct store_writer *w, struct error *e);

/*
 * A writer that begins a segment retains and compacts those before it, in a thread of its own that delays no record
 * (store/upkeep/tidier.h). Why that failed, since the last call; or NULL. No record is lost by it.
 */
const char *store_writer_trouble(struct store_writer *w);

/* What was not synced may be lost. */
void store_writer_close(struct store_writer *w);

#endif

/*
 * A writer's slack: a thread of the lowest priority that retains and compacts the stream when it is woken, which a writer
 * does when a segment has become complete. It takes no lock that an append or a sync needs, so it delays no record; and
 * it can be left at any moment, for whatever it has not finished is cleaned up, or done, by the next.
 */
#ifndef STREAM_STORE_TIDIER_H
#define STREAM_STORE_TIDIER_H

#include "base/error.h"
#include "store/stream/stream.h"

struct tidier;

/* Nothing is started before it is woken, and nothing at all where the file layer is not the real one. The stream is looked at by its directory, each time anew. */
struct tidier *tidier_new(const struct stream *s);
void tidier_wake(struct tidier *t);
/* What went wrong since the last call: the text of an error, valid until the next, or NULL. */
const char *tidier_trouble(struct tidier *t);
/* Leaves its work within a moment (retention may take a second); t may be NULL. */
void tidier_free(struct tidier *t);

#endif

/* Who keeps us from a database: SQLite's locks are fcntl's, and Linux lists them all. */
#ifndef STREAM_SINK_SQLITE_LOCK_H
#define STREAM_SINK_SQLITE_LOCK_H

#include <stddef.h>

/*
 * Writes `process 1234 (sqlite3), which is stopped,` or its like; `another process` where it is not to be found out: it let go just
 * now, or runs on another machine or in another container.
 */
void sqlite_lock_holder(const char *file, char *out, size_t len);

#endif

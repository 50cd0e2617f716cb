/*
 * `dir:PATTERN?format=json|csv|tsv|frames&compress=none|gzip|zstd|zip` -- files that appear whole.
 *
 * PATTERN names a directory for each record:
 *
 *   {field}           the value of the field, `_null` if it has none or an empty one
 *   {stream}          the metadatum @stream; if there is none, the field of that name
 *   {@time:FORMAT}    a time (of any field or metadatum, also as text or a number) by timestamp_format, in UTC;
 *                     `_null` if it is none
 *   {{ }}             braces
 *
 * A value is one part of the path whatever is in it: `/`, `%` and control bytes are written as %XX, and so is a dot
 * at the start; one of more than 200 bytes is cut and gets its hash. (A FORMAT may well have slashes.)
 *
 * A file is called TIME-RANDOM.json.zst, TIME being that of its first record's arrival: in a directory names sort by
 * time, and no two are alike. While it grows it is a hidden `.part-…` in the same directory, locked. It is published
 * when it has been open for `every` (60 s), holds `size` bytes (64 MiB), when more than 128 files are open (the one
 * that was longest without a record), and at the end: fsync, a rename that never overwrites, fsync of the directory.
 * So a file that can be seen is whole and stays as it is.
 *
 * In a checkpointed flow no file is published by itself: those that are finished wait, hidden in one place, for the
 * barrier (dir_flow.h), and `every` is the pace of the barriers.
 *
 * Whoever begins a file in a directory removes the hidden files there that a dead process of the same user left
 * behind (nobody holds their lock).
 *
 * format=frames with compress=zstd packs inside the frames, so that a reader can still pick columns.
 */
#ifndef STREAM_SINK_DIR_H
#define STREAM_SINK_DIR_H

#include "sink/sink.h"

enum { DIR_PARTS_MAX = 128 };

int dir_sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e);

#endif

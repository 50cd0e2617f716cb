/*
 * One record: from its text into the next row of a batch.
 *
 * Both return the byte behind the record, or NULL and the batch as it was: then json_scan tells what is wrong with the text
 * or that it isn't whole; or keys->reason or keys->full say why a record that is JSON can't be taken. The batch is
 * that of json_keys_batch. `newlines` is how many there are in the record.
 */
#ifndef STREAM_FORMAT_JSON_RECORD_H
#define STREAM_FORMAT_JSON_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "format/json_keys.h"

/* The object whose brace is at p. DECODE_SLACK bytes behind end may be read. */
const char *json_record_read(struct json_keys *keys, const char *p, const char *end, uint64_t line, uint64_t *newlines);

/* What else stands at p, as the field `value`. `last`: nothing follows end. A number, string or word must have white space
   behind it, or, `in_array`, a `,` or `]`. */
const char *json_plain_read(struct json_keys *keys, const char *p, const char *end, bool last, bool in_array,
			    uint64_t line, uint64_t *newlines);

#endif

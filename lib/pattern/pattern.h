/*
 * Patterns: what turns a line of text into the fields of a record (stream-parse). A pattern is made from
 *
 *   a name         `common combined nginx-error apache-error syslog rfc5424 dpkg logfmt json csv`
 *   a grok         has `%{`: `%{IPORHOST:client} %{NUMBER:rt:float}`; types are int, float and string
 *   a regex        has `(?<` or `(?P<`: PCRE2, each named group is a field; a name that comes twice, as (?J) allows, takes the
 *                  group that is set
 *
 * and applied line by line, each match being a new row of a batch:
 *
 *   pattern_begin(p, to);                      once for each batch, and whenever it was cleared
 *   pattern_apply(p, line, len, number, &reason);
 *
 * Texts are borrowed from the line, which must live as long as the rows do; json, csv and logfmt copy it to the arena of
 * `to`. A field whose group took no part in the match is absent. Fields are strings unless a type is given or stated
 * below. grok and regex match anywhere in the line, a named pattern the whole of it.
 *
 * common         client ident user time method path protocol status bytes; a number at the end of the line is `rt`. `-` is
 *                null. A request of other than three words is `path` whole, method and protocol null. status, bytes and
 *                rt are numbers. Quoted texts are as the server escaped them (`\"` does not end one)
 * combined       the same, with referer and agent before rt
 * nginx-error    time level pid tid connection message client server request subrequest upstream host referrer
 * apache-error   time module level pid tid client message; of Apache 2.2 and 2.4
 * syslog         priority time host program pid message; RFC 3164, and with an RFC 3339 time as rsyslog writes it. The year, which
 *                is not written, is that which is nearest to now
 * rfc5424        priority version time host app procid msgid data message; `-` is null
 * dpkg           time action state package arch old version path decision detail, as the action has them; `<none>` is null
 * logfmt json    the members of the line; json takes objects only, logfmt lines with a `=`
 * csv            the first line has the names
 *
 * pid, tid, connection, priority and version of rfc5424 are ints. `time` is kept as the string that it was, and read becomes
 * @time (UTC where no zone is given); so does the first of a grok's captures by HTTPDATE, TIMESTAMP_ISO8601 or SYSLOGTIMESTAMP.
 */
#ifndef STREAM_PATTERN_PATTERN_H
#define STREAM_PATTERN_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "record/batch.h"

struct pattern;

struct pattern_options {
	bool timeless; /* don't set @time: another field will */
	int64_t now;   /* the time that a date without a year is near to; 0: the clock at pattern_begin */
};

/* ERR_USAGE, with the nearest name if it is an unknown one. options may be NULL. */
int pattern_new(const char *text, const struct pattern_options *options, struct pattern **out, struct error *e);
void pattern_free(struct pattern *p);

enum pattern_result {
	PATTERN_MATCHED,  /* one row more */
	PATTERN_NONE,     /* it is not of this pattern: another may take it */
	PATTERN_REJECTED, /* it is, but something in it can't be read: a time, a number */
	PATTERN_CONSUMED, /* taken without a row: the header of csv */
	PATTERN_FULL,     /* `to` has no room for its fields: close the batch, begin another, try again */
};

/* Columns of `to` are looked up at the first match behind this. */
void pattern_begin(struct pattern *p, struct batch *to);
/* `number` is the line's number for the row, 0 if not known. *reason (for NONE and REJECTED) lives until the next call. */
enum pattern_result pattern_apply(struct pattern *p, const char *line, size_t len, uint64_t number,
				  const char **reason);

/* The names of the first kind; returns how many. */
size_t pattern_names(const char *const **names);
/* Appends the definition of a name, or of a name of the grok library: a line of regex or grok. For those that are not made from
   one, common and combined, a regex that is equivalent; for json, csv and logfmt a line of words. ERR_USAGE if there is none. */
int pattern_show(const char *name, struct buf *out, struct error *e);

#endif

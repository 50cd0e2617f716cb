/*
 * How fast the lines of an access log become records, in blocks of 1 MiB as a pipe brings them: by the scanner of
 *`combined`, and by a grok for the same fields. And how fast dates are read.
 *
 *	build/bench/line_parse [MILLIONS OF LINES]      the best of five rounds of each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "format/text.h"
#include "pattern/parse.h"

enum { BLOCK = 1 << 20, ROUNDS = 5, DATES = 1000000 };

static uint32_t state = 1;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

/* A hundred lines a second. */
static void make_line(struct buf *out, uint32_t i)
{
	static const char *const agents[] = {"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/118.0",
					     "curl/8.1.2",
					     "Mozilla/5.0 (compatible; Bot/1.0; +http://example.org/bot)"};
	char date[32];
	timestamp_format((INT64_C(1700000000) + i / 100) * 1000000000, "%d/%b/%Y:%H:%M:%S %z", date, sizeof date);
	buf_printf(
		out,
		"10.%u.%u.%u - - [%s] \"GET /shop/%u/item HTTP/1.1\" %u %u \"http://www.example.org/\" \"%s\" 0.%03u\n",
		draw(80), draw(256), draw(256), date, draw(5000), draw(10) ? 200 : 404, draw(100000), agents[draw(3)],
		draw(1000));
}

static int64_t parse_all(struct parse *p, const struct buf *log, uint64_t *rows)
{
	struct batch lines, records;
	struct error e;
	struct decoder *d = decoder_new(FORMAT_LINES, NULL);
	batch_init(&lines);
	batch_init(&records);
	int64_t start = monotonic_now();
	*rows = 0;
	for (size_t at = 0, used; at < log->len; at += used) {
		size_t len = log->len - at < BLOCK ? log->len - at : BLOCK;
		batch_clear(&lines);
		if (d->ops->decode(d, log->data + at, len, at + len == log->len, BATCH_ROWS, &lines, &used, &e) != OK ||
		    !used)
			break;
		for (uint32_t done = 0, consumed; done < batch_count(&lines); *rows += batch_count(&records))
			done += parse_batch(p, &lines, done, &records, &consumed);
	}
	int64_t took = monotonic_now() - start;
	decoder_free(d);
	batch_release(&lines);
	batch_release(&records);
	return took;
}

static void bench_parse(const char *pattern, const struct buf *log)
{
	struct pattern *p;
	struct error e;
	if (pattern_new(pattern, NULL, &p, &e) != OK) {
		printf("%s: %s\n", pattern, e.text);
		return;
	}
	struct parse parse = {.patterns = &p, .count = 1};
	int64_t best = INT64_MAX;
	uint64_t rows = 0;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t took = parse_all(&parse, log, &rows);
		best = took < best ? took : best;
	}
	printf("%-24s %.3f s, %llu rows, %.0f MB/s, %.0f ns a row\n", pattern, (double)best / 1e9,
	       (unsigned long long)rows, (double)log->len * 1e3 / (double)best, (double)best / (double)rows);
	pattern_free(p);
}

/* `digit`: the one that changes from date to date. */
static void bench_dates(const char *name, const char *text, int digit, size_t (*read)(const char *, size_t, int64_t *))
{
	char copy[64];
	size_t len = strlen(strcpy(copy, text)), good = 0;
	int64_t best = INT64_MAX, ns;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = monotonic_now();
		for (uint32_t i = 0; i < DATES; i++) {
			copy[digit] = (char)('0' + i % 10);
			good += read(copy, len, &ns) == len;
		}
		int64_t took = monotonic_now() - start;
		best = took < best ? took : best;
	}
	printf("%-24s %.1f ns a date%s\n", name, (double)best / DATES,
	       good == (size_t)ROUNDS * DATES ? "" : ", some not read");
}

int main(int argc, char **argv)
{
	uint32_t count = (uint32_t)((argc > 1 ? atof(argv[1]) : 0.5) * 1e6);
	struct buf log = BUF_INIT;
	for (uint32_t i = 0; i < count; i++)
		make_line(&log, i);
	buf_reserve(&log, DECODE_SLACK);
	bench_parse("combined", &log);
	bench_parse("%{COMBINEDAPACHELOG}", &log);
	bench_dates("RFC 3339", "2026-11-22T19:37:33.123456Z", 18, timestamp_read);
	bench_dates("common log format", "20/Feb/2016:00:00:45 -0500", 19, timestamp_read_clf);
	buf_release(&log);
	return 0;
}

/*
 * How fast CSV becomes a batch of values: rows like those of a web log, made here, decoded in blocks of 1 MiB.
 *
 *   csv_decode [MILLIONS OF ROWS]      prints the seconds of the best of five rounds, all columns and two of them
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "format/text.h"

enum { BLOCK = 1 << 20, ROUNDS = 5 };

static uint32_t state = 1;

static uint32_t pick(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static void make_row(struct buf *out, uint32_t i)
{
	static const char *const paths[] = {"/", "/index.html", "/api/v1/items", "/search", "/static/app.js"};
	static const char *const agents[] = {"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Firefox/118.0", "curl/8.1.2",
					     "\"Mozilla/5.0 (KHTML, like Gecko) Chrome/117.0\""};
	buf_printf(out, "2026-03-%02uT%02u:%02u:%02uZ,10.%u.%u.%u,%s,%s/%u,%u,%u,%u.%03u,%s\n", 1 + i / 86400 % 28,
		   i / 3600 % 24, i / 60 % 60, i % 60, pick(256), pick(256), pick(256), pick(8) ? "GET" : "POST",
		   paths[pick(5)], pick(100000), pick(10) ? 200 : 404, pick(200000), pick(3), pick(1000),
		   agents[pick(3)]);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Decodes all of the text and returns its rows. */
static uint64_t decode_all(const struct buf *text, const struct decode_options *o)
{
	struct decoder *d = csv_decoder_new(o, ',');
	struct batch b;
	struct error e;
	uint64_t rows = 0;
	batch_init(&b);
	for (size_t at = 0, used; at < text->len; at += used) {
		size_t len = text->len - at < BLOCK ? text->len - at : BLOCK;
		batch_clear(&b);
		if (d->ops->decode(d, text->data + at, len, at + len == text->len, BATCH_ROWS, &b, &used, &e))
			return 0;
		rows += b.rows;
	}
	d->ops->free(d);
	batch_release(&b);
	return rows;
}

static void measure(const char *what, const struct buf *text, const struct decode_options *o)
{
	double best = 1e9;
	uint64_t rows = 0;
	for (int i = 0; i < ROUNDS; i++) {
		double start = now();
		rows = decode_all(text, o);
		double took = now() - start;
		best = took < best ? took : best;
	}
	printf("%s: %llu rows, %zu MB, %.3f s, %.0f MB/s\n", what, (unsigned long long)rows, text->len / 1000000, best,
	       (double)text->len / best / 1e6);
}

int main(int argc, char **argv)
{
	static const char *const two[] = {"status", "rt"};
	const struct decode_options all = {0}, want = {two, 2};
	uint32_t rows = (uint32_t)((argc > 1 ? atof(argv[1]) : 2) * 1e6);
	struct buf text = BUF_INIT;
	buf_string_append(&text, "time,client,method,path,status,bytes,rt,agent\n");
	for (uint32_t i = 0; i < rows; i++)
		make_row(&text, i);
	measure("all columns", &text, &all);
	measure("two columns", &text, &want);
	buf_release(&text);
	return 0;
}

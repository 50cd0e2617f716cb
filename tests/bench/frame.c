/*
 * How fast frames are written and loaded: 2 million records like those of a web server's log, in batches of 16,384.
 *
 *   make micro && build/micro/frame
 *
 * Each line: what, processor seconds for all, ns per cell, microseconds per frame, bytes per record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/frame.h"

enum { RECORDS = 2000000, ROWS = BATCH_ROWS, BATCHES = 8, ROUNDS = RECORDS / ROWS, COLUMNS = 11 };

static uint64_t state = 1;

/* Processor time: what else the machine does should not count. */
static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static uint32_t below(uint32_t n)
{
	state += UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)((hash_mix(state, 7) >> 32) * n >> 32);
}

static struct value text(struct batch *b, const char *format, uint32_t n)
{
	char *s = arena_printf(&b->arena, format, n, n * 7);
	return value_string(s, strlen(s));
}

static void fill(struct batch *b, int64_t at)
{
	static const char *const names[COLUMNS] = {"ts",    "ip",     "method", "host", "path", "referer",
						   "agent", "status", "bytes",  "rt",   "user"};
	static const char *const methods[] = {"GET", "POST", "HEAD", "PUT", "DELETE"};
	uint16_t columns[COLUMNS];
	batch_init(b);
	for (int i = 0; i < COLUMNS; i++)
		columns[i] = (uint16_t)batch_column(b, names[i], strlen(names[i]));
	for (uint32_t i = 0; i < ROWS; i++) {
		uint32_t row = batch_begin(b), m = below(100);
		struct value cells[COLUMNS] = {
			value_time(at + i * INT64_C(10000000) + below(5000000)),
			text(b, "10.%u.17.4", below(2000)),
			value_string(methods[m < 80 ? 0 : m % 5], strlen(methods[m < 80 ? 0 : m % 5])),
			text(b, "host-%u.example.org", below(30)),
			text(b, "/a/rather/long/path/to/some/thing/%u/and/%u?with=a&query", below(1u << 31)),
			text(b, "https://www.example.org/where/somebody/came/from/%u/%u.html", below(1u << 31)),
			text(b,
			     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.%u (KHTML, like Gecko) Chrome/%u Safari",
			     below(300)),
			value_int(m < 90 ? 200 : 400 + m % 5),
			value_int(below(100000)),
			value_decimal(below(3000), 3),
			value_int(1000000 + below(50000)),
		};
		for (int c = 0; c < COLUMNS; c++)
			b->columns[columns[c]].values[row] = cells[c];
		batch_end(b, (uint32_t)batch_shape_of(b, columns, COLUMNS), 0);
	}
}

static void report(const char *what, int64_t ns, uint64_t bytes)
{
	double rows = (double)ROUNDS * ROWS;
	printf("%-44s %6.3f s  %6.2f ns/cell  %8.1f us/frame  %6.1f bytes/record\n", what, (double)ns / 1e9,
	       (double)ns / rows / COLUMNS, (double)ns / 1e3 / ROUNDS, (double)bytes / rows);
}

static void fail(const struct error *e)
{
	fprintf(stderr, "%s\n", e->text);
	exit(1);
}

static void bench(const char *name, const struct frame_writer_options *o, struct batch *batches)
{
	struct frame_writer *w = frame_writer_new(o), *pass = frame_writer_new(o);
	struct frame_reader *r = frame_reader_new();
	struct error e;
	struct buf out = BUF_INIT, again = BUF_INIT;
	struct batch got;
	char what[64];
	int64_t encode = 0, load = 0, onward = 0, filtered = 0;
	uint64_t bytes = 0;
	uint32_t *tenth = calloc(ROWS, sizeof *tenth);
	for (uint32_t i = 0; i < ROWS / 10; i++)
		tenth[i] = i * 10;
	batch_init(&got);
	for (int i = 0; i < ROUNDS; i++) {
		struct frame f;
		buf_clear(&out);
		int64_t t0 = now();
		if (frame_write(w, FRAME_DATA, 0, &batches[i % BATCHES], NULL, &out, &e))
			fail(&e);
		int64_t t1 = now();
		if (frame_peek(out.data, out.len, &f, &e) != 1 || frame_load(r, out.data, &f, NULL, 0, &got, &e))
			fail(&e);
		int64_t t2 = now();
		buf_clear(&again);
		if (frame_write(pass, FRAME_DATA, 0, &got, NULL, &again, &e))
			fail(&e);
		int64_t t3 = now();
		batch_select(&got, tenth, ROWS / 10);
		buf_clear(&again);
		if (frame_write(pass, FRAME_DATA, 0, &got, NULL, &again, &e))
			fail(&e);
		int64_t t4 = now();
		encode += t1 - t0;
		load += t2 - t1;
		onward += t3 - t2;
		filtered += t4 - t3;
		bytes += out.len;
	}
	snprintf(what, sizeof what, "%s: write from values", name);
	report(what, encode, bytes);
	snprintf(what, sizeof what, "%s: load", name);
	report(what, load, bytes);
	snprintf(what, sizeof what, "%s: write what was loaded", name);
	report(what, onward, bytes);
	snprintf(what, sizeof what, "%s: write every tenth row of it", name);
	report(what, filtered, bytes);
	batch_release(&got);
	buf_release(&out);
	buf_release(&again);
	free(tenth);
	frame_writer_free(w);
	frame_writer_free(pass);
	frame_reader_free(r);
}

/* What a prompt pipeline pays: a frame for each record. */
static void bench_single(struct batch *b)
{
	enum { TIMES = 200000 };
	struct frame_writer_options o = {.alone = false};
	struct frame_writer *w = frame_writer_new(&o);
	struct frame_reader *r = frame_reader_new();
	struct error e;
	struct buf out = BUF_INIT;
	struct batch got;
	int64_t encode = 0, load = 0;
	uint64_t bytes = 0;
	batch_init(&got);
	for (uint32_t i = 0; i < TIMES; i++) {
		struct frame f;
		uint32_t row = i % ROWS;
		buf_clear(&out);
		batch_select(b, &row, 1);
		int64_t t0 = now();
		if (frame_write(w, FRAME_DATA, 0, b, NULL, &out, &e))
			fail(&e);
		int64_t t1 = now();
		if (frame_peek(out.data, out.len, &f, &e) != 1 || frame_load(r, out.data, &f, NULL, 0, &got, &e))
			fail(&e);
		encode += t1 - t0;
		load += now() - t1;
		bytes += out.len;
	}
	printf("pipe, one record: write %.0f ns, load %.0f ns, %.0f bytes\n", (double)encode / TIMES,
	       (double)load / TIMES, (double)bytes / TIMES);
	b->sel = NULL;
	batch_release(&got);
	buf_release(&out);
	frame_writer_free(w);
	frame_reader_free(r);
}

int main(void)
{
	static struct batch batches[BATCHES];
	for (int i = 0; i < BATCHES; i++)
		fill(&batches[i], INT64_C(1700000000000000000) + i * INT64_C(1000000000));
	bench("pipe", &(struct frame_writer_options){.alone = false}, batches);
	bench("pipe, sums", &(struct frame_writer_options){.alone = false, .sums = true}, batches);
	bench("file, sums", &(struct frame_writer_options){.alone = true, .sums = true}, batches);
	bench("file, sums, zstd 1", &(struct frame_writer_options){.alone = true, .sums = true, .zstd = 1}, batches);
	bench_single(&batches[0]);
	for (int i = 0; i < BATCHES; i++)
		batch_release(&batches[i]);
	return 0;
}

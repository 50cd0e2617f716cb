/*
 * How fast JSON lines are decoded and encoded: web log records of eight fields, made in memory, the same for the same seed.
 *
 *	build/bench/json_decode [RECORDS [REPEATS]]
 *
 * For each way the best of the repeats: GB/s of input (or output), and nanoseconds for a record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "format/text.h"

static uint64_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 32) * below >> 32);
}

static void make_path(char *path, size_t size)
{
	static const char *const words[] = {"summer", "winter", "garden", "kitchen",
					    "travel", "music",  "paper",  "stone"};
	uint32_t id = draw(5000), page = draw(40);
	if (id % 7 == 0)
		snprintf(path, size, "/search?q=%s+%s&page=%u", words[draw(8)], words[draw(8)], page);
	else if (id % 7 == 1)
		snprintf(path, size, "/");
	else
		snprintf(path, size, "/%s/%u/%s-%s", words[id % 5], id, words[draw(8)], words[draw(8)]);
}

static void make_record(struct buf *out, uint32_t i)
{
	static const char *const methods[] = {"GET", "GET", "GET", "GET", "GET", "GET", "POST", "DELETE"};
	static const int statuses[] = {200, 200, 200, 200, 200, 304, 404, 500};
	static const char *const systems[] = {"X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh",
					      "iPhone; CPU iPhone OS 17_4"};
	char path[128];
	uint32_t agent = draw(48), ms = 1 + draw(1u << (4 + draw(9)));
	make_path(path, sizeof path);
	buf_printf(out, "{\"ts\":\"2026-01-%02uT%02u:%02u:%02u.%03uZ\",\"ip\":\"10.%u.%u.%u\",\"method\":\"%s\",",
		   1 + i / 8640000 % 28, i / 360000 % 24, i / 6000 % 60, i / 100 % 60, i % 100 * 10, draw(64), draw(80),
		   1 + draw(250), methods[draw(8)]);
	buf_printf(out, "\"path\":\"%s\",\"status\":%d,\"bytes\":%u,\"rt\":%u.%03u,", path, statuses[draw(8)],
		   draw(1u << draw(20)), ms / 1000, ms % 1000);
	buf_printf(out, "\"ua\":\"Mozilla/5.0 (%s) Browser/%u.0.%u\"}\n", systems[agent % 4], 100 + agent / 4,
		   agent * 37);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const char *what, double seconds, size_t bytes, uint64_t records)
{
	printf("%-28s %6.2f GB/s %8.1f ns a record\n", what, (double)bytes / seconds / 1e9,
	       seconds / (double)records * 1e9);
}

static void fail(const char *what)
{
	fprintf(stderr, "json_decode: %s\n", what);
	exit(1);
}

/* Decodes all of it in batches; encodes them too if there is an encoder. Returns the seconds of what is measured. */
static double run(const struct buf *text, const struct decode_options *o, uint64_t records, struct encoder *x,
		  size_t *encoded)
{
	struct decoder *d = json_decoder_new(o);
	struct batch b;
	struct buf out = BUF_INIT;
	uint64_t rows = 0;
	double seconds = 0;
	batch_init(&b);
	*encoded = 0;
	for (size_t at = 0, used; at < text->len; at += used) {
		size_t len = text->len - at < 1 << 20 ? text->len - at : 1 << 20;
		double begin = now();
		batch_clear(&b);
		if (d->ops->decode(d, text->data + at, len, len == text->len - at, BATCH_ROWS, &b, &used, NULL))
			fail("decode");
		if (!x)
			seconds += now() - begin;
		rows += b.rows;
		if (b.reject_count || !used)
			fail("rejects");
		if (!x)
			continue;
		buf_clear(&out);
		begin = now();
		x->ops->encode(x, &b, &out, NULL);
		seconds += now() - begin;
		*encoded += out.len;
		/* A record may have come without its newline. */
		if (memcmp(out.data, text->data + at + (text->data[at] == '\n'), out.len - 1))
			fail("what was encoded is not what was decoded");
	}
	if (rows != records)
		fail("records are missing");
	buf_release(&out);
	batch_release(&b);
	d->ops->free(d);
	return seconds;
}

int main(int argc, char **argv)
{
	uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 500000;
	int repeats = argc > 2 ? atoi(argv[2]) : 5;
	static const char *const three[] = {"status", "bytes", "rt"}, *const one[] = {"status"};
	const struct decode_options some = {three, 3}, single = {one, 1};
	struct encoder *x = json_encoder_new(&(struct encode_options){0});
	struct buf text = BUF_INIT;
	for (uint64_t i = 0; i < records; i++)
		make_record(&text, (uint32_t)i);
	buf_reserve(&text, DECODE_SLACK);
	double best[4] = {1e9, 1e9, 1e9, 1e9};
	size_t encoded = 0, none;
	for (int i = 0; i < repeats; i++) {
		double seconds[] = {run(&text, NULL, records, NULL, &none), run(&text, &some, records, NULL, &none),
				    run(&text, &single, records, NULL, &none), run(&text, NULL, records, x, &encoded)};
		for (int k = 0; k < 4; k++)
			best[k] = seconds[k] < best[k] ? seconds[k] : best[k];
	}
	printf("%llu records, %zu bytes, %.0f a record\n", (unsigned long long)records, text.len,
	       (double)text.len / (double)records);
	report("decode, all columns", best[0], text.len, records);
	report("decode, 3 columns wanted", best[1], text.len, records);
	report("decode, 1 column wanted", best[2], text.len, records);
	report("encode", best[3], encoded, records);
	x->ops->free(x);
	buf_release(&text);
	return 0;
}

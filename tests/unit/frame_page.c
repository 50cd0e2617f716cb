/* The page stream-frame.5 against our reader: tests/frame_reader.py, which was written from that page, must see the same values. */
#include <stdlib.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "format/frame.h"
#include "record/batch_rows.h"
#include "frame_random.h"
#include "test.h"

static struct error error;

/* -- what frame_reader.py --exact prints -- */

static void print_hex(FILE *to, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(to, "%02x", (unsigned char)p[i]);
}

static void print_value(FILE *to, struct value v)
{
	static const char *const names[TYPE_COUNT] = {
		[TYPE_NUMBER] = "number", [TYPE_STRING] = "string", [TYPE_BYTES] = "bytes", [TYPE_JSON] = "json"};
	if (v.type == TYPE_NULL)
		fprintf(to, "null");
	else if (v.type == TYPE_INT)
		fprintf(to, "int:%" PRId64 "/%u", v.i, v.scale);
	else if (v.type == TYPE_FLOAT)
		fprintf(to, "float:%016" PRIx64, (uint64_t)v.i);
	else if (!value_has_text(v))
		fprintf(to, "%s:%" PRId64, v.type == TYPE_BOOL ? "bool" : "time", v.i);
	else {
		fprintf(to, "%s:", names[v.type]);
		print_hex(to, v.s, v.len);
	}
}

static void print_row(FILE *to, const struct batch *b, uint32_t row)
{
	uint32_t at = 0;
	struct value v;
	const struct column *c;
	fprintf(to, "row");
	for (int m = 0; m < META_COUNT; m++) {
		v = column_get(&b->meta[m], row);
		if (v.type == TYPE_ABSENT)
			continue;
		fprintf(to, " %s=", meta_names[m]);
		print_value(to, v);
	}
	while ((c = next_field(b, row, &at, &v))) {
		fprintf(to, " ");
		print_hex(to, c->name, c->name_len);
		fprintf(to, "=");
		print_value(to, v);
	}
	fprintf(to, "\n");
}

static void print_frame(FILE *to, const struct frame *f, const struct batch *b)
{
	fprintf(to, "frame kind=%d flags=%u rows=%u sorted=%u place=", f->kind, f->flags, f->rows, b->sorted);
	if (f->flags & FRAME_PLACED)
		fprintf(to, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n", f->place.segment, f->place.seq,
			f->place.durable, f->place.shard);
	else
		fprintf(to, "None\n");
	for (uint32_t i = 0; i < b->rows; i++)
		print_row(to, b, i);
}

/* -- a stream of everything -- */

static void add_stream(struct buf *out, const struct frame_writer_options *o, struct dice *d)
{
	struct stream_line line = {BOUNDED_YES, "some where", 10};
	struct frame_place place = {.segment = dice_bits(d), .seq = 1000, .durable = 7, .shard = 2};
	struct frame_writer *w = frame_writer_new(o);
	struct batch b;
	batch_init(&b);
	stream_line_write(&line, out);
	for (int i = 0; i < 40; i++) {
		batch_reset(&b);
		random_batch(&b, d, (uint64_t)i / 4, i % 4 ? 100 + dice_below(d, 100) : dice_below(d, 4), 1 + i % 3);
		b.sorted = 1;
		CHECK(!frame_write(w, FRAME_DATA, 0, &b, o->alone && i % 2 ? &place : NULL, out, &error));
		if (i == 20)
			frame_writer_restart(w);
		if (i % 7)
			continue;
		batch_reset(&b);
		struct field active[] = {{"shard", value_string("a", 1)}, {"time", value_time(5000 + i)}};
		struct field idle[] = {{"shard", value_string("b", 1)}, {"state", value_string("idle", 4)}};
		batch_add_row(&b, active, 2);
		batch_add_row(&b, idle, 2);
		CHECK(!frame_write(w, FRAME_WATERMARK, 0, &b, NULL, out, &error));
	}
	CHECK(!frame_write(w, FRAME_IDLE, FRAME_CRITICAL, NULL, NULL, out, &error));
	batch_release(&b);
	frame_writer_free(w);
}

static void print_stream(FILE *to, const struct buf *in)
{
	struct frame_reader *r = frame_reader_new();
	struct batch b;
	size_t at = 0;
	batch_init(&b);
	while (at < in->len) {
		struct stream_line line;
		struct frame f;
		long n = in->data[at] == '#' ? stream_line_read(in->data + at, in->len - at, &line, &error) : 0;
		if (n > 0) {
			fprintf(to, "stream bounded=%s source=%.*s\n", line.bounded == BOUNDED_YES ? "yes" : "no",
				(int)line.source_len, line.source);
			at += (size_t)n;
			continue;
		}
		bool good = frame_peek(in->data + at, in->len - at, &f, &error) == 1 &&
			    !frame_load(r, in->data + at, &f, NULL, 0, &b, &error);
		CHECK(good);
		if (!good)
			break;
		print_frame(to, &f, &b);
		at += f.size;
	}
	batch_release(&b);
	frame_reader_free(r);
}

static bool have(const char *command)
{
	char text[128];
	snprintf(text, sizeof text, "command -v %s >/dev/null 2>&1", command);
	return !system(text);
}

int main(void)
{
	char frames[] = "/tmp/frame_page.XXXXXX", ours[] = "/tmp/frame_page.XXXXXX", command[256];
	struct buf out = BUF_INIT;
	struct dice d = {77};
	if (!have("python3") || access("tests/frame_reader.py", R_OK)) {
		printf("SKIP frame_page: no python3, or not started in the source directory\n");
		return 0;
	}
	bool zstd = have("zstd");
	if (!zstd)
		printf("SKIP frame_page, packed buffers: no zstd\n");
	for (int setting = 0; setting < (zstd ? 5 : 4); setting++)
		add_stream(&out,
			   &(struct frame_writer_options){
				   .alone = setting & 1, .sums = setting & 2, .zstd = setting == 4 ? 3 : 0},
			   &d);
	FILE *f = fdopen(mkstemp(frames), "wb"), *g = fdopen(mkstemp(ours), "w");
	CHECK(f && g && fwrite(out.data, 1, out.len, f) == out.len && !fclose(f));
	print_stream(g, &out);
	CHECK(!fclose(g));
	snprintf(command, sizeof command, "python3 tests/frame_reader.py --exact %s | cmp - %s", frames, ours);
	CHECK(system(command) == 0);
	unlink(frames);
	unlink(ours);
	buf_release(&out);
	return test_done();
}

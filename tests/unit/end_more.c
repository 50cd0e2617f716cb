/* END that says that more will come, in another run: commands that keep records for their end give nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "flow/counts.h"
#include "format/frame.h"
#include "record/batch_rows.h"
#include "test.h"
#include "window/spec.h"

static char bin[4096], dir[] = "/tmp/stream-end-XXXXXX";
static struct error e;

/* Records a second apart; in windows of 2 s if `windowed`. */
static void write_input(const char *name, int rows, bool windowed, bool final)
{
	struct frame_writer_options o = {.sums = true};
	struct frame_writer *w = frame_writer_new(&o);
	struct stream_line line = {.bounded = BOUNDED_NO};
	struct counts_list upstream = {0};
	struct counts own = {.command = "stream-test", .in = (uint64_t)rows, .out = (uint64_t)rows};
	struct buf out = BUF_INIT;
	struct batch b;
	char path[256];
	batch_init(&b);
	stream_line_write(&line, &out);
	if (windowed) {
		struct window_spec spec = {.kind = WINDOW_TUMBLE, .size = 2 * SECOND};
		window_write(&spec, &b);
		CHECK(!frame_write(w, FRAME_WINDOW, 0, &b, NULL, &out, &e));
	}
	batch_reset(&b);
	for (int i = 0; i < rows; i++) {
		CHECK(batch_add_row(&b, &(struct field){"n", value_int(i % 4)}, 1));
		batch_meta(&b, META_TIME)[i] = value_time(i * SECOND);
	}
	CHECK(!rows || !frame_write(w, FRAME_DATA, 0, &b, NULL, &out, &e));
	batch_reset(&b);
	counts_to_batch(&upstream, &own, final, &b);
	CHECK(!frame_write(w, FRAME_END, 0, &b, NULL, &out, &e));
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	CHECK(f && fwrite(out.data, 1, out.len, f) == out.len && !fclose(f));
	batch_release(&b);
	buf_release(&out);
	frame_writer_free(w);
}

/* Lines that the command prints; -1: it failed. */
static int lines_of(const char *command)
{
	char line[8192];
	int lines = 0;
	snprintf(line, sizeof line, "cd %s && PATH=%s:$PATH && timeout 20 %s 2>err", dir, bin, command);
	FILE *p = popen(line, "r");
	for (int c; p && (c = getc(p)) != EOF;)
		lines += c == '\n';
	return p && !pclose(p) ? lines : -1;
}

struct want {
	const char *command; /* A: six records; B: none; W: six in windows */
	int more, final;     /* lines, by what END says */
};

static const struct want wanted[] = {
	/* What is known at the end only. */
	{"stream-sort -k n -o json A", 0, 6},
	{"stream-sort -k n -o json W", 0, 0},
	{"stream-top -n 2 -k n -o json A", 0, 2},
	{"stream-top -n 2 -k n -b n --ties -o json A", 0, 6},
	{"stream-top -n 2 -k n -o json W", 0, 0},
	{"stream-uniq --last -k n -o json A", 0, 4},
	{"stream-uniq --last -k n -o json W", 0, 0},
	{"stream-join --left --within 10s -k n -o json --prefix r_ B A", 0, 6},
	/* What goes on at once, and what merely waited. */
	{"stream-join --within 1s -k n -o json --prefix r_ A A", 6, 6},
	{"stream-uniq -k n -o json A", 4, 4},
	{"stream-uniq -k n --within 2s -o json A", 6, 6},
	{"stream-uniq -k n -o json W", 6, 6},
	{"stream-merge -o json A A", 12, 12},
	{"stream-cat -o json A", 6, 6},
	{"stream-filter 'n > 0' -o json A", 4, 4},
	{"stream-map 'm = n' -o json A", 6, 6},
	{"stream-exec -n 4 -o json -- cat <A", 6, 6},
};

static void write_inputs(bool final)
{
	write_input("A", 6, false, final);
	write_input("B", 0, false, final);
	write_input("W", 6, true, final);
}

static void check(bool final)
{
	write_inputs(final);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		int want = final ? wanted[i].final : wanted[i].more, got = lines_of(wanted[i].command);
		if (got != want)
			fprintf(stderr, "%s: %d lines, not %d (%s)\n", wanted[i].command, got, want,
				final ? "final" : "more");
		CHECK(got == want);
	}
}

int main(void)
{
	ssize_t len = readlink("/proc/self/exe", bin, sizeof bin - 16);
	CHECK(len > 0 && mkdtemp(dir));
	for (int up = 0; up < 2; up++)
		*strrchr(bin, '/') = '\0';
	strcat(bin, "/bin");
	check(false);
	check(true);
	CHECK(lines_of("rm -rf \"$PWD\"") == 0);
	return test_done();
}

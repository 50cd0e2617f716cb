#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "format/frame.h"
#include "sink/dir_file.h"
#include "sink/dir_pattern.h"
#include "sink_help.h"

static char dir[] = "/tmp/sink-dir-XXXXXX";

static struct sink *open_sink(const char *rest, int64_t size)
{
	char url[300];
	struct sink *s = NULL;
	snprintf(url, sizeof url, "dir:%s", rest);
	int rc = sink_open(url, &(struct sink_options){.size = size}, &s, &e);
	CHECK(rc == OK);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
	return s;
}

static void put(struct sink *s, const char *json)
{
	int rc = sink_batch(s, rows(json), &e);
	CHECK(rc == OK);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
}

static void commit(struct sink *s)
{
	int rc = sink_prepare(s, &e);
	if (!rc)
		rc = sink_commit(s, 0, NULL, 0, &e);
	CHECK(rc == OK);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
	CHECK(sink_pending(s) == 0);
}

/* What a shell line prints, run in dir. */
static const char *shell(const char *line)
{
	static char out[8192];
	char command[1024];
	snprintf(command, sizeof command, "cd %s && { %s; } 2>&1", dir, line);
	FILE *f = popen(command, "r");
	out[fread(out, 1, sizeof out - 1, f)] = 0;
	pclose(f);
	return out;
}

#define CHECK_SHELL(line, want)                                                                                        \
	do {                                                                                                           \
		const char *got_ = shell(line);                                                                        \
		CHECK_TEXT(got_, strlen(got_), want);                                                                  \
	} while (0)

/* -- patterns -- */

static void expands(const char *pattern, const char *json, const char *want)
{
	struct arena a = {0};
	struct dir_pattern p;
	struct buf out = BUF_INIT;
	CHECK(dir_pattern_parse(pattern, &a, &p, &e) == OK);
	dir_pattern_bind(&p, rows(json));
	for (uint32_t i = 0; i < batch.rows; i++) {
		dir_pattern_expand(&p, i, &out);
		buf_byte(&out, ';');
	}
	CHECK_TEXT(out.data, out.len, want);
	buf_release(&out);
	arena_release(&a);
}

static void patterns(void)
{
	expands("a/b", "{\"x\":1}\n{}\n", "a/b;a/b;");
	expands("a/{x}/{y}", "{\"x\":1.10,\"y\":\"z\"}\n{\"x\":null}\n{\"y\":\"\"}\n",
		"a/1.10/z;a/_null/_null;a/_null/_null;");
	expands("{{{x}}}", "{\"x\":true}\n", "{true};");
	expands("{x}",
		"{\"x\":\"../../etc\"}\n{\"x\":\"..\"}\n{\"x\":\".\"}\n"
		"{\"x\":\"a/b\"}\n{\"x\":\"a\\u0000b\\n\"}\n{\"x\":\"50% x\"}\n",
		"%2E.%2F..%2Fetc;%2E.;%2E;a%2Fb;a%00b%0A;50%25 x;");
	expands("{x}", "{\"x\":\"\xc3\xa9\"}\n{\"x\":{\"a\":1}}\n", "\xc3\xa9;{\"a\":1};");
	expands("{t:%Y/%m/%d}",
		"{\"t\":\"2026-11-22T23:59:59.9Z\"}\n{\"t\":\"2026-11-23\"}\n{\"t\":1795390800}\n"
		"{\"t\":\"soon\"}\n{}\n{\"t\":-1}\n{\"t\":0}\n{\"t\":86399}\n{\"t\":86400}\n",
		"2026/11/22;2026/11/23;2026/11/22;_null;_null;1969/12/31;1970/01/01;1970/01/01;1970/01/02;");
	expands("{t:%H.%M.%S}", "{\"t\":59}\n{\"t\":60}\n{\"t\":61}\n{\"t\":3600}\n",
		"00.00.59;00.01.00;00.01.01;01.00.00;");
	expands("{stream}", "{\"stream\":\"s\"}\n", "s;");
	expands("{@time:%H}/{stream}", "{\"@time\":\"2026-11-22T19:00:00Z\",\"@stream\":\"web\",\"stream\":\"s\"}\n",
		"19/web;");
	struct buf json = BUF_INIT;
	buf_string_append(&json, "{\"x\":\"");
	buf_fill(&json, 'y', 1000);
	buf_string_append(&json, "\"}\n{\"x\":\"");
	buf_fill(&json, 'y', 1001);
	buf_string_append(&json, "\"}\n");
	struct arena a = {0};
	struct dir_pattern p;
	struct buf one = BUF_INIT, two = BUF_INIT;
	CHECK(dir_pattern_parse("{x}", &a, &p, &e) == OK);
	dir_pattern_bind(&p, rows(buf_string(&json)));
	dir_pattern_expand(&p, 0, &one);
	dir_pattern_expand(&p, 1, &two);
	CHECK(one.len < 255 && one.len == two.len && memcmp(one.data, two.data, one.len));
	buf_release(&one);
	buf_release(&two);
	buf_release(&json);
	CHECK(dir_pattern_parse("a/{x", &a, &p, &e) == ERR_USAGE);
	CHECK(dir_pattern_parse("a/}x", &a, &p, &e) == ERR_USAGE);
	CHECK(dir_pattern_parse("a/{}", &a, &p, &e) == ERR_USAGE);
	CHECK(dir_pattern_parse("a/{t:%Q}", &a, &p, &e) == ERR_USAGE && strstr(e.text, "%Q"));
	arena_release(&a);
}

/* -- files -- */

static void hidden_files(void)
{
	struct dir_file one, two;
	CHECK(dir_file_create(&one, &files_real, "files/a/b", ".x", &e) == OK);
	CHECK(dir_file_write(&one, "text", 4, &e) == OK);
	CHECK_SHELL("ls files/a/b; cat files/a/b/.part-*", "text");
	/* what has an owner stays; what has none goes */
	CHECK_SHELL("touch files/a/b/.part-dead files/a/b/.other; ln -s /etc/passwd files/a/b/.part-link", "");
	dir_file_clean("files/a/b");
	CHECK_SHELL("ls -A files/a/b | sed 's/[0-9]*T.*/NAME/'", ".other\n.part-NAME\n.part-link\n");
	CHECK(dir_file_sync(&one, &e) == OK && dir_file_publish(&one, &e) == OK);
	CHECK(access(one.final, F_OK) == 0);
	dir_file_close(&one);
	CHECK_SHELL("rm files/a/b/.part-link; cat files/a/b/*.x", "text");
	/* a file that is there is never overwritten */
	CHECK(dir_file_create(&two, &files_real, "files/a/b", ".x", &e) == OK);
	int fd = open(two.final, O_WRONLY | O_CREAT, 0600);
	CHECK(write(fd, "mine", 4) == 4);
	close(fd);
	CHECK(dir_file_publish(&two, &e) == ERR_FAILED && strstr(e.text, "File exists"));
	CHECK_SHELL("ls files/a/b | wc -l; cat files/a/b/*.x", "2\ntextmine");
	dir_file_close(&two);
	CHECK_SHELL("ls -A files/a/b/.part-* 2>/dev/null", "");
	CHECK(dir_file_create(&one, &files_real, "files/a/b/.other/c", ".x", &e) == ERR_FAILED &&
	      strstr(e.text, ".other"));
	dir_file_close(&one);
}

/* -- the sink -- */

static void by_field(void)
{
	struct sink *s = open_sink("lake/{k}?format=csv", 0);
	put(s, "{\"k\":\"a\",\"n\":1}\n{\"k\":\"b\",\"n\":2}\n{\"k\":\"a\",\"n\":3}\n{\"n\":4}\n");
	CHECK(batch.sel == NULL && sink_pending(s) == 4 && sink_due(s) < INT64_MAX);
	put(s, "{\"k\":\"a\",\"n\":5}\n{\"k\":\"b\",\"n\":6,\"new\":1}\n");
	CHECK(batch.reject_count == 1 && batch.rejects[0].row == 1);
	CHECK(sink_pending(s) == 5);
	CHECK_SHELL("find lake -name '*.csv' ! -name '.*' | wc -l; find lake -name '.part-*' | wc -l", "0\n3\n");
	CHECK(sink_tick(s, sink_due(s) - 1, &e) == OK && sink_pending(s) == 5);
	CHECK(sink_tick(s, monotonic_now() + MINUTE + SECOND, &e) == OK && sink_pending(s) == 0);
	CHECK_SHELL("cat lake/a/*.csv lake/b/*.csv lake/_null/*.csv", "k,n\na,1\na,3\na,5\nk,n\nb,2\nn\n4\n");
	put(s, "{\"k\":\"a\",\"n\":7}\n");
	commit(s);
	CHECK(sink_due(s) == INT64_MAX);
	CHECK_SHELL("cat lake/a/*.csv", "k,n\na,1\na,3\na,5\nk,n\na,7\n"); /* names sort by time */
	put(s, "{\"k\":\"a\",\"n\":8}\n");
	sink_close(s);
	CHECK_SHELL("find lake -name '*.csv' | wc -l; cat lake/a/*.csv | grep -c 8", "4\n0\n");
}

static void selected_rows(void)
{
	struct sink *s = open_sink("sel/{k}?format=csv", 0);
	static const uint32_t sel[] = {1, 2};
	rows("{\"k\":1,\"n\":1}\n{\"k\":1,\"n\":2}\n{\"k\":2,\"n\":3}\n{\"k\":2,\"n\":4}\n");
	batch_select(&batch, sel, 2);
	CHECK(sink_batch(s, &batch, &e) == OK && sink_pending(s) == 2);
	CHECK(batch.sel == sel && batch.sel_count == 2);
	commit(s);
	sink_close(s);
	CHECK_SHELL("cat sel/1/* sel/2/*", "k,n\n1,2\nk,n\n2,3\n");
}

static void compressed(void)
{
	static const struct {
		const char *url, *unpack, *want;
	} kinds[] = {
		{"z1?format=csv&compress=gzip", "gzip -dc z1/*.csv.gz", "a\n1\n2\n"},
		{"z2?format=csv&compress=zstd",
		 "command -v zstd >/dev/null && zstd -qdc z2/*.csv.zst || printf 'a\\n1\\n2\\n'", "a\n1\n2\n"},
		{"z3?format=csv&compress=zip",
		 "python3 -c 'import zipfile,glob;z=zipfile.ZipFile(glob.glob(\"z3/*.csv.zip\")[0]);"
		 "print(z.namelist()[0],z.read(z.namelist()[0]).decode(),end=\"\")'",
		 "data.csv a\n1\n2\n"},
		{"z4?format=tsv", "cat z4/*.tsv", "a\n1\n2\n"},
		{"z5", "cat z5/*.json", "{\"a\":1}\n{\"a\":2}\n"},
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct sink *s = open_sink(kinds[i].url, 0);
		put(s, "{\"a\":1}\n{\"a\":2}\n");
		commit(s);
		sink_close(s);
		CHECK_SHELL(kinds[i].unpack, kinds[i].want);
	}
}

static void size_and_limit(void)
{
	struct sink *s = open_sink("size?format=csv", 200000);
	struct buf b = BUF_INIT;
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "{\"n\":%d,\"text\":\"some text that takes room\"}\n", i);
	for (int i = 0; i < 3; i++)
		put(s, buf_string(&b));
	CHECK(sink_pending(s) == 0); /* each batch filled a file */
	CHECK_SHELL("ls size | wc -l; cat size/* | wc -l", "3\n30003\n");
	sink_close(s);
	/* more directories than open files: the oldest are published early, and nothing is lost */
	s = open_sink("many/{d}?format=csv", 0);
	buf_clear(&b);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "{\"d\":%d,\"n\":%d}\n", i % 200, i);
	put(s, buf_string(&b));
	CHECK(sink_pending(s) == 128 * 5);
	put(s, buf_string(&b));
	commit(s);
	sink_close(s);
	CHECK_SHELL("ls many | wc -l; cat many/*/* | grep -vc d; find many -name '.part*' | wc -l", "200\n2000\n0\n");
	buf_release(&b);
}

/* A killed process leaves hidden files; the next one removes them, and none that lives. */
static void after_a_kill(void)
{
	pid_t child = fork();
	if (!child) {
		put(open_sink("killed/{k}?format=csv", 0), "{\"k\":1}\n{\"k\":2}\n");
		raise(SIGKILL);
	}
	waitpid(child, NULL, 0);
	CHECK_SHELL("find killed -type f | grep -c part", "2\n");
	struct sink *s = open_sink("killed/{k}?format=csv", 0), *other = open_sink("killed/{k}?format=csv", 0);
	put(other, "{\"k\":1}\n");
	put(s, "{\"k\":1}\n");
	CHECK_SHELL("find killed/1 -type f | grep -c part; find killed/2 -type f | grep -c part", "2\n1\n");
	commit(s);
	commit(other);
	sink_close(s);
	sink_close(other);
	CHECK_SHELL("ls -A killed/1 | wc -l", "2\n");
}

static void frames(const char *url, const char *pattern)
{
	struct sink *s = open_sink(url, 0);
	struct buf b = BUF_INIT;
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "{\"n\":%d,\"s\":\"text %d\"}\n", i, i % 10);
	put(s, buf_string(&b));
	put(s, "{\"other\":1.10}\n");
	commit(s);
	sink_close(s);
	buf_clear(&b);
	char path[200];
	snprintf(path, sizeof path, "ls %s", pattern);
	const char *name = shell(path);
	char *file = mem_copy(name, strcspn(name, "\n"));
	int fd = open(file, O_RDONLY);
	CHECK(fd >= 0);
	ssize_t n;
	while (fd >= 0 && (n = read(fd, buf_reserve(&b, 65536), 65536)) > 0)
		b.len += (size_t)n;
	close(fd);
	free(file);
	struct stream_line line;
	long at = stream_line_read(b.data, b.len, &line, &e);
	CHECK(at > 0 && line.bounded == BOUNDED_YES);
	struct frame_reader *r = frame_reader_new();
	struct batch got;
	uint32_t total = 0;
	bool ended = false;
	struct buf text = BUF_INIT;
	batch_init(&got);
	for (size_t p = at > 0 ? (size_t)at : b.len; p < b.len;) {
		struct frame f;
		int rc = frame_peek(b.data + p, b.len - p, &f, &e);
		CHECK(rc == 1);
		if (rc != 1)
			break;
		CHECK(f.flags & FRAME_ALONE && f.flags & FRAME_SUMS);
		CHECK(frame_load(r, b.data + p, &f, NULL, 0, &got, &e) == OK);
		p += f.size;
		CHECK(!ended);
		ended = f.kind == FRAME_END;
		if (ended)
			continue;
		total += got.rows;
		buf_clear(&text);
		value_plain(column_get(batch_field(&got, "other", 5), got.rows - 1), &text);
	}
	CHECK(total == 10001 && ended);
	CHECK_TEXT(text.data, text.len, "1.10");
	buf_release(&text);
	batch_release(&got);
	frame_reader_free(r);
	buf_release(&b);
}

static void refused(const char *url, const char *says)
{
	struct sink *s;
	CHECK(sink_open(url, &(struct sink_options){0}, &s, &e) == ERR_USAGE && !s);
	CHECK(strstr(e.text, says));
}

static void bad_places(void)
{
	refused("dir:", "where");
	refused("dir:x?format=parquet", "json, csv, tsv, frames");
	refused("dir:x?compres=zstd", "`compress`");
	refused("dir:x/{y", "`}`");
	struct sink *s = open_sink("/proc/nothing/{x}", 0);
	CHECK(sink_batch(s, rows("{\"x\":1}\n"), &e) == ERR_FAILED && strstr(e.text, "/proc/nothing"));
	sink_close(s);
	sink_close(NULL);
}

int main(void)
{
	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	batch_init(&batch);
	patterns();
	hidden_files();
	by_field();
	selected_rows();
	compressed();
	size_and_limit();
	after_a_kill();
	frames("f1?format=frames", "f1/*.frames");
	frames("f2?format=frames&compress=zstd", "f2/*.frames");
	bad_places();
	batch_release(&batch);
	free(text_held);
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	CHECK(!system(command));
	return test_done();
}

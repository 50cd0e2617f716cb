/*
 * The scanner of access logs against the regex that --show prints for it: on lines made of the pieces of good and bad
 * ones, on mutations of them, and on a real log.
 */
#include "pattern/pattern.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pattern_run.h"

static uint64_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

struct pair {
	struct run native, regex;
	uint64_t matched, refused;
};

static void pair_open(struct pair *p, const char *name)
{
	struct buf text = BUF_INIT;
	*p = (struct pair){0};
	run_open_as(&p->native, name, true);
	CHECK(pattern_show(name, &text, NULL) == OK);
	text.len--;
	run_open_as(&p->regex, buf_string(&text), true);
	buf_release(&text);
}

static void pair_close(struct pair *p)
{
	run_close(&p->native);
	run_close(&p->regex);
}

/* What the definition of the format says about a field that the regex caught as a string. */
static struct value expected(const struct column *c, struct value v)
{
	struct value number;
	bool counts = c->name_len == 6   ? !memcmp(c->name, "status", 6)
		      : c->name_len == 5 ? !memcmp(c->name, "bytes", 5)
					 : false;
	bool rt = c->name_len == 2 && !memcmp(c->name, "rt", 2);
	if (v.type == TYPE_STRING && v.len == 1 && *v.s == '-')
		return value_null();
	if (v.type == TYPE_STRING && counts) {
		int64_t n = 0;
		for (uint32_t i = 0; i < v.len; i++)
			n = n * 10 + (v.s[i] - '0');
		return value_int(n);
	}
	if (v.type == TYPE_STRING && rt && number_read(v.s, v.s + v.len, &number) == v.s + v.len)
		return number;
	return v;
}

static bool same_row(const struct batch *native, const struct batch *regex)
{
	for (uint32_t i = 0; i < regex->column_count; i++) {
		const struct column *c = &regex->columns[i];
		struct value want = expected(c, column_get(c, 0));
		struct value got = column_get(batch_field(native, c->name, c->name_len), 0);
		bool null_word = want.type == TYPE_ABSENT && got.type == TYPE_NULL &&
				 (!memcmp(c->name, "method", 6) || !memcmp(c->name, "protocol", 6));
		if (!null_word && (want.type != got.type || !value_equal(want, got)))
			return false;
	}
	return true;
}

static void compare(struct pair *p, const char *line, size_t len)
{
	const char *reason;
	batch_clear(&p->native.batch);
	batch_clear(&p->regex.batch);
	pattern_begin(p->native.pattern, &p->native.batch);
	pattern_begin(p->regex.pattern, &p->regex.batch);
	enum pattern_result a = pattern_apply(p->native.pattern, line, len, 0, &reason);
	enum pattern_result b = pattern_apply(p->regex.pattern, line, len, 0, &reason);
	bool same = a == b && (a != PATTERN_MATCHED || same_row(&p->native.batch, &p->regex.batch));
	if (!same)
		fprintf(stderr, "native %d, regex %d: `%.*s`\n", a, b, (int)len, line);
	CHECK(same);
	if (a == PATTERN_MATCHED)
		p->matched++;
	else
		p->refused++;
}

static const char *piece(void)
{
	static const char *const pieces[] = {"1.2.3.4",
					     "-",
					     "frank",
					     "John Doe",
					     "[20/Feb/2016:00:00:45 -0500]",
					     "[x]",
					     "[]",
					     "\"GET / HTTP/1.1\"",
					     "\"-\"",
					     "\"\"",
					     "\"GET  / HTTP/1.1\"",
					     "\"a b\"",
					     "\"\\\"\"",
					     "\"\\\\\"",
					     "\"a\\ b c\"",
					     "200",
					     "187",
					     "0.123",
					     "1e5",
					     "-1",
					     "0870",
					     "",
					     " ",
					     "\"",
					     "\\",
					     "]",
					     "[",
					     "\r",
					     "[20/Feb/2016 00]",
					     "\"\\ \"x\" y\""};
	return pieces[draw(sizeof pieces / sizeof *pieces)];
}

/* A good line with a few of its pieces replaced, then a few of its bytes. */
static size_t make_line(char *out, bool combined)
{
	static const char *const good[] = {"1.2.3.4",
					   "-",
					   "-",
					   "[20/Feb/2016:00:00:45 -0500]",
					   "\"GET /a/b?c=d HTTP/1.1\"",
					   "200",
					   "187",
					   "\"http://example.org/\"",
					   "\"Mozilla/5.0 (X11; \\\"x\\\")\"",
					   "0.123"};
	size_t len = 0;
	bool wild = draw(3) == 0;
	for (int i = 0; i < 10; i++) {
		if ((!combined && (i == 7 || i == 8)) || (i == 9 && draw(2)))
			continue;
		const char *word = draw(wild ? 3 : 12) ? good[i] : piece();
		len += (size_t)sprintf(out + len, "%s%s", len ? " " : "", word);
	}
	for (int i = draw(4); i > 0 && len; i--)
		if (draw(2))
			out[draw((uint32_t)len)] = " \"\\[]-0\n"[draw(8)];
	return draw(20) ? len : draw((uint32_t)len + 1);
}

static void test_random(const char *name)
{
	struct pair p;
	pair_open(&p, name);
	for (int i = 0; i < 200000; i++) {
		char line[1024];
		size_t len = make_line(line, !strcmp(name, "combined"));
		/* At its exact size, so that a byte read outside of it is seen under ASan. */
		char *exact = malloc(len ? len : 1);
		memcpy(exact, line, len);
		compare(&p, exact, len);
		free(exact);
	}
	printf("%s: %llu lines matched, %llu refused\n", name, (unsigned long long)p.matched,
	       (unsigned long long)p.refused);
	CHECK(p.matched > 20000 && p.refused > 20000);
	pair_close(&p);
}

static char *map(const char *path, size_t *len)
{
	struct stat s;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &s) || !s.st_size)
		return NULL;
	*len = (size_t)s.st_size;
	char *p = mmap(NULL, *len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static void test_real(void)
{
	size_t len;
	char *data = map("../shared/data/access/blog_access_part1.log", &len);
	if (!data) {
		printf("SKIPPED: no ../shared/data/access\n");
		return;
	}
	struct pair p;
	pair_open(&p, "combined");
	for (const char *at = data, *end; at < data + len; at = end + 1) {
		end = memchr(at, '\n', (size_t)(data + len - at));
		end = end ? end : data + len;
		compare(&p, at, (size_t)(end - at));
	}
	printf("access log: %llu lines matched, %llu refused\n", (unsigned long long)p.matched,
	       (unsigned long long)p.refused);
	CHECK(p.matched + p.refused == 100000);
	CHECK(p.refused < 1000);
	pair_close(&p);
	munmap(data, len);
}

int main(void)
{
	test_random("common");
	test_random("combined");
	test_real();
	return test_done();
}

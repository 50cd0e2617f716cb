#include "base/opt.h"

#include "base/units.h"
#include "test.h"

struct common {
	bool quiet, verbose;
	int output;
};

struct own {
	int64_t count, delay, size;
	const char *key;
	struct opt_list files;
	bool drain;
};

static const struct opt common_table[] = {
	{'q', "quiet", OPT_FLAG, offsetof(struct common, quiet), NULL, "say less", NULL},
	{'v', "verbose", OPT_FLAG, offsetof(struct common, verbose), NULL, "say more", NULL},
	{'o', "output", OPT_CHOICE, offsetof(struct common, output), "FMT", "output format", "auto json csv"},
	{.kind = OPT_END},
};

static const struct opt own_table[] = {
	{'n', "count", OPT_COUNT, offsetof(struct own, count), "N", "how many", NULL},
	{0, "delay", OPT_DURATION, offsetof(struct own, delay), "D", "the bound on disorder", NULL},
	{0, "max-size", OPT_SIZE, offsetof(struct own, size), "SIZE", "how much", NULL},
	{'k', NULL, OPT_TEXT, offsetof(struct own, key), "FIELD", "the key", NULL},
	{0, "file", OPT_LIST, offsetof(struct own, files), "FILE", "a file", NULL},
	{0, "drain", OPT_FLAG, offsetof(struct own, drain), NULL, "to the end", NULL},
	{0, "a-rather-long-option", OPT_TEXT, offsetof(struct own, key), "TEXT", "long", NULL},
	{.kind = OPT_END},
};

enum { ARGS = 16 };

struct run {
	struct common common;
	struct own own;
	char text[512];
	char *argv[ARGS + 1];
	int operands, dashed, code;
	struct error e;
};

/* Parses the words of a line. */
static void run(struct run *r, const char *line, bool stop)
{
	*r = (struct run){0};
	int argc = 0;
	char *rest = strcpy(r->text, line);
	for (char *word; argc < ARGS && (word = strsep(&rest, " "));)
		r->argv[argc++] = word;
	struct opt_set sets[] = {{own_table, &r->own}, {common_table, &r->common}};
	r->code = opt_parse(argc, r->argv, sets, 2, stop, &r->operands, &r->dashed, &r->e);
}

static void test_forms(void)
{
	struct run r;
	run(&r, "x -n5 -k key a --delay=5s b --max-size 64K -qv c", false);
	CHECK(r.code == OK && r.own.count == 5 && r.own.delay == 5 * SECOND && r.own.size == 65536);
	CHECK(r.common.quiet && r.common.verbose && !strcmp(r.own.key, "key"));
	CHECK(r.operands == 3 && r.dashed == 0);
	CHECK(!strcmp(r.argv[0], "a") && !strcmp(r.argv[1], "b") && !strcmp(r.argv[2], "c"));
	run(&r, "x -qvn 7 --count 8 --dela 1m --dr -o csv", false);
	CHECK(r.code == OK && r.own.count == 8 && r.own.delay == MINUTE && r.own.drain && r.common.output == 2);
	CHECK(r.operands == 0);
	run(&r, "x --file a --file=b -k -n --file=", false);
	CHECK(r.code == OK && r.own.files.count == 3 && !strcmp(r.own.files.items[1], "b") && !*r.own.files.items[2]);
	CHECK(!strcmp(r.own.key, "-n"));
	opt_list_release(&r.own.files);
	CHECK(r.own.files.count == 0 && !r.own.files.items);
}

static void test_operands(void)
{
	struct run r;
	run(&r, "x a - -q -- -v --", false);
	CHECK(r.code == OK && r.operands == 4 && r.dashed == 2 && r.common.quiet && !r.common.verbose);
	CHECK(!strcmp(r.argv[1], "-") && !strcmp(r.argv[2], "-v") && !strcmp(r.argv[3], "--"));
	run(&r, "x -q cmd -v -n 5", true);
	CHECK(r.code == OK && r.operands == 4 && r.dashed == 0 && r.common.quiet && !r.common.verbose);
	CHECK(!strcmp(r.argv[0], "cmd") && !strcmp(r.argv[1], "-v"));
	run(&r, "x -q -- cmd -v", true);
	CHECK(r.code == OK && r.operands == 2 && r.dashed == 2);
	run(&r, "x --", false);
	CHECK(r.code == OK && r.operands == 0 && r.dashed == 0);
	run(&r, "x", false);
	CHECK(r.code == OK && r.operands == 0);
}

static void check_error(const char *line, const char *want)
{
	struct run r;
	run(&r, line, false);
	CHECK(r.code == ERR_USAGE && r.e.code == ERR_USAGE);
	CHECK_TEXT(r.e.text, strlen(r.e.text), want);
	opt_list_release(&r.own.files);
}

static void test_errors(void)
{
	check_error("x --dealy=5s", "there is no option --dealy; is it --delay?");
	check_error("x -delay", "there is no option -delay; is it --delay?");
	check_error("x -qz", "there is no option -z (--help lists them)");
	check_error("x -5", "there is no option -5 (--help lists them)");
	check_error("x --frobnicate", "there is no option --frobnicate (--help lists them)");
	check_error("x --=5", "there is no option -- (--help lists them)");
	check_error("x --d 5s", "--d may be --delay or --drain");
	check_error("x --drain=yes", "--drain takes no argument");
	check_error("x -n", "-n wants an argument: N");
	check_error("x --delay", "--delay wants an argument: D");
	check_error("x -n -5", "-n: `-5` is no whole number, as in 100");
	check_error("x -n 5K", "-n: `5K` is no whole number, as in 100");
	check_error("x --count=", "--count: `` is no whole number, as in 100");
	check_error("x -n 9223372036854775808", "-n: `9223372036854775808` is too large a number");
	check_error("x -o jsn", "-o: `jsn` is none of: auto json csv; is it json?");
	check_error("x --output=xml", "--output: `xml` is none of: auto json csv");
	check_error("x --max-size 5X",
		    "--max-size: `5X` is no size: a number of bytes, with K M G or T behind it as in 64K or 1.5G");
	struct run r;
	run(&r, "x --delay 5", false);
	CHECK(r.code == ERR_USAGE && !strncmp(r.e.text, "--delay: `5` is no duration", 27));
}

static void test_help(void)
{
	struct buf out = BUF_INIT;
	opt_help(own_table, &out);
	opt_help(common_table, &out);
	CHECK_TEXT(out.data, out.len,
		   "  -n, --count=N        how many\n"
		   "      --delay=D        the bound on disorder\n"
		   "      --max-size=SIZE  how much\n"
		   "  -k FIELD             the key\n"
		   "      --file=FILE      a file\n"
		   "      --drain          to the end\n"
		   "      --a-rather-long-option=TEXT\n"
		   "                       long\n"
		   "  -q, --quiet          say less\n"
		   "  -v, --verbose        say more\n"
		   "  -o, --output=FMT     output format: auto json csv\n");
	buf_release(&out);
}

static const char *nearest(const char *word)
{
	static const char *const words[] = {"status", "path", "bytes", "user", "id", "user_agent", "client"};
	const char *w = nearest_word(word, strlen(word), words, sizeof words / sizeof *words);
	return w ? w : "-";
}

static void test_nearest(void)
{
	CHECK(!strcmp(nearest("status"), "status"));
	CHECK(!strcmp(nearest("STATUS"), "status"));
	CHECK(!strcmp(nearest("stauts"), "status"));
	CHECK(!strcmp(nearest("sttus"), "status"));
	CHECK(!strcmp(nearest("stts"), "-"));
	CHECK(!strcmp(nearest("user-agent"), "user_agent"));
	CHECK(!strcmp(nearest("byte"), "bytes"));
	CHECK(!strcmp(nearest("pth"), "path"));
	CHECK(!strcmp(nearest("xy"), "-"));
	CHECK(!strcmp(nearest("zebra"), "-"));
	CHECK(!nearest_word("a", 1, NULL, 0));
	char long_word[200];
	memset(long_word, 'a', sizeof long_word);
	const char *words[] = {"a"};
	CHECK(!nearest_word(long_word, sizeof long_word, words, 1));
}

int main(void)
{
	test_forms();
	test_operands();
	test_errors();
	test_help();
	test_nearest();
	return test_done();
}

#include "codec/regex.h"

#include <stdlib.h>
#include <time.h>

#include "test.h"

static struct error e;

static struct regex *make(const char *pattern, const char *flags)
{
	struct regex *r = NULL;
	int rc = regex_new(pattern, strlen(pattern), flags, &r, &e);
	CHECK(rc == OK && r);
	if (rc)
		fprintf(stderr, "%s: %s\n", pattern, e.text);
	return r;
}

/* What the pattern finds: 1 and the whole match, 0, or an error. */
static int find(const char *pattern, const char *flags, const char *text, size_t len, size_t start, size_t span[2])
{
	struct regex *r = make(pattern, flags);
	const size_t *spans;
	int n = regex_match(r, text, len, start, &spans, &e);
	if (n > 0) {
		span[0] = spans[0];
		span[1] = spans[1];
	}
	regex_free(r);
	return n;
}

static void groups(void)
{
	struct regex *r = make("(?<day>\\d+)-(\\w+)?(-)?(?<rest>x)?", "");
	CHECK(regex_group_count(r) == 4);
	CHECK(regex_group_name(r, 1) && !strcmp(regex_group_name(r, 1), "day"));
	CHECK(!regex_group_name(r, 2) && !regex_group_name(r, 5));
	CHECK(regex_group_name(r, 4) && !strcmp(regex_group_name(r, 4), "rest"));
	const size_t *s;
	CHECK(regex_match(r, "on 12-Nov-x", 11, 0, &s, &e) == 5);
	CHECK(s[0] == 3 && s[1] == 11 && s[2] == 3 && s[3] == 5 && s[4] == 6 && s[5] == 9 && s[8] == 10 && s[9] == 11);
	/* what took no part is unset, also after a match where it did */
	CHECK(regex_match(r, "7-", 2, 0, &s, &e) == 2);
	CHECK(s[2] == 0 && s[3] == 1);
	for (int g = 2; g <= 4; g++)
		CHECK(s[2 * g] == REGEX_UNSET && s[2 * g + 1] == REGEX_UNSET);
	CHECK(regex_match(r, "none", 4, 0, &s, &e) == 0);
	CHECK(regex_match(r, "7-", 2, 3, &s, &e) == 0);
	regex_free(r);
}

static void bytes(void)
{
	size_t s[2];
	CHECK(find("b", "", "abab", 4, 2, s) == 1 && s[0] == 3 && s[1] == 4);
	CHECK(find("(?<=a)b", "", "ab", 2, 1, s) == 1 && s[0] == 1); /* looks behind start */
	CHECK(find("a.b", "", "a\0b", 3, 0, s) == 1);
	CHECK(find("a.b", "", "a\nb", 3, 0, s) == 0);
	CHECK(find("a.b", "s", "a\nb", 3, 0, s) == 1);
	CHECK(find("^B$", "im", "a\nb\nc", 5, 0, s) == 1 && s[0] == 2);
	CHECK(find("a b # no more", "x", "ab", 2, 0, s) == 1);
	CHECK(find("", "", NULL, 0, 0, s) == 1 && s[0] == 0 && s[1] == 0);
	CHECK(find("^.$", "", "\xc3\xa9", 2, 0, s) == 0); /* two bytes */
	CHECK(find("(*UTF)^.$", "", "\xc3\xa9", 2, 0, s) == 1);
	CHECK(find("(*UTF)b", "",
		   "\xff\xc3"
		   "b",
		   3, 0, s) == 1 &&
	      s[0] == 2);
	CHECK(find("(*UTF)^.$", "", "\xff", 1, 0, s) == 0);
}

static void refused(void)
{
	struct regex *r;
	CHECK(regex_new("a(b", 3, "", &r, &e) == ERR_USAGE && !r);
	CHECK(strstr(e.text, "at its end"));
	CHECK(regex_new("ab)cd", 5, "", &r, &e) == ERR_USAGE);
	CHECK(strstr(e.text, "character 3") && strstr(e.text, "`)cd`"));
	CHECK(regex_new("a", 1, "ig", &r, &e) == ERR_USAGE);
	CHECK(strstr(e.text, "`g`"));
	char deep[1000];
	memset(deep, '(', 500);
	memset(deep + 500, ')', 500);
	CHECK(regex_new(deep, 1000, "", &r, &e) == ERR_USAGE);
	regex_free(NULL);
}

/* Patterns that backtrack for ever on a text that nearly matches end in bounded time, with an error or no match. */
static void runaways(void)
{
	static const char *const patterns[] = {
		"^(a+)+$",
		"^(a|aa)+$",
		"^(a|a?)+$",
		"(a*)*b",
		"^(([a-z])+.)+[A-Z]([a-z])+$",
		"(.*a){25}",
		"(*UTF)^(a+)+$",
		"(*NO_JIT)^(a|aa)+$",
		"(*NO_JIT)(.*a){25}",
		"(?:(?:a+)+)+[^a]",
		"(x+x+)+y",
		"((a(?1)?)+)+$",
		"^(?:a?){40}a{40}$",
	};
	enum { LEN = 50000 };
	char *text = malloc(LEN);
	memset(text, 'a', LEN);
	text[LEN - 1] = '!';
	double worst = 0;
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		size_t s[2];
		clock_t begin = clock();
		int n = find(patterns[i], "", text, LEN, 0, s);
		double took = (double)(clock() - begin) / CLOCKS_PER_SEC;
		CHECK(n <= 1);
		CHECK(took < 5);
		worst = took > worst ? took : worst;
	}
	size_t s[2];
	CHECK(find("^(a|aa)+$", "", text, LEN, 0, s) == ERR_FAILED);
	CHECK(strstr(e.text, "pattern"));
	printf("worst runaway %.3f s\n", worst);
	free(text);
}

/* A pattern that nests deep in itself needs more than the machine's stack, and gets it. */
static void deep(void)
{
	enum { LEN = 3000 };
	char text[LEN];
	memset(text, '(', LEN / 2);
	memset(text + LEN / 2, ')', LEN / 2);
	size_t s[2];
	CHECK(find("^(\\((?1)*\\))$", "", text, LEN, 0, s) > 0);
}

static void speed(void)
{
	static const char line[] = "83.149.9.216 - - [17/May/2015:10:05:03 +0000] \"GET /a/b.png HTTP/1.1\" 200 203023";
	struct regex *r = make("^(\\S+) (\\S+) (\\S+) \\[([^\\]]+)\\] \"(\\S+) (\\S+) ([^\"]+)\" (\\d+) (\\d+)$", "");
	const size_t *s;
	enum { TIMES = 200000 };
	clock_t begin = clock();
	int matched = 0;
	for (int i = 0; i < TIMES; i++)
		matched += regex_match(r, line, sizeof line - 1, 0, &s, &e) == 10;
	CHECK(matched == TIMES);
	printf("%.0f ns a match\n", (double)(clock() - begin) / CLOCKS_PER_SEC / TIMES * 1e9);
	regex_free(r);
}

int main(void)
{
	groups();
	bytes();
	refused();
	runaways();
	deep();
	speed();
	return test_done();
}

#include "run/verdict.h"

#include "test.h"

static struct stages make(struct stage_view *items, size_t count)
{
	return (struct stages){items, count};
}

static struct stage_view page(const char *command, int status)
{
	struct stage_view v = {.status = status};
	snprintf(v.page.command, sizeof v.page.command, "%s", command);
	return v;
}

static void test_cause(void)
{
	static const struct {
		int shell;
		const char *statuses;
		int status;
		bool again;
		const char *text;
	} cases[] = {
		{0, "0 0 0", 0, false, ""},
		{0, NULL, 0, false, ""},
		/* What others suffer is no cause. */
		{4, "141 1 4", 1, true, "stage 2 ended with status 1"},
		{1, "141 141 1", 1, true, "stage 3 ended with status 1"},
		{4, "137 4 4", 137, true, "stage 1 was killed by signal 9 (Killed)"},
		{4, "2 4 4", 2, false, "stage 1 ended with status 2"},
		{4, "1 2 4", 1, true, "stage 1 ended with status 1"},
		{127, "0 127 0", 127, false, "stage 2 ended with status 127"},
		{126, "0 126", 126, false, "stage 2 ended with status 126"},
		{4, "0 0 4", 4, true, "it ended with status 4"},
		/* Who has enough leaves. */
		{141, "141 141 0", 0, false, ""},
		{141, "141 0 141", 141, false, ""},
		/* Rejects are no failure. */
		{3, "0 3 3", 3, false, ""},
		{3, "0 3 0", 3, false, ""},
		/* The shell went on, or says nothing of its stages. */
		{7, "0 0", 7, true, "it ended with status 7"},
		{143, NULL, 143, true, "it was killed by signal 15 (Terminated)"},
		{2, "", 2, false, "it ended with status 2"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stages none = {0};
		struct verdict v = verdict_of(cases[i].shell, cases[i].statuses, &none);
		CHECK(v.status == cases[i].status);
		CHECK(v.again == cases[i].again);
		CHECK_TEXT(v.text, strlen(v.text), cases[i].text);
	}
}

/* Our commands are called by name, and count where the shell knows nothing of them. */
static void test_pages(void)
{
	struct stage_view items[] = {page("stream-get", -ERR_GONE), page("stream-map", STATUS_GONE),
				     page("stream-cat", -ERR_UPSTREAM)};
	struct stages s = make(items, 3);
	struct verdict v = verdict_of(4, "141 137 4", &s);
	CHECK(v.status == 137);
	CHECK_TEXT(v.text, strlen(v.text), "stream-map was killed by signal 9 (Killed)");
	v = verdict_of(0, "0", &s);
	CHECK(v.status == 4 && v.again);
	CHECK_TEXT(v.text, strlen(v.text), "stream-map was killed");
	items[1].status = 1;
	v = verdict_of(0, "0", &s);
	CHECK(v.status == 1 && v.again);
	CHECK_TEXT(v.text, strlen(v.text), "stream-map ended with status 1");
}

static void test_culprit(void)
{
	struct stage_view items[] = {page("a", STATUS_RUNS), page("b", STATUS_RUNS), page("c", STATUS_RUNS)};
	struct stages s = make(items, 3);
	items[0].page.state = LIVE_RECORDS;
	items[1].page.state = items[2].page.state = LIVE_INPUT;
	CHECK(stages_culprit(&s) == &items[0]);
	items[0].page.state = items[1].page.state = LIVE_OUTPUT;
	items[2].page.state = LIVE_WORKS;
	CHECK(stages_culprit(&s) == &items[2]);
	/* The reader is none of ours. */
	items[2].page.state = LIVE_OUTPUT;
	CHECK(stages_culprit(&s) == &items[2]);
	items[1].stopped = true;
	CHECK(stages_culprit(&s) == &items[1]);
	items[0].status = items[1].status = items[2].status = 0;
	CHECK(!stages_culprit(&s));
}

int main(void)
{
	test_cause();
	test_pages();
	test_culprit();
	return test_done();
}

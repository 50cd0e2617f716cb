/* What of a batch is given next, how long a failure waits, and records as lines and back. */
#include <stdlib.h>

#include "base/units.h"
#include "exec/backoff.h"
#include "exec/records.h"
#include "exec/task.h"
#include "record/batch_rows.h"
#include "test.h"

/* -- backoff -- */

static void test_backoff(void)
{
	struct backoff a = {.first = 100, .most = 3000, .state = 7}, b = a, c = a;
	int64_t greatest[12] = {0}, least[12];
	c.state = 8;
	int different = 0;
	for (int i = 0; i < 12; i++)
		least[i] = INT64_MAX;
	for (int round = 0; round < 2000; round++)
		for (int failures = 1; failures <= 12; failures++) {
			int64_t wait = backoff_next(&a, (uint64_t)failures);
			int64_t limit = failures > 5 ? 3000 : 100 << (failures - 1);
			CHECK(wait >= 0 && wait <= limit);
			CHECK(wait == backoff_next(&b, (uint64_t)failures));
			different += wait != backoff_next(&c, (uint64_t)failures);
			if (wait > greatest[failures - 1])
				greatest[failures - 1] = wait;
			if (wait < least[failures - 1])
				least[failures - 1] = wait;
		}
	/* Full jitter: the whole range is used. */
	for (int failures = 1; failures <= 12; failures++) {
		int64_t limit = failures > 5 ? 3000 : 100 << (failures - 1);
		CHECK(greatest[failures - 1] > limit * 9 / 10);
		CHECK(least[failures - 1] < limit / 10);
	}
	CHECK(different > 20000);
	struct backoff none = {.first = 0, .most = 30 * SECOND}, huge = {.first = INT64_MAX, .most = INT64_MAX};
	CHECK(backoff_next(&none, 1) == 0 && backoff_next(&none, 100) == 0);
	CHECK(backoff_next(&huge, UINT64_MAX) >= 0);
	struct backoff over = {.first = 100, .most = 10};
	for (int i = 0; i < 100; i++)
		CHECK(backoff_next(&over, 1) <= 10);
}

/* -- halving -- */

static unsigned next_random(unsigned *state)
{
	return *state = *state * 1664525 + 1013904223;
}

/* Runs a task over records of which bad[] never go through; checks what was settled, in which order, and how often. */
static void run_task(uint32_t count, const bool *bad, uint64_t retries)
{
	struct task t;
	uint64_t *given = calloc(count, sizeof *given), runs = 0;
	uint32_t settled = 0, poison = 0;
	task_init(&t, count);
	for (const struct part *p; (p = task_part(&t)); runs++) {
		CHECK(p->first == settled && p->count > 0 && p->first + p->count <= count);
		bool fails = false;
		for (uint32_t i = p->first; i < p->first + p->count; i++) {
			CHECK(given[i] == p->before + p->tries);
			given[i]++;
			fails |= bad[i];
		}
		if (!fails) {
			settled += p->count;
			task_settle(&t);
			continue;
		}
		uint32_t first = p->first, n = p->count;
		enum task_verdict v = task_fail(&t, retries);
		p = task_part(&t);
		if (v == TASK_AGAIN)
			CHECK(p->first == first && p->count == n && (n == count || n == 1));
		else if (v == TASK_HALVED)
			CHECK(p->first == first && p->count == n / 2 && n > 1);
		else {
			CHECK(n == 1 && bad[first]);
			CHECK(given[first] >= retries + 1);
			/* All of its own tries, those of the whole batch, and one for each halving between. */
			uint64_t halvings = 0;
			for (uint32_t k = count; k > 1; k = (k + 1) / 2)
				halvings++;
			CHECK(given[first] <= (count > 1 ? 2 : 1) * (retries + 1) + halvings);
			CHECK(given[first] == p->before + p->tries);
			poison++;
			settled++;
			task_settle(&t);
		}
	}
	CHECK(settled == count);
	uint32_t want = 0;
	for (uint32_t i = 0; i < count; i++)
		want += bad[i];
	CHECK(poison == want);
	if (!want)
		CHECK(runs == (count ? 1 : 0));
	free(given);
}

static void test_task(void)
{
	unsigned state = 1;
	for (uint32_t count = 0; count < 130; count++)
		for (int kind = 0; kind < 6; kind++) {
			bool *bad = calloc(count + 1, sizeof *bad);
			for (uint32_t i = 0; i < count; i++)
				bad[i] = kind == 0   ? false
					 : kind == 1 ? i == 0
					 : kind == 2 ? i == count - 1
					 : kind == 3 ? true
						     : next_random(&state) >> 16 & 1;
			run_task(count, bad, (uint64_t)(kind == 4 ? 0 : kind));
			free(bad);
		}
	/* The parts that wait have room for the greatest batch. */
	struct task t;
	task_init(&t, UINT32_MAX);
	for (int i = 0; task_part(&t)->count > 1; i++) {
		CHECK(t.count <= TASK_PARTS_MAX && i < 100);
		task_fail(&t, 0);
	}
	uint64_t total = 0;
	for (; task_part(&t); task_settle(&t))
		total += task_part(&t)->count;
	CHECK(total == UINT32_MAX);
}

/* -- records -- */

static void add(struct batch *b, int64_t n, int64_t seq)
{
	struct field row[] = {{"n", value_int(n)}, {"s", value_string("a\nb", 3)}};
	batch_add_row(b, row, 2);
	if (seq)
		batch_meta(b, META_SEQ)[b->rows - 1] = value_int(seq);
}

static void test_records(void)
{
	struct record_writers w;
	struct records r = {0};
	struct batch plain, placed, row;
	struct error e;
	const char *p;
	size_t len;
	record_writers_init(&w, false);
	batch_init(&plain);
	batch_init(&placed);
	batch_init(&row);
	add(&plain, 1, 0);
	add(&plain, 2, 0);
	add(&placed, 3, 17);
	CHECK(!records_add(&r, &w, &plain, 5, &e));
	CHECK(!r.whole.len && r.first == 5 && !r.placed);
	/* The first with metadata makes a second text, and those before it are in both. */
	CHECK(!records_add(&r, &w, &placed, 7, &e));
	CHECK(r.count == 3 && r.whole.len > r.given.len);
	records_given(&r, 0, 3, &p, &len);
	CHECK_TEXT(p, len, "{\"n\":1,\"s\":\"a\\nb\"}\n{\"n\":2,\"s\":\"a\\nb\"}\n{\"n\":3,\"s\":\"a\\nb\"}\n");
	records_given(&r, 1, 1, &p, &len);
	CHECK_TEXT(p, len, "{\"n\":2,\"s\":\"a\\nb\"}\n");
	CHECK(!records_row(&r, 2, &row, &e));
	CHECK(row.rows == 1 && batch_get(&row, 0, "n").i == 3);
	CHECK(column_get(&row.meta[META_SEQ], 0).i == 17);
	/* The same records, the same name, and no others. */
	char all[RECORDS_ID_SIZE], again[RECORDS_ID_SIZE], part[RECORDS_ID_SIZE];
	records_id(&r, 0, 3, all);
	records_id(&r, 0, 3, again);
	records_id(&r, 0, 2, part);
	CHECK(!strcmp(all, again) && strcmp(all, part) && strlen(all) == 32);
	/* Without @seq two that are alike are told apart by their place; with it they are what they are, wherever. */
	struct records a = {0}, b = {0}, c = {0}, d = {0};
	records_add(&a, &w, &plain, 1, &e);
	records_add(&b, &w, &plain, 2, &e);
	records_id(&a, 0, 2, all);
	records_id(&b, 0, 2, again);
	CHECK(strcmp(all, again));
	records_add(&c, &w, &placed, 1, &e);
	records_add(&d, &w, &placed, 2, &e);
	records_id(&c, 0, 1, all);
	records_id(&d, 0, 1, again);
	CHECK(!strcmp(all, again));
	records_release(&a);
	records_release(&b);
	records_release(&c);
	records_release(&d);
	records_release(&r);
	record_writers_release(&w);
	batch_release(&plain);
	batch_release(&placed);
	batch_release(&row);
}

int main(void)
{
	test_backoff();
	test_task();
	test_records();
	return test_done();
}

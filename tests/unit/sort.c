/* Sorting: keys of all lengths against qsort; sorters, with runs and without, give what a stable sort gives. */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "record/batch_rows.h"
#include "sort/order.h"
#include "sort/ranking.h"
#include "hold/run.h"
#include "sort/sorter.h"
#include "test.h"

enum { KEYS = 20000, ROWS = 6000 };

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

/* -- items -- */

static const struct order_keys *comparing;

static int compare_items(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	const struct order_keys *k = comparing;
	int order = order_compare(k->bytes + k->at[a], k->at[a + 1] - k->at[a], k->bytes + k->at[b],
				  k->at[b + 1] - k->at[b]);
	return order ? order : (a > b) - (a < b);
}

/* Keys none of which is the beginning of another: letters, then a 0. `same`: how long they are alike. */
static void test_items(uint32_t count, size_t same, unsigned letters, unsigned most)
{
	struct buf bytes = BUF_INIT;
	size_t *at = mem_array(count + 1, sizeof *at);
	struct order_item *items = mem_array(count + 1, sizeof *items), *spare = mem_array(count + 1, sizeof *spare);
	uint32_t *want = mem_array(count + 1, sizeof *want), wrong = 0;
	for (uint32_t i = 0; i < count; i++) {
		at[i] = bytes.len;
		buf_fill(&bytes, 'x', same);
		for (size_t n = draw() % (most + 1); n; n--)
			buf_byte(&bytes, (char)(255 - draw() % letters));
		buf_byte(&bytes, 0);
		items[i].number = want[i] = i;
	}
	at[count] = bytes.len;
	struct order_keys keys = {bytes.data, at};
	comparing = &keys;
	order_items(&keys, items, spare, count);
	qsort(want, count, sizeof *want, compare_items);
	for (uint32_t i = 0; i < count; i++)
		wrong += items[i].number != want[i];
	CHECK(!wrong);
	buf_release(&bytes);
	free(at);
	free(items);
	free(spare);
	free(want);
}

/* -- sorters -- */

static struct value random_key(struct batch *b)
{
	switch (draw() % 4) {
	case 0: return value_int((int64_t)(draw() % 50));
	case 1: return value_null();
	default: {
		char *text = arena_printf(&b->arena, "common beginning %d", (int)(draw() % 500));
		return value_string(text, strlen(text));
	}
	}
}

struct seen {
	int64_t n[ROWS];
	struct value key[ROWS];
	uint32_t count;
	struct arena texts;
};

static int take(void *self, struct batch *b, struct error *e)
{
	struct seen *s = self;
	(void)e;
	for (uint32_t i = 0; i < batch_count(b); i++) {
		s->key[s->count] = value_keep(batch_get(b, batch_row(b, i), "k"), &s->texts);
		s->n[s->count++] = batch_get(b, batch_row(b, i), "n").i;
	}
	return 0;
}

/* In order, stable, and each row once. */
static void check_seen(const struct seen *s, bool descending)
{
	uint32_t wrong = 0;
	uint64_t sum = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		sum += (uint64_t)s->n[i];
		if (!i)
			continue;
		int order = value_compare(s->key[i - 1], s->key[i]) * (descending ? -1 : 1);
		wrong += order > 0 || (!order && s->n[i - 1] >= s->n[i]);
	}
	CHECK(!wrong && s->count == ROWS && sum == (uint64_t)ROWS * (ROWS - 1) / 2);
}

static void test_sorter(const char *spec_text, uint32_t batch_rows, uint32_t rows_per_run)
{
	struct key_spec spec;
	struct key_list keys = {0};
	struct error e = {0};
	struct batch b;
	struct gather g;
	struct seen *seen = mem_zero(sizeof *seen);
	CHECK(!key_spec_parse(spec_text, KEY_ASCENDING, &spec, &e));
	struct spool *spool = spool_new("/tmp");
	struct sorter *s = sorter_new(&spec, spool);
	batch_init(&b);
	gather_init(&g);
	for (uint32_t n = 0; n < ROWS;) {
		batch_clear(&b);
		for (uint32_t i = 0; i < batch_rows && n < ROWS; i++, n++) {
			struct field row[] = {{"n", value_int(n)}, {"k", random_key(&b)}};
			batch_add_row(&b, row, 2);
		}
		key_spec_apply(&spec, &b, &keys);
		CHECK(!sorter_add(s, &b, &keys, NULL, &e));
		if (rows_per_run && n % rows_per_run < batch_rows)
			CHECK(!sorter_spill(s, &e));
	}
	/* Twice: windows that overlap read their panes again. */
	for (int round = 0; round < 2; round++) {
		seen->count = 0;
		CHECK(!sorters_emit(&s, 1, &g, take, seen, &e));
		check_seen(seen, strchr(spec_text, ':') != NULL);
	}
	sorter_free(s);
	spool_free(spool);
	gather_release(&g);
	batch_release(&b);
	key_list_release(&keys);
	key_spec_release(&spec);
	arena_release(&seen->texts);
	free(seen);
}

/* -- rankings: against a sort of all -- */

static void test_ranking(uint32_t n, uint32_t groups, bool rising)
{
	struct key_spec key, by;
	struct key_list keys = {0}, group_keys = {0};
	struct error e = {0};
	struct batch b;
	int64_t value[ROWS];
	uint32_t wrong = 0;
	struct ranking *r = ranking_new(n, false);
	CHECK(!key_spec_parse("k", KEY_DESCENDING, &key, &e) && !key_spec_parse("g", KEY_PLAIN, &by, &e));
	batch_init(&b);
	for (uint32_t i = 0; i < ROWS;) {
		uint64_t first = i;
		batch_clear(&b);
		for (uint32_t more = 1 + draw() % 300; more && i < ROWS; more--, i++) {
			value[i] = rising ? (int64_t)i : (int64_t)(draw() % 500);
			struct field row[] = {
				{"n", value_int(i)}, {"k", value_int(value[i])}, {"g", value_int(i % groups)}};
			batch_add_row(&b, row, 3);
		}
		key_spec_apply(&key, &b, &keys);
		key_spec_apply(&by, &b, &group_keys);
		CHECK(!ranking_add(r, &b, &keys, &group_keys, NULL, first, &e));
	}
	size_t total;
	struct ranked *rows = rankings_take(&r, 1, n, false, &total);
	for (size_t i = 0; i < total; i++) {
		struct batch *from = &rows[i].ref.block->rows;
		int64_t id = batch_get(from, rows[i].ref.row, "n").i;
		uint32_t better = 0;
		for (int64_t k = id % groups; k < ROWS; k += groups)
			better += value[k] > value[id] || (value[k] == value[id] && k < id);
		wrong += better + 1 != rows[i].rank || batch_get(from, rows[i].ref.row, "k").i != value[id];
	}
	CHECK(!wrong && total == (size_t)groups * n);
	free(rows);
	ranking_free(r);
	batch_release(&b);
	key_list_release(&keys);
	key_list_release(&group_keys);
	key_spec_release(&key);
	key_spec_release(&by);
}

int main(void)
{
	test_items(0, 0, 1, 1);
	test_items(1, 0, 1, 1);
	test_items(KEYS, 0, 255, 6);
	test_items(KEYS, 7, 3, 20);
	test_items(KEYS, 100, 2, 3);
	test_items(3000, 400, 200, 4);
	test_items(500, 0, 4, 30);
	test_sorter("k", 1000, 0);
	test_sorter("k:desc", 3000, 0);
	test_sorter("k", 7, 0);
	test_sorter("k", 500, 1000);
	test_sorter("k:desc", 40, 40); /* 150 runs: folded twice */
	test_ranking(5, 7, false);
	test_ranking(3, 2, true);
	test_ranking(1, 600, true);
	return test_done();
}

/* How long a row takes: groups, sums, sketches, each by itself and all together as stream-agg has them. Prints ns per
 * row, best of 12. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg.h"
#include "agg/groups.h"
#include "agg/table.h"
#include "base/mem.h"
#include "base/timestamp.h"

enum { ROWS = 16384, KEYS = 5000, BATCHES = 40, DIFFERENT = 4 };

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static struct value dict[KEYS];
static uint16_t codes[DIFFERENT][ROWS];
static uint16_t statuses[ROWS];
static struct value *paths[DIFFERENT], *times[DIFFERENT];
static uint32_t numbers[ROWS], scratch[ROWS];

/* Paths by something like Zipf, lognormal times of three decimals with the zeros cut off, as JSON has them. */
static void make_data(void)
{
	for (int k = 0; k < KEYS; k++) {
		char *text = mem_alloc(40);
		dict[k] = value_string(text, (size_t)snprintf(text, 40, "/item/%d/page.html", k * 7919 % 100000));
	}
	for (int b = 0; b < DIFFERENT; b++) {
		paths[b] = mem_array(ROWS, sizeof *paths[b]);
		times[b] = mem_array(ROWS, sizeof *times[b]);
		/* Each text in the input is another place in memory; what was just decoded is in the cache. */
		char *input = mem_alloc(ROWS * 64);
		for (int i = 0; i < ROWS; i++) {
			double u = (double)(draw() >> 11) * 0x1p-53;
			codes[b][i] = (uint16_t)(KEYS * u * u * u);
			struct value v = dict[codes[b][i]];
			memcpy(input + i * 64, v.s, v.len);
			paths[b][i] = value_string(input + i * 64, v.len);
			int64_t ms = (int64_t)(20 * exp(2 * (u + (double)(draw() % 1000) / 1000)));
			unsigned scale = 3;
			for (; scale && ms % 10 == 0; scale--)
				ms /= 10;
			times[b][i] = value_decimal(ms, scale);
		}
	}
	for (int i = 0; i < ROWS; i++)
		statuses[i] = (uint16_t)(200 + draw() % 5 * 100 + draw() % 4);
}

static struct column dict_column(int b)
{
	return (struct column){.form = COLUMN_DICT,
			       .width = 2,
			       .ints = codes[b % DIFFERENT],
			       .dict = dict,
			       .dict_size = KEYS,
			       .dict_id = 1};
}

static struct column values_column(struct value *v)
{
	return (struct column){.form = COLUMN_VALUES, .values = v};
}

static const char *only = "";

static void report(const char *what, int64_t (*run)(void))
{
	if (!strstr(what, only))
		return;
	int64_t best = INT64_MAX;
	for (int i = 0; i < 12; i++) {
		int64_t ns = run();
		best = ns < best ? ns : best;
	}
	printf("%-44s %6.2f ns per row\n", what, (double)best / (BATCHES * (double)ROWS));
}

static int64_t run_groups(int form)
{
	struct groups g;
	groups_init(&g, form == 3 ? 2 : 1);
	int64_t start = monotonic_now();
	for (int b = 0; b < BATCHES; b++) {
		struct column status = {.form = COLUMN_INT, .type = TYPE_INT, .width = 2, .ints = statuses};
		struct column c = form == 0 ? values_column(paths[b % DIFFERENT]) : form == 2 ? status : dict_column(b);
		const struct column *columns[] = {&c, &status};
		groups_find(&g, 0, columns, NULL, ROWS, numbers, scratch);
	}
	int64_t ns = monotonic_now() - start;
	groups_release(&g);
	return ns;
}

static int64_t groups_values(void)
{
	return run_groups(0);
}
static int64_t groups_dict(void)
{
	return run_groups(1);
}
static int64_t groups_int(void)
{
	return run_groups(2);
}
static int64_t groups_two(void)
{
	return run_groups(3);
}

static int64_t run_agg(enum agg_state state_kind, int groups)
{
	struct agg *a = agg_new(state_kind, false);
	struct input_room room = {0};
	int64_t start = monotonic_now();
	for (int b = 0; b < BATCHES; b++) {
		struct column c = values_column(times[b % DIFFERENT]);
		for (int i = 0; i < ROWS; i++)
			numbers[i] = (uint32_t)(codes[b % DIFFERENT][i] % groups);
		struct agg_rows r = {.count = ROWS, .groups = numbers, .in = input_load(&room, &c, NULL, ROWS)};
		agg_update(a, &r, KEYS);
	}
	int64_t ns = monotonic_now() - start;
	input_room_release(&room);
	agg_free(a);
	return ns;
}

static int64_t agg_count(void)
{
	return run_agg(AGG_COUNT, KEYS);
}
static int64_t agg_sum(void)
{
	return run_agg(AGG_SUM, KEYS);
}
static int64_t agg_moments(void)
{
	return run_agg(AGG_MOMENTS, KEYS);
}
static int64_t agg_sketch(void)
{
	return run_agg(AGG_SKETCH, KEYS);
}
static int64_t agg_sketch_few(void)
{
	return run_agg(AGG_SKETCH, 5);
}
static int64_t agg_sum_few(void)
{
	return run_agg(AGG_SUM, 5);
}
static int64_t agg_max(void)
{
	return run_agg(AGG_MAX, KEYS);
}
static int64_t agg_distinct(void)
{
	return run_agg(AGG_DISTINCT, KEYS);
}

static int ignore(void *self, struct batch *b, struct error *e)
{
	(void)e;
	*(uint64_t *)self += b->rows;
	return 0;
}

static int64_t run_table(bool dictionary, const char *const *calls, size_t count)
{
	const char *by[] = {"path"};
	struct table *t;
	struct error e;
	struct batch b;
	uint64_t rows = 0;
	if (table_new(by, 1, calls, count, false, &t, &e))
		exit(1);
	batch_init(&b);
	uint32_t shape = (uint32_t)batch_shape_of(&b, NULL, 0);
	int64_t ns = 0;
	for (int i = 0; i < BATCHES; i++) {
		for (int r = 0; r < ROWS; r++) {
			batch_begin(&b);
			batch_end(&b, shape, 0);
		}
		batch_set(&b, "path", 4, dictionary ? dict_column(i) : values_column(paths[i % DIFFERENT]));
		batch_set(&b, "rt", 2, values_column(times[i % DIFFERENT]));
		int64_t start = monotonic_now();
		table_feed(t, 0, &b);
		ns += monotonic_now() - start;
		batch_clear(&b);
	}
	int64_t start = monotonic_now();
	if (table_result(t, ignore, &rows, &e))
		exit(1);
	ns += monotonic_now() - start;
	batch_release(&b);
	table_free(t);
	return ns;
}

static const char *const three[] = {"count", "sum(rt)", "p99(rt)"};

static int64_t table_dict(void)
{
	return run_table(true, three, 3);
}
static int64_t table_values(void)
{
	return run_table(false, three, 3);
}
static int64_t table_count(void)
{
	return run_table(true, three, 1);
}

/* With an argument: only what has it in its name. */
int main(int argc, char **argv)
{
	if (argc > 1)
		only = argv[1];
	make_data();
	report("groups, 5,000 strings from VALUES", groups_values);
	report("groups, 5,000 strings from DICT", groups_dict);
	report("groups, 20 ints", groups_int);
	report("groups, 5,000 strings from DICT and 20 ints", groups_two);
	report("count", agg_count);
	report("sum, decimals of several scales", agg_sum);
	report("var", agg_moments);
	report("p99", agg_sketch);
	report("p99 of 5 groups", agg_sketch_few);
	report("sum of 5 groups, decimals of several scales", agg_sum_few);
	report("max", agg_max);
	report("distinct", agg_distinct);
	report("stream-agg: count, by path from DICT", table_count);
	report("stream-agg: count sum p99, by path, DICT", table_dict);
	report("stream-agg: count sum p99, by path, VALUES", table_values);
	return 0;
}

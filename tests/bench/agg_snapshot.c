/* Snapshots of a table of a million groups: how long they take, whole and of changes, how large they are, how long a run that begins
 * with one waits; and what it costs, per row, that changes are marked. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agg/table_private.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "flow/snapshot.h"
#include "flow/state_file.h"

enum { ROWS = 16384, GROUPS = 1000000, CHANGED = 10000, ROUNDS = 9 };

static struct error e;
static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static struct table *open_table(void)
{
	static const char *const by[] = {"k"}, *const calls[] = {"count", "sum(x)", "min(x)", "max(x)", "avg(x)"};
	struct table *t;
	if (table_new(by, 1, calls, 5, false, &t, &e))
		exit(1);
	return t;
}

static void fail(int code)
{
	if (!code)
		return;
	fprintf(stderr, "%s\n", e.text);
	exit(1);
}

/* -- rows -- */

static struct value *keys, *numbers;
static char (*texts)[24];

static void make_values(void)
{
	keys = mem_array(GROUPS, sizeof *keys);
	texts = mem_array(GROUPS, sizeof *texts);
	numbers = mem_array(ROWS, sizeof *numbers);
	for (int i = 0; i < GROUPS; i++)
		keys[i] = value_string(texts[i], (size_t)snprintf(texts[i], sizeof *texts, "user-%d-of-many", i));
	for (int i = 0; i < ROWS; i++)
		numbers[i] = value_decimal((int64_t)(draw() % 1000000), 2);
}

static struct column values_column(struct value *v)
{
	return (struct column){.form = COLUMN_VALUES, .values = v};
}

/* Adds `count` rows of these keys; returns nanoseconds. */
static int64_t feed(struct table *t, struct value *of, uint32_t count)
{
	struct batch b;
	int64_t ns = 0;
	batch_init(&b);
	uint32_t shape = (uint32_t)batch_shape_of(&b, NULL, 0);
	for (uint32_t from = 0; from < count; from += ROWS) {
		uint32_t rows = count - from < ROWS ? count - from : ROWS;
		for (uint32_t r = 0; r < rows; r++) {
			batch_begin(&b);
			batch_end(&b, shape, 0);
		}
		batch_set(&b, "k", 1, values_column(of + from));
		batch_set(&b, "x", 1, values_column(numbers));
		int64_t start = monotonic_now();
		table_feed(t, 0, &b);
		ns += monotonic_now() - start;
		batch_clear(&b);
	}
	batch_release(&b);
	return ns;
}

/* -- snapshots -- */

static int add(void *self, struct batch *b, struct error *error)
{
	return snapshot_add(self, b, error);
}

static void report(const char *what, int64_t ns, uint64_t bytes)
{
	printf("%-44s %8.1f ms %8.1f MB\n", what, (double)ns / 1e6, (double)bytes / 1e6);
}

static void save(const char *what, struct table *t, struct snapshots *s, uint64_t n)
{
	struct snapshot w;
	struct snapshot_sides none = {0};
	int64_t start = monotonic_now();
	fail(snapshot_begin(&w, s, n, &none, &e));
	bool changes = snapshot_of_changes(&w);
	fail(table_snapshot(t, changes, add, &w, &e));
	fail(snapshot_finish(&w, &e));
	report(what, monotonic_now() - start, changes ? s->change_size : s->whole_size);
}

static int take(void *self, struct batch *b, struct error *error)
{
	return table_restore(self, b, error);
}

static void load(const char *directory, uint64_t n)
{
	struct snapshots s;
	struct snapshot_sides none = {0};
	struct table *t = open_table();
	snapshots_init(&s, state_path("%s", directory), "bench", 1, 2);
	int64_t start = monotonic_now();
	if (snapshots_load(&s, n, 1, &none, take, t, &e) < 0)
		fail(e.code);
	fail(table_restore(t, NULL, &e));
	report("load", monotonic_now() - start, 0);
	snapshots_release(&s);
	table_free(t);
}

static void run_snapshots(const char *directory)
{
	struct snapshots s;
	struct table *t = open_table();
	snapshots_init(&s, state_path("%s", directory), "bench", 1, 1);
	feed(t, keys, GROUPS);
	save("whole", t, &s, 1);
	for (uint64_t n = 2; n < 5; n++) {
		feed(t, keys + draw() % (GROUPS - CHANGED), CHANGED);
		save("10,000 groups changed (size: so far)", t, &s, n);
	}
	feed(t, keys + 7, 1);
	save("1 group changed", t, &s, 5);
	load(directory, 5);
	snapshots_release(&s);
	table_free(t);
}

/* -- marks -- */

static int drop(void *self, struct batch *b, struct error *error)
{
	(void)self;
	(void)b;
	(void)error;
	return 0;
}

/* Best of ROUNDS, which take turns, so that what else the machine does hits both; a snapshot is made in any case. */
static void run_marks(const char *what, uint32_t groups)
{
	struct value *drawn = mem_array(GROUPS, sizeof *drawn);
	double best[2] = {1e9, 1e9};
	for (int i = 0; i < GROUPS; i++)
		drawn[i] = keys[draw() % groups];
	for (int i = 0; i < 2 * ROUNDS; i++) {
		struct table *t = open_table();
		feed(t, keys, groups);
		fail(table_snapshot(t, false, drop, NULL, &e));
		if (i % 2 == 0)
			t->tracks = t->panes[0]->marks.kept = false;
		double ns = (double)feed(t, drawn, GROUPS) / GROUPS;
		best[i & 1] = ns < best[i & 1] ? ns : best[i & 1];
		table_free(t);
	}
	printf("%-44s %8.2f ns per row, with marks %.2f\n", what, best[0], best[1]);
	free(drawn);
}

int main(void)
{
	char directory[] = "/tmp/agg_snapshot.XXXXXX", command[64];
	if (!mkdtemp(directory))
		return 1;
	make_values();
	run_marks("rows of 5 groups", 5);
	run_marks("rows of 5,000 groups", 5000);
	run_marks("rows of 100,000 groups", 100000);
	run_marks("rows of 1,000,000 groups", GROUPS);
	run_snapshots(directory);
	snprintf(command, sizeof command, "rm -r %s", directory);
	return system(command) != 0;
}

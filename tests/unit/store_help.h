/* What the tests of the store share: a directory of their own, records with a number, and a tally of them. */
#ifndef STREAM_TESTS_UNIT_STORE_HELP_H
#define STREAM_TESTS_UNIT_STORE_HELP_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/read/reader.h"
#include "store/write/writer.h"
#include "test.h"

static char test_directory[64];

static inline void test_cleanup(void)
{
	path_remove(&files_real, test_directory, NULL);
}

/* Tests make their streams here, by path. */
static inline const char *test_start(void)
{
	/* Memory where there is some: these tests sync a lot. */
	strcpy(test_directory, access("/dev/shm", W_OK) ? "/tmp/store-test-XXXXXX" : "/dev/shm/store-test-XXXXXX");
	if (!mkdtemp(test_directory))
		exit(1);
	setenv("STREAM_HOME", test_directory, 1);
	return test_directory;
}

/* Rows {n: first..., who: `k<n % 7>`}. */
static inline void test_rows(struct batch *b, int64_t first, uint32_t count)
{
	batch_clear(b);
	for (uint32_t i = 0; i < count; i++) {
		int64_t n = first + i;
		uint32_t row = batch_begin(b);
		int number = batch_column(b, "n", 1), who = batch_column(b, "who", 3);
		uint16_t columns[2] = {(uint16_t)number, (uint16_t)who};
		char *key = arena_printf(&b->arena, "k%d", (int)(n % 7));
		b->columns[number].values[row] = value_int(n);
		b->columns[who].values[row] = value_string(key, strlen(key));
		batch_end(b, (uint32_t)batch_shape_of(b, columns, 2), 0);
	}
}

/* Opens for writing; the stream is made with so many shards if it is not there. */
static inline struct store_writer *test_writer(const struct files *io, const char *name, uint32_t shards, int64_t sync,
					       struct error *e)
{
	struct catalog c;
	struct stream s;
	struct store_writer *w = NULL;
	int r = catalog_init(&c, shards, HASH_XXH3, e);
	c.sync = sync;
	if (!r)
		r = stream_create(io, name, &c, e);
	catalog_release(&c);
	if (r >= 0)
		r = stream_open(&s, io, name, e);
	if (!r)
		store_writer_open(&w, &s, e);
	return w;
}

/* Appends count records numbered from first in batches of `step`, keyed by `who`. */
static inline int test_append(struct store_writer *w, int64_t first, uint32_t count, uint32_t step, struct error *e)
{
	struct batch b;
	batch_init(&b);
	int r = 0;
	for (uint32_t i = 0; !r && i < count; i += step) {
		test_rows(&b, first + i, count - i < step ? count - i : step);
		r = store_writer_append(w, &b, batch_field(&b, "who", 3), e);
	}
	batch_release(&b);
	return r;
}

/* How often each number below `size` was read. */
struct tally {
	uint32_t *seen;
	int64_t size;
	uint64_t records, foreign, disorder; /* not as they were written; @seq or @arrived not rising within a shard */
	uint64_t damages, lost;              /* ranges, and records in them */
	uint64_t last_seq[64];
	int64_t last_arrived[64];
};

static inline void tally_init(struct tally *l, int64_t size)
{
	*l = (struct tally){.size = size, .seen = mem_zero((size_t)size * sizeof *l->seen + 1)};
}

static inline void tally_release(struct tally *l)
{
	free(l->seen);
}

static inline void tally_damage(void *arg, const struct damage *d)
{
	struct tally *l = arg;
	l->damages++;
	l->lost += d->behind - d->first;
}

static inline void tally_add(struct tally *l, const struct batch *b, uint32_t shard)
{
	const struct column *n = batch_field(b, "n", 1), *who = batch_field(b, "who", 3);
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		struct value v = column_get(n, row), seq = column_get(&b->meta[META_SEQ], row);
		int64_t arrived = column_get(&b->meta[META_ARRIVED], row).i;
		l->records++;
		struct value key = column_get(who, row);
		if (v.type != TYPE_INT || v.i < 0 || v.i >= l->size || key.type != TYPE_STRING || key.len != 2 ||
		    key.s[0] != 'k' || key.s[1] != '0' + v.i % 7)
			l->foreign++;
		else
			l->seen[v.i]++;
		if ((uint64_t)seq.i + 1 <= l->last_seq[shard] || arrived < l->last_arrived[shard])
			l->disorder++;
		l->last_seq[shard] = (uint64_t)seq.i + 1;
		l->last_arrived[shard] = arrived;
	}
}

/* Numbers in [from, to) that were not read exactly `times` times. */
static inline uint64_t tally_wrong(const struct tally *l, int64_t from, int64_t to, uint32_t times)
{
	uint64_t wrong = 0;
	for (int64_t i = from; i < to; i++)
		wrong += l->seen[i] != times;
	return wrong;
}

static inline uint64_t tally_twice(const struct tally *l)
{
	uint64_t twice = 0;
	for (int64_t i = 0; i < l->size; i++)
		twice += l->seen[i] > 1;
	return twice;
}

/* Reads all there is now. */
static inline int tally_read(struct tally *l, const struct files *io, const char *name, struct bound from,
			     struct bound to, struct error *e)
{
	struct store_reader_options o = {.from = from, .to = to, .damaged = tally_damage, .damaged_arg = l};
	struct store_reader *reader;
	struct store_item item;
	int r = store_reader_open(&reader, io, &name, 1, &o, e);
	if (r)
		return r;
	while ((r = store_reader_next(reader, &item, e)) > 0)
		tally_add(l, item.batch, item.shard);
	if (!r && !store_reader_done(reader))
		r = error_set(e, ERR_FAILED, "a bounded read that is not done");
	store_reader_close(reader);
	return r;
}

#define BOUND_ALL ((struct bound){0})

#endif

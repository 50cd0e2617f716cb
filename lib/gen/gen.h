/*
 * Made-up records, the same for the same seed, for tests, benchmarks and first steps.
 *
 * A generator fills one batch after another. Event time runs at a steady pace from a fixed start, so that nothing
 * depends on when it is run.
 */
#ifndef STREAM_GEN_GEN_H
#define STREAM_GEN_GEN_H

#include <stdint.h>

#include "record/batch.h"

struct gen;

struct gen_kind {
	const char *name;
	const char *summary;
	/* What fill() needs; freed by free(). */
	struct gen *(*new)(uint64_t seed);
	/* Sets b (which was reset) to the next `rows` records (1..BATCH_ROWS). */
	void (*fill)(struct gen *g, uint32_t rows, struct batch *b);
	void (*free)(struct gen *g);
};

/* `weblog`, `sensor`, `orders`, `nexmark`; NULL if there is no such kind. */
const struct gen_kind *gen_find(const char *name);
/* All of them, NULL-terminated. */
extern const struct gen_kind *const gen_kinds[];

/* -- for generators -- */

/* xoshiro256** 1.0 (Blackman and Vigna, 2018), seeded by splitmix64. */
struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n); /* 0..n-1 */
double rng_unit(struct rng *r);                /* [0, 1) */

/* Draws 0..n-1 with weights, by the alias method (Walker 1977, Vose 1991). */
struct alias {
	uint32_t n;
	uint32_t *other;
	double *keep;
};

void alias_init(struct alias *a, const double *weights, uint32_t n);
void alias_init_zipf(struct alias *a, uint32_t n, double exponent);
uint32_t alias_draw(const struct alias *a, struct rng *r);
void alias_release(struct alias *a);

/* Makes b a batch of one shape without fields and with `rows` rows, to be filled by batch_set. */
void gen_start(struct batch *b, uint32_t rows);
/* A dictionary column: codes (2 bytes each) in b's arena are the caller's to fill. dict_id must be the dictionary's own. */
uint16_t *gen_set_dict(struct batch *b, const char *name, const struct value *dict, uint32_t size, uint64_t dict_id);
/* A column of 64-bit ints of that type and scale, to be filled by the caller. */
int64_t *gen_set_ints(struct batch *b, const char *name, enum type type, unsigned scale);

#endif

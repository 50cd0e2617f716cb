/* A shop's orders: `ts order customer product quantity price currency`, five a second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "gen/gen.h"

enum { CUSTOMERS = 10000, PRODUCTS = 500, CURRENCIES = 3 };

static const int64_t START = INT64_C(1767225600) * SECOND; /* 2026-01-01T00:00:00Z */
static const int64_t PACE = SECOND / 5;

struct gen {
	struct rng rng;
	uint64_t made;
	struct arena texts;
	struct value customers[CUSTOMERS], products[PRODUCTS], currencies[CURRENCIES];
	int64_t prices[PRODUCTS]; /* hundredths */
	struct alias by_product;
};

static struct gen *create(uint64_t seed)
{
	static const char *const currencies[CURRENCIES] = {"EUR", "USD", "CHF"};
	struct gen *g = mem_zero(sizeof *g);
	char name[32];
	rng_seed(&g->rng, seed);
	for (int i = 0; i < CUSTOMERS; i++) {
		int n = snprintf(name, sizeof name, "C%05d", i);
		g->customers[i] = value_string(arena_copy(&g->texts, name, (size_t)n), (size_t)n);
	}
	for (int i = 0; i < PRODUCTS; i++) {
		int n = snprintf(name, sizeof name, "P-%03d", i);
		g->products[i] = value_string(arena_copy(&g->texts, name, (size_t)n), (size_t)n);
		g->prices[i] = 99 + 100 * (int64_t)rng_below(&g->rng, 200);
	}
	for (int i = 0; i < CURRENCIES; i++)
		g->currencies[i] = value_string(currencies[i], strlen(currencies[i]));
	alias_init_zipf(&g->by_product, PRODUCTS, 0.9);
	return g;
}

static void fill(struct gen *g, uint32_t rows, struct batch *b)
{
	struct rng *r = &g->rng;
	gen_start(b, rows);
	int64_t *ts = gen_set_ints(b, "ts", TYPE_TIME, 0);
	int64_t *order = gen_set_ints(b, "order", TYPE_INT, 0);
	uint16_t *customer = gen_set_dict(b, "customer", g->customers, CUSTOMERS, 21);
	uint16_t *product = gen_set_dict(b, "product", g->products, PRODUCTS, 22);
	int64_t *quantity = gen_set_ints(b, "quantity", TYPE_INT, 0);
	int64_t *price = gen_set_ints(b, "price", TYPE_INT, 2);
	uint16_t *currency = gen_set_dict(b, "currency", g->currencies, CURRENCIES, 23);
	for (uint32_t i = 0; i < rows; i++, g->made++) {
		uint32_t p = alias_draw(&g->by_product, r);
		ts[i] = START + (int64_t)g->made * PACE;
		order[i] = (int64_t)g->made + 1;
		customer[i] = (uint16_t)rng_below(r, CUSTOMERS);
		product[i] = (uint16_t)p;
		quantity[i] = 1 + rng_below(r, 3) * rng_below(r, 3);
		price[i] = g->prices[p];
		currency[i] = (uint16_t)(customer[i] % CURRENCIES);
	}
	struct column time = *batch_field(b, "ts", 2);
	batch_set(b, "@time", 5, time);
}

static void release(struct gen *g)
{
	alias_release(&g->by_product);
	arena_release(&g->texts);
	free(g);
}

extern const struct gen_kind gen_orders;
const struct gen_kind gen_orders = {"orders", "orders of a shop: ts order customer product quantity price currency",
				    create, fill, release};

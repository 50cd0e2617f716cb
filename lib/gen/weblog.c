/* The access log of a busy site: `ts ip method path status bytes rt ua`. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "gen/gen.h"

enum { CLIENTS = 20000, PATHS = 5000, AGENTS = 48, STATUSES = 9, METHODS = 5 };

static const int64_t START = INT64_C(1767225600) * SECOND; /* 2026-01-01T00:00:00Z */
static const int64_t PACE = SECOND / 100;                  /* 100 records a second of event time */

struct gen {
	struct rng rng;
	uint64_t made;
	struct arena texts;
	struct value clients[CLIENTS], paths[PATHS], agents[AGENTS], methods[METHODS];
	struct alias by_client, by_path, by_agent, by_method, by_status;
};

static const int64_t statuses[STATUSES] = {200, 304, 404, 301, 206, 500, 403, 502, 201};
static const double status_weights[STATUSES] = {80, 8, 4, 3, 1.5, 1, 1, 0.5, 1};
static const char *const methods[METHODS] = {"GET", "POST", "HEAD", "PUT", "DELETE"};
static const double method_weights[METHODS] = {86, 10, 2, 1.5, 0.5};

static struct value text(struct gen *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

static struct value text(struct gen *g, const char *format, ...)
{
	char line[256];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	return value_string(arena_copy(&g->texts, line, (size_t)n), (size_t)n);
}

static struct value make_path(struct gen *g, uint32_t i)
{
	static const char *const sections[] = {"products", "articles", "users", "search", "assets", "api/v1/items"};
	static const char *const words[] = {"summer", "winter", "garden", "kitchen", "travel", "music",
					    "paper",  "silver", "market", "window",  "river",  "stone"};
	uint32_t section = rng_below(&g->rng, 6), a = rng_below(&g->rng, 12), b = rng_below(&g->rng, 12);
	if (i == 0)
		return text(g, "/");
	if (section == 3)
		return text(g, "/search?q=%s+%s&page=%u", words[a], words[b], i);
	return text(g, "/%s/%u/%s-%s", sections[section], i, words[a], words[b]);
}

static struct value make_agent(struct gen *g, uint32_t i)
{
	static const char *const systems[] = {"X11; Linux x86_64", "Windows NT 10.0; Win64; x64",
					      "Macintosh; Intel Mac OS X 10_15_7",
					      "iPhone; CPU iPhone OS 17_4 like Mac OS X"};
	if (i % 12 == 11)
		return text(g, "crawler-%u/2.%u (+https://crawler.example/about)", i / 12, i);
	return text(g, "Mozilla/5.0 (%s) Browser/%u.0.%u Engine/537.36", systems[i % 4], 100 + i / 4, i * 37);
}

static void make_texts(struct gen *g)
{
	for (uint32_t i = 0; i < CLIENTS; i++)
		g->clients[i] = text(g, "10.%u.%u.%u", rng_below(&g->rng, 4) * 16 + i % 16, i / 250, i % 250 + 1);
	for (uint32_t i = 0; i < PATHS; i++)
		g->paths[i] = make_path(g, i);
	for (uint32_t i = 0; i < AGENTS; i++)
		g->agents[i] = make_agent(g, i);
	for (uint32_t i = 0; i < METHODS; i++)
		g->methods[i] = value_string(methods[i], strlen(methods[i]));
}

static struct gen *create(uint64_t seed)
{
	struct gen *g = mem_zero(sizeof *g);
	rng_seed(&g->rng, seed);
	make_texts(g);
	alias_init_zipf(&g->by_client, CLIENTS, 0.6);
	alias_init_zipf(&g->by_path, PATHS, 1.0);
	alias_init_zipf(&g->by_agent, AGENTS, 0.8);
	alias_init(&g->by_method, method_weights, METHODS);
	alias_init(&g->by_status, status_weights, STATUSES);
	return g;
}

static int64_t response_bytes(struct rng *r, int64_t status)
{
	if (status == 304)
		return 0;
	return (int64_t)exp(5.0 + 7.0 * rng_unit(r) * rng_unit(r) + 2.0 * rng_unit(r));
}

/* Milliseconds; a long tail. */
static int64_t response_time(struct rng *r)
{
	double u = rng_unit(r);
	return (int64_t)(1.0 + 40.0 * rng_unit(r) + 5.0 / (1.0 - 0.999 * u));
}

static void fill(struct gen *g, uint32_t rows, struct batch *b)
{
	struct rng *r = &g->rng;
	gen_start(b, rows);
	int64_t *ts = gen_set_ints(b, "ts", TYPE_TIME, 0);
	uint16_t *ip = gen_set_dict(b, "ip", g->clients, CLIENTS, 1);
	uint16_t *method = gen_set_dict(b, "method", g->methods, METHODS, 2);
	uint16_t *path = gen_set_dict(b, "path", g->paths, PATHS, 3);
	int64_t *status = gen_set_ints(b, "status", TYPE_INT, 0);
	int64_t *bytes = gen_set_ints(b, "bytes", TYPE_INT, 0);
	int64_t *rt = gen_set_ints(b, "rt", TYPE_INT, 3);
	uint16_t *ua = gen_set_dict(b, "ua", g->agents, AGENTS, 4);
	for (uint32_t i = 0; i < rows; i++, g->made++) {
		bool late = rng_below(r, 100) == 0;
		int64_t behind = late ? (int64_t)rng_below(r, 5000) * MILLISECOND : 0;
		ts[i] = START + (int64_t)g->made * PACE - behind;
		ip[i] = (uint16_t)alias_draw(&g->by_client, r);
		method[i] = (uint16_t)alias_draw(&g->by_method, r);
		path[i] = (uint16_t)alias_draw(&g->by_path, r);
		status[i] = statuses[alias_draw(&g->by_status, r)];
		bytes[i] = response_bytes(r, status[i]);
		rt[i] = response_time(r);
		ua[i] = (uint16_t)alias_draw(&g->by_agent, r);
	}
	struct column time = *batch_field(b, "ts", 2);
	batch_set(b, "@time", 5, time);
}

static void release(struct gen *g)
{
	alias_release(&g->by_client);
	alias_release(&g->by_path);
	alias_release(&g->by_agent);
	alias_release(&g->by_method);
	alias_release(&g->by_status);
	arena_release(&g->texts);
	free(g);
}

extern const struct gen_kind gen_weblog;
const struct gen_kind gen_weblog = {"weblog", "requests to a web site: ts ip method path status bytes rt ua", create,
				    fill, release};

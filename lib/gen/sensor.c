/* A hall of machines: `ts sensor temperature humidity ok`, ten readings a second. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "gen/gen.h"

enum { SENSORS = 100 };

static const int64_t START = INT64_C(1767225600) * SECOND; /* 2026-01-01T00:00:00Z */
static const int64_t PACE = SECOND / 10;

struct gen {
	struct rng rng;
	uint64_t made;
	char names[SENSORS][16];
	struct value sensors[SENSORS];
	double drift[SENSORS];
};

static struct gen *create(uint64_t seed)
{
	struct gen *g = mem_zero(sizeof *g);
	rng_seed(&g->rng, seed);
	for (int i = 0; i < SENSORS; i++) {
		int n = snprintf(g->names[i], sizeof g->names[i], "sensor-%03d", i);
		g->sensors[i] = value_string(g->names[i], (size_t)n);
	}
	return g;
}

static void fill(struct gen *g, uint32_t rows, struct batch *b)
{
	struct rng *r = &g->rng;
	gen_start(b, rows);
	int64_t *ts = gen_set_ints(b, "ts", TYPE_TIME, 0);
	uint16_t *sensor = gen_set_dict(b, "sensor", g->sensors, SENSORS, 11);
	int64_t *temperature = gen_set_ints(b, "temperature", TYPE_INT, 2);
	int64_t *humidity = gen_set_ints(b, "humidity", TYPE_INT, 1);
	int64_t *ok = gen_set_ints(b, "ok", TYPE_BOOL, 0);
	for (uint32_t i = 0; i < rows; i++, g->made++) {
		uint32_t s = rng_below(r, SENSORS);
		double hours = (double)g->made * (double)PACE / (double)HOUR;
		g->drift[s] = g->drift[s] * 0.99 + (rng_unit(r) - 0.5) * 0.4;
		ts[i] = START + (int64_t)g->made * PACE;
		sensor[i] = (uint16_t)s;
		temperature[i] = (int64_t)lround(100 * (21 + 6 * sin(hours * 0.2618) + s % 7 + g->drift[s]));
		humidity[i] = (int64_t)lround(10 * (45 + 10 * cos(hours * 0.2618) + 4 * rng_unit(r)));
		ok[i] = rng_below(r, 500) != 0;
	}
	struct column time = *batch_field(b, "ts", 2);
	batch_set(b, "@time", 5, time);
}

static void release(struct gen *g)
{
	free(g);
}

extern const struct gen_kind gen_sensor;
const struct gen_kind gen_sensor = {"sensor", "readings of machines: ts sensor temperature humidity ok", create, fill,
				    release};

#include "gen/gen.h"

#include <string.h>

extern const struct gen_kind gen_weblog, gen_sensor, gen_orders, gen_nexmark;

const struct gen_kind *const gen_kinds[] = {&gen_weblog, &gen_sensor, &gen_orders, &gen_nexmark, NULL};

const struct gen_kind *gen_find(const char *name)
{
	for (const struct gen_kind *const *k = gen_kinds; *k; k++)
		if (!strcmp((*k)->name, name))
			return *k;
	return NULL;
}

void gen_start(struct batch *b, uint32_t rows)
{
	batch_shape_of(b, NULL, 0);
	b->rows = rows;
}

uint16_t *gen_set_dict(struct batch *b, const char *name, const struct value *dict, uint32_t size, uint64_t dict_id)
{
	uint16_t *codes = arena_array(&b->arena, b->rows, sizeof *codes);
	struct column c = {
		.form = COLUMN_DICT, .width = 2, .ints = codes, .dict = dict, .dict_size = size, .dict_id = dict_id};
	batch_set(b, name, strlen(name), c);
	return codes;
}

int64_t *gen_set_ints(struct batch *b, const char *name, enum type type, unsigned scale)
{
	int64_t *ints = arena_array(&b->arena, b->rows, sizeof *ints);
	struct column c = {
		.form = COLUMN_INT, .type = (uint8_t)type, .width = 8, .scale = (uint8_t)scale, .ints = ints};
	batch_set(b, name, strlen(name), c);
	return ints;
}

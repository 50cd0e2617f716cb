#include "expr/set.h"

#include <string.h>

enum { SET_LEAST = 9 };

/* Open addressing; a place is free where the value is absent. */
struct value_set {
	uint32_t mask;
	struct value places[];
};

static uint32_t find(const struct value_set *s, struct value v)
{
	uint32_t at = (uint32_t)value_hash(v, 0) & s->mask;
	while (s->places[at].type != TYPE_ABSENT && !value_equal(s->places[at], v))
		at = (at + 1) & s->mask;
	return at;
}

bool set_has(const struct value_set *s, struct value v)
{
	return s->places[find(s, v)].type != TYPE_ABSENT;
}

struct value_set *set_new(struct expr *x, struct node *const *constants, uint32_t count)
{
	if (count < SET_LEAST)
		return NULL;
	for (uint32_t i = 0; i < count; i++)
		if (value_is_missing(constants[i]->value))
			return NULL;
	uint32_t size = 32;
	while (size < count * 2)
		size *= 2;
	struct value_set *s = arena_alloc(&x->arena, sizeof *s + size * sizeof *s->places);
	memset(s->places, 0, size * sizeof *s->places);
	s->mask = size - 1;
	for (uint32_t i = 0; i < count; i++)
		s->places[find(s, constants[i]->value)] = constants[i]->value;
	return s;
}

#include "store/catalog/spread.h"
#include "store/fsck/fsck_private.h"

/* What a frame's records say of themselves. */

static bool is_point(struct value v)
{
	return v.type == TYPE_BYTES && v.len == 16;
}

static bool is_inside(const struct catalog_shard *range, struct value v)
{
	struct hash128 h = hash128_from_bytes((const uint8_t *)v.s);
	return hash128_compare(h, range->from) >= 0 && hash128_compare(h, range->to) <= 0;
}

/* The points of a dictionary are looked at once; a frame may carry some that none of its rows has. */
static int check_point(const struct shard_check *c, struct value v, struct error *why)
{
	if (!is_point(v))
		return error_set(why, ERR_FAILED, "a record has no @hash");
	if (c->range && !is_inside(c->range, v))
		return error_set(why, ERR_FAILED, "the @hash of a record belongs to another shard");
	return OK;
}

static int check_points(const struct shard_check *c, uint32_t rows, struct error *why)
{
	const struct column *hash = &c->batch.meta[META_HASH];
	int r = OK;
	if (hash->form == COLUMN_CONST)
		return check_point(c, hash->value, why);
	if (hash->form == COLUMN_DICT && !hash->marks && hash->dict_size < rows) {
		for (uint32_t i = 0; !r && i < hash->dict_size; i++)
			r = check_point(c, hash->dict[i], NULL);
		if (!r)
			return OK;
	}
	r = OK;
	for (uint32_t i = 0; !r && i < rows; i++)
		r = check_point(c, column_get(hash, i), why);
	return r;
}

static int check_arrived(const struct shard_check *c, struct segment_check *s, uint32_t rows, struct error *why)
{
	const struct column *arrived = &c->batch.meta[META_ARRIVED];
	uint32_t looks = arrived->form == COLUMN_CONST ? 1 : rows;
	int64_t before = s->arrived;
	for (uint32_t i = 0; i < looks; i++) {
		struct value v = column_get(arrived, i);
		if (v.type != TYPE_TIME)
			return error_set(why, ERR_FAILED, "a record has no @arrived");
		if (v.i > s->arrived)
			s->arrived = v.i;
		if (v.i < before)
			return error_set(why, ERR_FAILED, "@arrived falls");
		before = v.i;
	}
	return OK;
}

int fsck_records(const struct shard_check *c, struct segment_check *s, const struct frame *f, struct error *why)
{
	return !check_arrived(c, s, f->rows, why) && !check_points(c, f->rows, why);
}

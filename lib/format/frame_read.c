#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "format/frame_check.h"
#include "format/frame_reader.h"

struct frame_reader *frame_reader_new(void)
{
	struct frame_reader *r = mem_zero(sizeof *r);
	uint64_t random[2];
	/* Before the kernel's pool is ready, early at boot, the address and the clock must do. */
	if (getrandom(random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
		random[0] = hash_mix((uintptr_t)r, (uint64_t)monotonic_now());
		random[1] = hash_mix(random[0], (uint64_t)timestamp_now());
	}
	r->next_dict = random[0] >> 1 | 1;
	r->seed = random[1];
	return r;
}

void frame_reader_free(struct frame_reader *r)
{
	if (!r)
		return;
	scope_release(&r->scopes[0]);
	scope_release(&r->scopes[1]);
	free(r->sequence);
	free(r);
}

void frame_reader_restart(struct frame_reader *r)
{
	r->chain = 0;
	scope_clear(&r->scopes[0]);
}

/* -- what the batch gets, beside what batch_reset leaves: its arrays are filled here, without a search by name -- */

static struct column *add_column(struct batch *b)
{
	if (b->column_count == b->column_cap) {
		b->column_cap = (uint32_t)mem_grow(b->column_cap, 16);
		b->columns = mem_resize(b->columns, b->column_cap, sizeof *b->columns);
	}
	return &b->columns[b->column_count++];
}

static void add_shape(struct batch *b, const uint16_t *columns, uint32_t count)
{
	if (b->shape_count == b->shape_cap) {
		b->shape_cap = (uint32_t)mem_grow(b->shape_cap, 8);
		b->shapes = mem_resize(b->shapes, b->shape_cap, sizeof *b->shapes);
	}
	b->shapes[b->shape_count++] = (struct shape){columns, count};
}

/* -- entries -- */

struct wanted {
	const char *const *names; /* NULL: all */
	size_t count;
};

static bool is_wanted(const struct wanted *want, const struct reader_field *f)
{
	for (size_t i = 0; i < want->count; i++)
		if (strlen(want->names[i]) == f->len && !memcmp(want->names[i], f->name, f->len))
			return true;
	return !want->names;
}

static int take_field(struct body *y, const struct frame_entry *n, uint32_t buffers, const struct wanted *want,
		      struct batch *b)
{
	if (n->id >= y->scope->field_count || y->scope->fields[n->id].frame == y->r->frame)
		return body_damaged(y, "a column belongs to no field, or to another's");
	struct reader_field *f = &y->scope->fields[n->id];
	f->frame = y->r->frame;
	f->column = NO_COLUMN;
	if (!is_wanted(want, f))
		return OK;
	if (b->column_count == BATCH_COLUMNS_MAX)
		return body_damaged(y, "it has too many columns");
	f->column = b->column_count;
	struct column *c = add_column(b);
	int r = column_take(y, n, buffers, y->h.rows, c);
	c->name = f->name;
	c->name_len = f->len;
	return r ? error_prefix(y->e, "field `%.*s`", (int)(f->len < 64 ? f->len : 64), f->name) : OK;
}

static int take_meta(struct body *y, const struct frame_entry *n, uint32_t buffers, uint32_t *seen, struct batch *b)
{
	const uint32_t placed = 1 << META_SEQ | 1 << META_SHARD;
	if (n->id >= META_COUNT || *seen >> n->id & 1)
		return body_damaged(y, "a metadatum is unknown, or comes twice");
	*seen |= UINT32_C(1) << n->id;
	if (y->h.flags & FRAME_PLACED && *seen & placed)
		return body_damaged(y, "it has two places");
	struct column *c = &b->meta[n->id], named = *c;
	int r = column_take(y, n, buffers, y->h.rows, c);
	c->name = named.name;
	c->name_len = named.name_len;
	return r;
}

static int take_entries(struct body *y, const struct wanted *want, struct batch *b)
{
	uint32_t next = FRAME_OWN_BUFFERS, seen = 0;
	for (uint32_t i = 0; i < y->h.entries; i++) {
		struct frame_entry n = body_entry(y, i);
		uint32_t count = entry_buffers(&n);
		if (n.role >= ROLE_COUNT || n.form > COLUMN_DICT || n.marked > 1 || n.type > TYPE_JSON ||
		    count > y->h.extents - next)
			return body_damaged(y, "an entry of its directory is wrong");
		int r = n.role == ROLE_DICT   ? dict_announce(y, i, next)
			: n.role == ROLE_META ? take_meta(y, &n, next, &seen, b)
					      : take_field(y, &n, next, want, b);
		if (r)
			return r;
		next += count;
	}
	return next == y->h.extents ? OK : body_damaged(y, "it has buffers that belong to nothing");
}

/* -- shapes -- */

/* As much of the order as is left when only some fields are wanted. */
static void set_sorted(struct body *y, const struct reader_shape *first, struct batch *b)
{
	const struct reader_field *fields = y->scope->fields;
	while (b->sorted < y->h.sorted && fields[first->fields[b->sorted]].column != NO_COLUMN)
		b->sorted++;
}

static int take_shape(struct body *y, uint32_t number, struct batch *b)
{
	struct reader_scope *s = y->scope;
	struct reader_shape *shape = number < s->shape_count ? &s->shapes[number] : NULL;
	if (!shape || shape->frame == y->r->frame)
		return body_damaged(y, "a shape is missing, or comes twice");
	shape->frame = y->r->frame;
	uint16_t *columns = arena_array(y->arena, shape->count, sizeof *columns);
	uint32_t count = 0;
	for (uint32_t i = 0; i < shape->count; i++) {
		const struct reader_field *f = &s->fields[shape->fields[i]];
		if (f->frame != y->r->frame)
			return body_damaged(y, "a field has no column");
		if (f->column != NO_COLUMN)
			columns[count++] = (uint16_t)f->column;
	}
	if (!b->shape_count) {
		if (y->h.sorted > shape->count)
			return body_damaged(y, "it is sorted by fields that it does not have");
		set_sorted(y, shape, b);
	}
	add_shape(b, columns, count);
	return OK;
}

static int take_shapes(struct body *y, struct batch *b)
{
	const uint32_t *used = body_array(y, 2, y->h.used, sizeof *used);
	const uint16_t *codes = body_array(y, 3, y->h.used > 1 ? y->h.rows : 0, sizeof *codes);
	if (!used || !codes)
		return ERR_FAILED;
	for (uint32_t i = 0; i < y->h.used; i++) {
		int r = take_shape(y, used[i], b);
		if (r)
			return r;
	}
	if (y->h.used < 2)
		return OK;
	b->shape_of = codes;
	return all_below(codes, y->h.rows, sizeof *codes, y->h.used) ? OK : body_damaged(y, "a row has no shape");
}

/* -- the frame -- */

/* @seq without work per row: numbers that are always the same, and a bias. */
static void set_place(struct frame_reader *r, const struct frame_place *place, struct batch *b)
{
	if (!r->sequence) {
		r->sequence = mem_array(BATCH_ROWS_MAX, sizeof *r->sequence);
		for (uint32_t i = 0; i < BATCH_ROWS_MAX; i++)
			r->sequence[i] = (uint16_t)i;
	}
	struct column *seq = &b->meta[META_SEQ], *shard = &b->meta[META_SHARD];
	seq->form = COLUMN_INT;
	seq->type = TYPE_INT;
	seq->width = sizeof *r->sequence;
	seq->bias = (int64_t)place->seq;
	seq->ints = r->sequence;
	shard->form = COLUMN_CONST;
	shard->value = value_int(place->shard);
}

static int enter_scope(struct body *y)
{
	struct frame_reader *r = y->r;
	y->scope = &r->scopes[!y->h.chain];
	if (!y->h.chain) {
		y->scope->dict_count = 0;
		for (uint32_t i = 0; i < y->scope->dict_slots; i++)
			y->scope->dicts[i].waiting = 0;
		return OK;
	}
	if (y->h.chain == 1)
		scope_clear(y->scope);
	else if (!r->chain || y->h.chain != r->chain + 1)
		return error_set(y->e, ERR_FAILED, "a frame refers to one that is missing before it");
	r->chain = 0; /* until all went well */
	return OK;
}

static int load(struct body *y, const struct frame *f, const struct wanted *want, struct batch *b)
{
	int r = body_open(y);
	if (!r)
		r = enter_scope(y);
	if (!r)
		r = scope_names(y);
	if (!r)
		r = scope_shapes(y);
	y->r->frame++;
	if (!r)
		r = take_entries(y, want, b);
	if (!r)
		r = take_shapes(y, b);
	if (r)
		return r;
	b->rows = f->rows;
	if (f->flags & FRAME_PLACED)
		set_place(y->r, &f->place, b);
	if (y->h.chain)
		y->r->chain = y->h.chain;
	return OK;
}

int frame_load(struct frame_reader *r, const char *p, const struct frame *f, const char *const *want, size_t want_count,
	       struct batch *b, struct error *e)
{
	struct frame seen;
	struct wanted wanted = {want, want ? want_count : 0};
	struct body y = {.r = r, .p = p, .arena = &b->arena, .e = e};
	batch_reset(b);
	int result = frame_peek(p, f->size, &seen, e);
	if (result == 0)
		result = error_set(e, ERR_FAILED, "a frame is not whole");
	if (result == 1) {
		memcpy(&y.h, p, sizeof y.h);
		result = load(&y, &seen, &wanted, b);
	}
	if (result) {
		batch_reset(b);
		r->chain = 0;
	}
	return result;
}

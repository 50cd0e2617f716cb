#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/hash.h"
#include "format/frame_writer.h"

enum {
	FIELDS_KEPT_MAX = 1 << 14, /* a new chain is begun, and all names forgotten, beyond these */
	NAME_BYTES_KEPT_MAX = 4 << 20,
	SHAPE_WORDS_KEPT_MAX = 1 << 18,
	DICT_VALUES_KEPT_MAX = 1 << 18,
	DICT_BYTES_KEPT_MAX = 32 << 20,
};

/* What goes into one frame. */
struct task {
	uint8_t kind;
	uint16_t flags;
	const struct batch *b;
	const struct frame_place *place;
	const uint32_t *sel; /* NULL: the first `rows` of b */
	uint32_t rows;
};

struct frame_writer *frame_writer_new(const struct frame_writer_options *o)
{
	struct frame_writer *w = mem_zero(sizeof *w);
	w->options = *o;
	w->scopes[0].epoch = w->scopes[1].epoch = 1;
	return w;
}

void frame_writer_free(struct frame_writer *w)
{
	if (!w)
		return;
	names_release(w);
	shapes_clear(&w->shapes);
	for (int m = 0; m < META_COUNT; m++)
		dict_release(&w->meta_dicts[m]);
	struct buf *bufs[] = {&w->entries, &w->extents, &w->sums, &w->new_names, &w->new_shapes, &w->used, &w->packed};
	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_release(bufs[i]);
	arena_release(&w->scratch);
	free(w->codes);
	free(w->cells);
	free(w);
}

static void new_scope(struct scope *s)
{
	*s = (struct scope){.epoch = s->epoch + 1};
}

void frame_writer_restart(struct frame_writer *w)
{
	w->chain = 0;
	new_scope(&w->scopes[0]);
	shapes_clear(&w->shapes);
}

/* What is remembered must not grow with the length of the stream. */
static void forget(struct frame_writer *w)
{
	struct scope *chain = &w->scopes[0];
	if (w->field_count > FIELDS_KEPT_MAX || w->names.total > NAME_BYTES_KEPT_MAX) {
		names_release(w);
		frame_writer_restart(w);
	} else if (w->chain == UINT32_MAX || chain->shape_words > SHAPE_WORDS_KEPT_MAX ||
		   chain->dict_values > DICT_VALUES_KEPT_MAX || chain->dict_bytes > DICT_BYTES_KEPT_MAX) {
		frame_writer_restart(w);
	}
}

/* -- the frame's own buffers: names, shapes, used, codes -- */

/* Which of the batch's shapes the rows have: local[s] is the place of shape s in the frame, from 1; 0: none has it. */
static uint32_t *find_shapes(struct frame_writer *w, const struct task *t, uint32_t *used)
{
	const struct batch *b = t->b;
	uint32_t *local = arena_array(&w->scratch, b->shape_count + (size_t)1, sizeof *local);
	memset(local, 0, (b->shape_count + (size_t)1) * sizeof *local);
	if (t->rows && !b->shape_of)
		local[0] = 1;
	else
		for (uint32_t i = 0; i < t->rows; i++)
			local[b->shape_of[t->sel ? t->sel[i] : i]] = 1;
	*used = 0;
	for (uint32_t s = 0; s < b->shape_count; s++)
		if (local[s])
			local[s] = ++*used;
	return local;
}

static void number_shape(struct frame_writer *w, const struct batch *b, const struct shape *s, uint32_t *field_of)
{
	uint32_t *fields = arena_array(&w->scratch, s->count + (size_t)1, sizeof *fields);
	for (uint32_t i = 0; i < s->count; i++) {
		const struct column *c = &b->columns[s->columns[i]];
		fields[i] = field_number(w, writer_field(w, c->name, c->name_len));
		field_of[s->columns[i]] = fields[i] + 1;
	}
	uint32_t number = shape_number(w, fields, s->count);
	buf_append(&w->used, &number, sizeof number);
}

static int codes_put(struct frame_writer *w, const struct task *t, const uint32_t *local, uint32_t used)
{
	if (used < 2)
		return buffer_put(w, NULL, 0);
	uint16_t *to = buffer_open(w, t->rows * sizeof *to);
	if (!to)
		return TOO_LARGE;
	for (uint32_t i = 0; i < t->rows; i++)
		to[i] = (uint16_t)(local[t->b->shape_of[t->sel ? t->sel[i] : i]] - 1);
	buffer_close(w, t->rows * sizeof *to);
	return 0;
}

/* field_of[c]: the number of the field of column c, from 1; 0: no record of the frame has it. */
static int put_shapes(struct frame_writer *w, const struct task *t, uint32_t *field_of, struct frame_header *h)
{
	uint32_t used, *local = find_shapes(w, t, &used);
	for (uint32_t s = 0; s < t->b->shape_count; s++)
		if (local[s])
			number_shape(w, t->b, &t->b->shapes[s], field_of);
	const struct scope *scope = writer_scope(w);
	if (scope->shape_words > FRAME_SHAPE_WORDS_MAX || scope->fields > FRAME_FIELDS_MAX ||
	    scope->name_bytes > FRAME_NAME_BYTES_MAX)
		return TOO_LARGE;
	if (t->rows && local[0])
		h->sorted = t->b->sorted < t->b->shapes[0].count ? t->b->sorted : t->b->shapes[0].count;
	h->fields = w->new_name_count;
	h->shapes = w->new_shape_count;
	h->used = used;
	return buffer_put(w, w->new_names.data, w->new_names.len) ||
			       buffer_put(w, w->new_shapes.data, w->new_shapes.len) ||
			       buffer_put(w, w->used.data, w->used.len) || codes_put(w, t, local, used)
		       ? TOO_LARGE
		       : 0;
}

/* -- the frame -- */

static bool meta_travels(const struct task *t, int m)
{
	const struct column *c = &t->b->meta[m];
	if (t->place && (m == META_SEQ || m == META_SHARD))
		return false;
	return t->rows && !(c->form == COLUMN_CONST && c->value.type == TYPE_ABSENT);
}

static int put_columns(struct frame_writer *w, const struct task *t, const uint32_t *field_of)
{
	int r = 0;
	for (int m = 0; m < META_COUNT && !r; m++) {
		struct frame_entry n = {.role = ROLE_META, .id = (uint32_t)m};
		if (meta_travels(t, m))
			r = column_put(w, n, &t->b->meta[m], t->sel, t->rows, &w->meta_dicts[m]);
	}
	for (uint32_t i = 0; i < t->b->column_count && !r; i++) {
		const struct column *c = &t->b->columns[i];
		struct frame_entry n = {.role = ROLE_FIELD, .id = field_of[i] - 1};
		if (field_of[i])
			r = column_put(w, n, c, t->sel, t->rows, &writer_field(w, c->name, c->name_len)->dict);
	}
	return r;
}

static int put_buffers(struct frame_writer *w, const struct task *t, struct frame_header *h)
{
	if (!t->b)
		return buffer_put(w, NULL, 0) || buffer_put(w, NULL, 0) || buffer_put(w, NULL, 0) ||
		       buffer_put(w, NULL, 0);
	uint32_t *field_of = arena_array(&w->scratch, t->b->column_count + (size_t)1, sizeof *field_of);
	memset(field_of, 0, (t->b->column_count + (size_t)1) * sizeof *field_of);
	int r = put_shapes(w, t, field_of, h);
	return r ? r : put_columns(w, t, field_of);
}

static int put_directory(struct frame_writer *w, struct frame_header *h)
{
	size_t at = w->out->len;
	h->directory = (uint32_t)(at - w->start);
	h->entries = (uint32_t)(w->entries.len / sizeof(struct frame_entry));
	h->extents = (uint32_t)(w->extents.len / sizeof(struct frame_extent));
	buf_append(w->out, w->entries.data, w->entries.len);
	buf_append(w->out, w->extents.data, w->extents.len);
	buf_append(w->out, w->sums.data, w->sums.len);
	if (w->out->len - w->start > FRAME_SIZE_MAX)
		return TOO_LARGE;
	h->size = (uint32_t)(w->out->len - w->start);
	h->directory_sum = hash64(w->out->data + at, w->out->len - at);
	return 0;
}

static void put_head(struct frame_writer *w, const struct task *t, struct frame_header *h)
{
	char *p = w->out->data + w->start;
	h->sum = hash64(h, offsetof(struct frame_header, sum));
	memcpy(p, h, sizeof *h);
	if (t->place)
		place_put(p, t->place);
}

static void begin_frame(struct frame_writer *w, const struct task *t, struct buf *out)
{
	struct buf *bufs[] = {&w->entries, &w->extents, &w->sums, &w->new_names, &w->new_shapes, &w->used};
	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_clear(bufs[i]);
	forget(w);
	w->alone = w->options.alone || t->kind != FRAME_DATA;
	if (w->alone)
		new_scope(&w->scopes[1]);
	w->new_name_count = w->new_shape_count = 0;
	w->raw = 0;
	w->out = out;
	w->start = out->len;
	arena_clear(&w->scratch);
	buf_fill(out, 0, sizeof(struct frame_header) + (t->place ? sizeof(struct frame_place_block) : 0));
}

static int put_frame(struct frame_writer *w, const struct task *t, struct buf *out)
{
	begin_frame(w, t, out);
	struct frame_header h = {.magic = FRAME_MAGIC, .version = FRAME_VERSION, .kind = t->kind, .rows = t->rows};
	h.flags = (uint16_t)(t->flags | (w->options.sums ? FRAME_SUMS : 0) | (w->alone ? FRAME_ALONE : 0) |
			     (t->place ? FRAME_PLACED : 0));
	h.chain = w->alone ? 0 : w->chain + 1;
	int r = put_buffers(w, t, &h);
	if (!r)
		r = put_directory(w, &h);
	if (r) {
		out->len = w->start;
		if (!w->alone)
			frame_writer_restart(w); /* names were given that the reader never sees */
		return r;
	}
	put_head(w, t, &h);
	if (!w->alone)
		w->chain = h.chain;
	return 0;
}

/* -- a batch that is too large: in halves -- */

static int put_parts(struct frame_writer *w, const struct task *t, struct buf *out, struct error *e)
{
	if (put_frame(w, t, out) == 0)
		return OK;
	if (t->rows < 2)
		return error_set(e, ERR_FAILED, "a record is too large for a frame, which holds %d MiB",
				 FRAME_SIZE_MAX >> 20);
	struct task half = *t;
	struct frame_place place;
	half.rows = t->rows / 2;
	int r = put_parts(w, &half, out, e);
	half.sel = t->sel + half.rows;
	half.rows = t->rows - half.rows;
	if (t->place) {
		place = *t->place;
		place.seq += t->rows - half.rows;
		half.place = &place;
	}
	return r ? r : put_parts(w, &half, out, e);
}

static int put_in_parts(struct frame_writer *w, struct task *t, struct buf *out, struct error *e)
{
	size_t start = out->len;
	uint32_t *all = mem_array(t->rows + (size_t)1, sizeof *all);
	for (uint32_t i = 0; i < t->rows; i++)
		all[i] = t->sel ? t->sel[i] : i;
	t->sel = all;
	int r = put_parts(w, t, out, e);
	free(all);
	if (r) {
		out->len = start;
		frame_writer_restart(w);
	}
	return r;
}

int frame_write(struct frame_writer *w, enum frame_kind kind, unsigned flags, const struct batch *b,
		const struct frame_place *place, struct buf *out, struct error *e)
{
	struct task t = {.kind = (uint8_t)kind, .flags = flags & FRAME_CRITICAL, .b = b, .place = place};
	if (b) {
		t.sel = b->sel;
		t.rows = batch_count(b);
	}
	if (t.rows > BATCH_ROWS_MAX)
		return error_set(e, ERR_FAILED, "a batch of %u rows is too large for a frame", t.rows);
	return put_frame(w, &t, out) ? put_in_parts(w, &t, out, e) : OK;
}

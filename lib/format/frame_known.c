#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/frame_reader.h"

static void dict_empty(struct reader_scope *s, struct reader_dict *d)
{
	s->dict_values -= d->count;
	s->dict_bytes -= d->bytes;
	free(d->values);
	arena_release(&d->texts);
	*d = (struct reader_dict){.frame = d->frame, .waiting = d->waiting, .buffers = d->buffers};
}

void dicts_clear(struct reader_scope *s)
{
	for (uint32_t i = 0; i < s->dict_slots; i++)
		dict_empty(s, &s->dicts[i]);
	s->dict_count = s->dict_slots = 0;
}

static uint64_t text_bytes(const struct column *c, uint32_t count)
{
	if (c->form == COLUMN_TEXT)
		return c->offsets[count];
	uint64_t sum = 0;
	for (uint32_t i = 0; i < count; i++)
		sum += value_has_text(c->values[i]) ? c->values[i].len : 0;
	return sum;
}

/* Whether d holds these very values, from a frame before. */
static bool is_same(const struct reader_dict *d, const struct column *c, uint32_t count, uint64_t bytes)
{
	if (c->form != COLUMN_TEXT || !d->block || d->count != count || d->bytes != bytes)
		return false;
	if (memcmp(d->block, c->bytes, bytes))
		return false;
	bool differ = false;
	for (uint32_t i = 0; i < count; i++)
		differ |= d->values[i].type != c->type || d->values[i].s != d->block + c->offsets[i];
	return !differ;
}

/* Room for so much more; what only earlier frames that stood alone have used may go for it. */
static int make_room(struct body *y, uint64_t values, uint64_t bytes)
{
	struct reader_scope *s = y->scope;
	for (uint32_t i = 0; i < s->dict_slots && !y->h.chain; i++) {
		if (s->dict_values + values <= FRAME_DICT_VALUES_MAX && s->dict_bytes + bytes <= FRAME_DICT_BYTES_MAX)
			return OK;
		if (s->dicts[i].frame != y->r->frame)
			dict_empty(s, &s->dicts[i]);
	}
	if (s->dict_values + values > FRAME_DICT_VALUES_MAX || s->dict_bytes + bytes > FRAME_DICT_BYTES_MAX)
		return body_damaged(y, "its dictionaries are too large");
	return OK;
}

/* The texts in one block of the dictionary's own, the values pointing into it. */
static void append(struct reader_scope *s, struct reader_dict *d, const struct column *c, uint32_t count,
		   uint64_t bytes)
{
	char *block = arena_alloc(&d->texts, bytes + 1), *to = block;
	if (d->cap - d->count < count) {
		d->cap = d->count ? (uint32_t)mem_grow(d->cap, d->count + (size_t)count) : count;
		d->values = mem_resize(d->values, d->cap, sizeof *d->values);
	}
	for (uint32_t i = 0; i < count; i++) {
		struct value v = column_dense(c, i);
		if (value_has_text(v)) {
			if (v.len)
				memcpy(to, v.s, v.len);
			v.s = to;
			to += v.len;
		}
		d->values[d->count + i] = v;
	}
	d->block = d->count || c->form != COLUMN_TEXT ? NULL : block;
	d->count += count;
	d->bytes += bytes;
	s->dict_values += count;
	s->dict_bytes += bytes;
}

static int take_values(struct body *y, struct reader_dict *d)
{
	struct frame_entry n = body_entry(y, d->waiting - 1);
	struct column c;
	d->waiting = 0;
	int r = column_take(y, &n, d->buffers, n.count, &c);
	if (r)
		return r;
	uint64_t bytes = text_bytes(&c, n.count);
	d->frame = y->r->frame;
	if (!n.first) {
		if (is_same(d, &c, n.count, bytes))
			return OK;
		dict_empty(y->scope, d);
		d->id = y->r->next_dict++;
	}
	r = make_room(y, n.count, bytes);
	if (!r)
		append(y->scope, d, &c, n.count, bytes);
	return r;
}

int dict_announce(struct body *y, uint32_t entry, uint32_t buffers)
{
	struct reader_scope *s = y->scope;
	struct frame_entry n = body_entry(y, entry);
	if ((n.form != COLUMN_TEXT && n.form != COLUMN_VALUES) || n.marked || n.count > FRAME_DICT_VALUES_MAX)
		return body_damaged(y, "a dictionary is wrong");
	if (n.id > s->dict_count || (n.first && (!y->h.chain || n.id == s->dict_count)))
		return body_damaged(y, "a dictionary is missing");
	if (n.id == s->dict_count)
		s->dict_count++;
	if (n.id == s->dict_slots) {
		if (s->dict_slots == s->dict_cap) {
			s->dict_cap = (uint32_t)mem_grow(s->dict_cap, 16);
			s->dicts = mem_resize(s->dicts, s->dict_cap, sizeof *s->dicts);
		}
		s->dicts[s->dict_slots++] = (struct reader_dict){0};
	}
	struct reader_dict *d = &s->dicts[n.id];
	if (d->frame == y->r->frame || d->waiting || (n.first && n.first != d->count))
		return body_damaged(y, "a dictionary is wrong");
	d->waiting = entry + 1;
	d->buffers = buffers;
	return y->h.chain ? take_values(y, d) : OK;
}

int dict_find(struct body *y, uint32_t number, const struct reader_dict **d)
{
	if (number >= y->scope->dict_count)
		return body_damaged(y, "a dictionary is missing");
	struct reader_dict *found = &y->scope->dicts[number];
	*d = found;
	return found->waiting ? take_values(y, found) : OK;
}

#include "records.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

size_t record_text(int n, char *p)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	uint32_t h = (uint32_t)n * 2654435761u;
	size_t len = h >> 8 & 31;
	if (h % 11 == 0)
		len = 200 + (h >> 16 & 127);
	else if (h % 61 == 0)
		len = 1000 + h % (RECORD_TEXT_MAX - 1000);
	for (size_t i = 0; i < len; i++)
		p[i] = letters[((h >> (i % 27)) + i) & 31];
	return len;
}

static size_t record_key(int n, char p[8])
{
	return (size_t)snprintf(p, 8, "w%dk%d", n / RECORDS_EACH, n % RECORDS_KEYS);
}

void records_make(struct batch *b, int first, int count)
{
	static const char *const names[] = {"n", "key", "text"};
	batch_clear(b);
	for (int n = first; n < first + count; n++) {
		char *text = arena_alloc(&b->arena, RECORD_TEXT_MAX), *key = arena_alloc(&b->arena, 8);
		uint32_t row = batch_begin(b);
		uint16_t c[3];
		for (int i = 0; i < 3; i++)
			c[i] = (uint16_t)batch_column(b, names[i], strlen(names[i]));
		b->columns[c[0]].values[row] = value_int(n);
		b->columns[c[1]].values[row] = value_string(key, record_key(n, key));
		b->columns[c[2]].values[row] = value_string(text, record_text(n, text));
		batch_end(b, (uint32_t)batch_shape_of(b, c, 3), 0);
	}
}

static bool is_text(const struct value *v, const char *want, size_t len)
{
	return v->type == TYPE_STRING && v->len == len && !memcmp(v->s, want, len);
}

static bool is_right(const struct value *n, const struct value *key, const struct value *text)
{
	char want[RECORD_TEXT_MAX];
	if (n->type != TYPE_INT || n->i < 0 || n->i >= RECORDS)
		return false;
	return is_text(text, want, record_text((int)n->i, want)) && is_text(key, want, record_key((int)n->i, want));
}

void view_add(struct view *v, const struct batch *b, uint32_t shard)
{
	const struct column *numbers = batch_field(b, "n", 1), *texts = batch_field(b, "text", 4),
			    *keys = batch_field(b, "key", 3);
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		struct value n = column_get(numbers, row), text = column_get(texts, row), key = column_get(keys, row);
		uint64_t seq = (uint64_t)column_get(&b->meta[META_SEQ], row).i;
		int64_t arrived = column_get(&b->meta[META_ARRIVED], row).i;
		v->records++;
		if (!is_right(&n, &key, &text) || shard >= RECORDS_SHARDS) {
			v->foreign++;
			continue;
		}
		if (v->seen[n.i] < UINT8_MAX)
			v->seen[n.i]++;
		int *last = &v->last[n.i / RECORDS_EACH][v->keyed ? (uint32_t)n.i % RECORDS_KEYS : shard];
		if (n.i < *last || seq < v->last_seq[shard] || (v->last_seq[shard] && arrived < v->last_arrived[shard]))
			v->disorder++;
		*last = (int)n.i + 1;
		v->places[n.i] = (struct place){shard, seq};
		v->last_seq[shard] = seq + 1;
		v->last_arrived[shard] = arrived;
	}
}

static void count_damage(void *arg, const struct damage *d)
{
	struct view *v = arg;
	if (v->damages < DAMAGES_MAX)
		v->told[v->damages] = (struct told){d->shard, d->first, d->behind};
	v->damages++;
}

int view_read(struct view *v, bool keyed, const struct files *io, const char *stream, struct error *e)
{
	struct store_reader_options o = {.damaged = count_damage, .damaged_arg = v};
	struct store_reader *reader;
	struct store_item item;
	memset(v, 0, offsetof(struct view, places));
	v->keyed = keyed;
	int r = store_reader_open(&reader, io, &stream, 1, &o, e);
	if (r)
		return r;
	while ((r = store_reader_next(reader, &item, e)) > 0)
		view_add(v, item.batch, item.shard);
	if (!r && !store_reader_done(reader))
		r = error_set(e, ERR_FAILED, "a bounded read that does not end");
	store_reader_close(reader);
	return r;
}

/* How many records `whole` had in the range; -1 if v has one of them. */
static int count_missing(const struct view *v, const struct view *whole, const struct told *t, struct promises *p)
{
	int count = 0;
	for (int i = 0; i < RECORDS; i++) {
		const struct place *at = &whole->places[i];
		if (!whole->seen[i] || at->shard != t->shard || at->seq < t->first || at->seq >= t->behind)
			continue;
		if (v->seen[i])
			return -1;
		if (p->of[i] == ACKED)
			p->of[i] = BEGUN;
		count++;
	}
	return count;
}

void view_excuse(struct view *v, const struct view *whole, struct promises *p)
{
	uint64_t wrong = v->damages > DAMAGES_MAX;
	for (uint64_t i = 0; i < v->damages && i < DAMAGES_MAX; i++) {
		int missing = count_missing(v, whole, &v->told[i], p);
		wrong += missing < 1 || (uint64_t)missing != v->told[i].behind - v->told[i].first;
	}
	v->damages = wrong;
}

const char *view_fault(const struct view *v, const struct promises *p, char text[200])
{
	int lost = 0, twice = 0, invented = 0, which = -1;
	for (int i = 0; i < RECORDS; i++) {
		lost += p->of[i] == ACKED && !v->seen[i];
		twice += v->seen[i] > 1;
		invented += p->of[i] == UNTOUCHED && v->seen[i];
		if (which < 0 && (lost || twice || invented))
			which = i;
	}
	text[0] = 0;
	if (lost || twice || invented || v->foreign || v->disorder || v->damages)
		snprintf(text, 200,
			 "%d acknowledged lost, %d twice, %d never written (first %d); %d altered, %d out of order, "
			 "%d damages reported",
			 lost, twice, invented, which, (int)v->foreign, (int)v->disorder, (int)v->damages);
	return text;
}

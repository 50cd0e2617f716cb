#include "format/json_keys.h"

#include "format/json_scan.h"
#include "format/json_string.h"

enum {
	CHILDREN_MAX = 32, /* the one that was not met for longest makes room */
	MEMORY_MAX = 4 << 20,
	GAP_MAX = 1 << 30,
};

void json_keys_init(struct json_keys *k, const struct decode_options *options)
{
	*k = (struct json_keys){.options = options, .epoch = 1};
}

void json_keys_release(struct json_keys *k)
{
	arena_release(&k->arena);
}

void json_keys_batch(struct json_keys *k, struct batch *b)
{
	k->batch = b;
	k->metas = 0;
	for (int m = 0; m < META_COUNT; m++)
		if (b->meta[m].form == COLUMN_VALUES)
			k->metas |= 1u << m;
	if (++k->epoch)
		return;
	/* After 2^32 of them an old node might take itself for a new one. */
	k->root.child = NULL;
	arena_clear(&k->arena);
	k->epoch = 1;
}

void json_keys_trim(struct json_keys *k)
{
	if (k->arena.total <= MEMORY_MAX)
		return;
	k->root.child = NULL;
	arena_clear(&k->arena);
}

bool json_keys_wanted(const struct json_keys *k, const char *name, size_t len)
{
	const struct decode_options *o = k->options;
	if (!o || !o->want)
		return true;
	for (size_t i = 0; i < o->want_count; i++)
		if (strlen(o->want[i]) == len && !memcmp(o->want[i], name, len))
			return true;
	return false;
}

/* -- learning -- */

struct gap {
	const char *start, *stop;
	const char *name; /* between its quotes; NULL: the record ends here */
	size_t name_len;
	bool escaped;
	uint64_t newlines;
};

/* Takes the gap at p apart; false when it is none, or not whole. */
static bool gap_read(struct gap *g, const char *p, const char *end, bool first)
{
	*g = (struct gap){.start = p};
	if (p >= end)
		return false;
	const char *q = json_space(p, end, &g->newlines);
	if (q < end && !first && *q == '}') {
		g->stop = q + 1;
		return true;
	}
	if (q == end || *q != (first ? '{' : ','))
		return false;
	q = json_space(q + 1, end, &g->newlines);
	if (q < end && first && *q == '}') {
		g->stop = q + 1;
		return true;
	}
	if (q == end || *q != '"')
		return false;
	g->name = q + 1;
	q = json_string_end(g->name, end, &g->escaped);
	if (!q)
		return false;
	g->name_len = (size_t)(q - g->name);
	q = json_space(q + 1, end, &g->newlines);
	if (q == end || *q != ':')
		return false;
	g->stop = json_space(q + 1, end, &g->newlines);
	return g->stop < end && g->stop - g->start <= GAP_MAX;
}

static void key_name(struct json_keys *k, struct json_key *key, const struct gap *g)
{
	char *name = arena_alloc(&k->arena, g->name_len);
	if (g->escaped) {
		key->name_len = json_string_decode(g->name, g->name_len, name);
	} else {
		memcpy(name, g->name, g->name_len);
		key->name_len = g->name_len;
	}
	key->name = name;
	int m = meta_find(name, key->name_len);
	key->kind = m < 0 ? JSON_FIELD : JSON_META;
	key->meta = m < 0 ? 0 : (uint8_t)m;
}

static struct json_key *key_new(struct json_keys *k, struct json_key *parent, const struct gap *g)
{
	struct json_key *key = arena_alloc(&k->arena, sizeof *key);
	size_t len = (size_t)(g->stop - g->start);
	*key = (struct json_key){
		.gap = arena_copy(&k->arena, g->start, len),
		.gap_len = (uint32_t)len,
		.head_mask = len < JSON_HEAD ? (1u << len) - 1 : 0xffff,
		.kind = JSON_CLOSE,
		.members = parent->members + !!g->name,
		.newlines = parent->newlines + g->newlines,
		.column = -1,
		.parent = parent,
	};
	memcpy(key->head, g->start, len < JSON_HEAD ? len : JSON_HEAD);
	if (g->name)
		key_name(k, key, g);
	return key;
}

/* -- where values go -- */

void json_keys_no_room(struct json_keys *k)
{
	k->full = true;
	if (!k->batch->rows)
		k->reason = "too many fields";
}

/* The shape is the columns on the way here; a key that came twice keeps its first place. */
static bool place_shape(struct json_keys *k, struct json_key *key)
{
	uint32_t count = 0, at = key->members;
	uint16_t *columns = arena_array(&k->batch->arena, key->members + 1u, sizeof *columns);
	uint8_t *seen = arena_alloc(&k->batch->arena, k->batch->column_count + 1u);
	memset(seen, 0, k->batch->column_count + 1u);
	for (const struct json_key *up = key->parent; up->parent; up = up->parent)
		columns[--at] = up->column < 0 ? UINT16_MAX : (uint16_t)up->column;
	for (; at < key->members; at++) {
		if (columns[at] == UINT16_MAX || seen[columns[at]])
			continue;
		seen[columns[at]] = 1;
		columns[count++] = columns[at];
	}
	int shape = batch_shape_of(k->batch, columns, count);
	key->shape = (uint32_t)shape;
	key->missing_of = 0;
	key->missing_count = 0;
	return shape >= 0;
}

void json_keys_missing(struct json_keys *k, struct json_key *key)
{
	struct batch *b = k->batch;
	const struct shape *s = &b->shapes[key->shape];
	uint8_t *has = arena_alloc(&b->arena, b->column_count + 1u);
	uint16_t *missing = arena_array(&b->arena, b->column_count - s->count + 1u, sizeof *missing);
	memset(has, 0, b->column_count + 1u);
	for (uint32_t i = 0; i < s->count; i++)
		has[s->columns[i]] = 1;
	key->missing_count = 0;
	for (uint32_t c = 0; c < b->column_count; c++)
		if (!has[c])
			missing[key->missing_count++] = (uint16_t)c;
	key->missing = missing;
	key->missing_of = b->column_count;
}

static bool place_field(struct json_keys *k, struct json_key *key)
{
	struct batch *b = k->batch;
	key->column = -1;
	key->row_mask = UINT32_MAX;
	if (key->kind == JSON_META) {
		key->cells = batch_meta(b, (enum meta)key->meta);
		k->metas |= 1u << key->meta;
	} else if (json_keys_wanted(k, key->name, key->name_len)) {
		key->column = batch_column(b, key->name, key->name_len);
		if (key->column < 0)
			return false;
		key->cells = b->columns[key->column].values;
	} else {
		key->cells = &k->nowhere;
		key->row_mask = 0;
	}
	return true;
}

static struct json_key *place(struct json_keys *k, struct json_key *key)
{
	if (key->epoch == k->epoch)
		return key;
	if (!(key->kind == JSON_CLOSE ? place_shape(k, key) : place_field(k, key))) {
		json_keys_no_room(k);
		return NULL;
	}
	key->epoch = k->epoch;
	return key;
}

/* -- finding -- */

/* Moves the node that *link points to in front of its parent's children. */
static struct json_key *to_front(struct json_key *parent, struct json_key **link)
{
	struct json_key *key = *link;
	*link = key->next;
	key->next = parent->child;
	parent->child = key;
	return key;
}

struct json_key *json_keys_find(struct json_keys *k, struct json_key *at, const char *p, const char *end)
{
	int count = 0;
	for (struct json_key **link = &at->child; *link; link = &(*link)->next) {
		if (json_key_matches(*link, p, end))
			return place(k, to_front(at, link));
		if (++count == CHILDREN_MAX) {
			*link = NULL;
			break;
		}
	}
	struct gap g;
	if (!gap_read(&g, p, end, at == &k->root))
		return NULL;
	if (at->members == JSON_MEMBERS_MAX && g.name) {
		k->reason = "more than 65535 fields";
		k->full = true;
		return NULL;
	}
	struct json_key *key = key_new(k, at, &g);
	key->next = at->child;
	at->child = key;
	return place(k, key);
}

#include <stdlib.h>

#include "base/mem.h"
#include "format/line.h"
#include "format/logfmt.h"
#include "format/meta_cell.h"
#include "format/text.h"

/* Where a key's values go: a column, nowhere, or the metadatum m as META - m. */
enum { NOWHERE = -1, META = -2, NO_ROOM = -100 };

/*
 * The next line nearly always has the keys of the last one, in their order: so the keys of the last line are
 * compared first, one by one, and looked up only where they differ.
 */
struct known_key {
	const char *key; /* in the input, so for this call only */
	size_t len;
	int target;
};

struct logfmt_decoder {
	struct decoder head;
	struct decode_options options;
	size_t seen;            /* of a line that is not whole */
	struct known_key *keys; /* of the last line; key_cap of them have room */
	uint32_t key_count, key_cap;
	uint16_t *columns; /* of the row at hand, in its order; key_cap */
	uint64_t *stamps;  /* of each column of the batch: the row that last had it; stamp_cap */
	uint32_t stamp_cap;
	uint64_t stamp; /* of the row at hand */
};

/* The row at hand. */
struct row {
	uint32_t number;
	uint32_t key_count, column_count;
	bool like_last; /* all keys so far are those of the last row */
	unsigned metas; /* a bit for each metadatum that it has */
};

/* -- keys -- */

static bool is_wanted(const struct logfmt_decoder *d, const char *key, size_t len)
{
	if (!d->options.want)
		return true;
	for (size_t i = 0; i < d->options.want_count; i++)
		if (strlen(d->options.want[i]) == len && !memcmp(d->options.want[i], key, len))
			return true;
	return false;
}

static int find_target(struct logfmt_decoder *d, struct batch *b, const char *key, size_t len)
{
	int meta = meta_find(key, len);
	if (meta >= 0) {
		batch_meta(b, (enum meta)meta);
		return META - meta;
	}
	if (!is_wanted(d, key, len))
		return NOWHERE;
	int column = batch_column(b, key, len);
	if (column < 0)
		return NO_ROOM;
	if ((uint32_t)column >= d->stamp_cap) {
		uint32_t cap = (uint32_t)mem_grow(d->stamp_cap, (size_t)column + 1);
		d->stamps = mem_resize(d->stamps, cap, sizeof *d->stamps);
		memset(d->stamps + d->stamp_cap, 0, (cap - d->stamp_cap) * sizeof *d->stamps);
		d->stamp_cap = cap;
	}
	return column;
}

static void grow_keys(struct logfmt_decoder *d)
{
	d->key_cap = (uint32_t)mem_grow(d->key_cap, 32);
	d->keys = mem_resize(d->keys, d->key_cap, sizeof *d->keys);
	d->columns = mem_resize(d->columns, d->key_cap, sizeof *d->columns);
}

/* The target of the next key of the row. */
static int next_target(struct logfmt_decoder *d, struct batch *b, struct row *r, const struct logfmt_pair *pair)
{
	uint32_t at = r->key_count++;
	if (at == d->key_cap)
		grow_keys(d);
	struct known_key *k = &d->keys[at];
	if (at < d->key_count && k->len == pair->key_len && !memcmp(k->key, pair->key, k->len))
		return k->target;
	r->like_last = false;
	int target = find_target(d, b, pair->key, pair->key_len);
	*k = (struct known_key){pair->key, pair->key_len, target};
	d->key_count = at + 1;
	return target;
}

/* -- rows -- */

/* Puts the value where it belongs. NULL, or why it can't be there. */
static const char *put(struct logfmt_decoder *d, struct batch *b, struct row *r, int target, struct value v)
{
	if (target <= META) {
		enum meta m = (enum meta)(META - target);
		const char *wrong = meta_from_cell(m, &v);
		b->meta[m].values[r->number] = v;
		r->metas |= 1u << m;
		return wrong;
	}
	if (target == NOWHERE)
		return NULL;
	b->columns[target].values[r->number] = v;
	if (d->stamps[target] != d->stamp)
		d->columns[r->column_count++] = (uint16_t)target;
	d->stamps[target] = d->stamp;
	return NULL;
}

enum taken { TAKEN, REJECTED, NO_ROOM_LEFT };

/* Reads the pairs of a line into a row of the batch. */
static enum taken read_pairs(struct logfmt_decoder *d, struct batch *b, struct row *r, const char *p, const char *end,
			     const char **wrong)
{
	struct logfmt_pair pair;
	for (;;) {
		while (p < end && logfmt_is_blank(*p))
			p++;
		if (p == end)
			return TAKEN;
		p = logfmt_pair_read(p, end, &b->arena, &pair, wrong);
		if (!p)
			return REJECTED;
		int target = next_target(d, b, r, &pair);
		if (target == NO_ROOM)
			return NO_ROOM_LEFT;
		*wrong = put(d, b, r, target, pair.value);
		if (*wrong)
			return REJECTED;
	}
}

/* False: there is no room for another shape. */
static bool end_row(struct logfmt_decoder *d, struct batch *b, const struct row *r, int *shape)
{
	for (int m = 0; m < META_COUNT; m++)
		if (b->meta[m].form == COLUMN_VALUES && !(r->metas >> m & 1))
			b->meta[m].values[r->number] = value_absent();
	if (*shape < 0 || !r->like_last || r->key_count != d->key_count)
		*shape = batch_shape_of(b, d->columns, r->column_count);
	if (*shape < 0)
		return false;
	d->key_count = r->key_count;
	batch_end(b, (uint32_t)*shape, d->head.line);
	return true;
}

/* Takes a line; *shape is that of the row before it, or -1. False: the batch is to be closed first. */
static bool take_line(struct logfmt_decoder *d, struct batch *b, int *shape, const char *p, size_t len)
{
	struct row r = {.number = batch_begin(b), .like_last = true};
	const char *wrong = NULL;
	size_t blanks = 0;
	while (blanks < len && logfmt_is_blank(p[blanks]))
		blanks++;
	if (blanks == len)
		return true;
	d->stamp++;
	enum taken taken = REJECTED;
	if (len > UINT32_MAX)
		wrong = "the line is longer than 4 GiB";
	else
		taken = read_pairs(d, b, &r, p + blanks, p + len, &wrong);
	if (taken == TAKEN && end_row(d, b, &r, shape))
		return true;
	/* The keys on record are now those of a row that is no row. */
	d->key_count = 0;
	*shape = -1;
	if (taken != REJECTED && (b->rows || b->reject_count))
		return false;
	batch_reject_text(b, d->head.line, p, len, "%s", wrong ? wrong : "it has too many fields");
	return true;
}

static int decode(struct decoder *head, const char *p, size_t len, bool last, uint32_t limit, struct batch *b,
		  size_t *used, struct error *e)
{
	struct logfmt_decoder *d = (struct logfmt_decoder *)head;
	int shape = -1;
	size_t at = 0, content;
	(void)e;
	d->key_count = 0;
	while (at < len && b->rows < limit) {
		size_t n = line_find(p + at, len - at, last, &d->seen, &content);
		if (!n || !take_line(d, b, &shape, p + at, content))
			break;
		d->head.line++;
		at += n;
	}
	*used = at;
	return OK;
}

static void decoder_release(struct decoder *head)
{
	struct logfmt_decoder *d = (struct logfmt_decoder *)head;
	free(d->keys);
	free(d->columns);
	free(d->stamps);
	free(d);
}

struct decoder *logfmt_decoder_new(const struct decode_options *o)
{
	static const struct decoder_ops ops = {decode, decoder_release};
	struct logfmt_decoder *d = mem_zero(sizeof *d);
	d->head = (struct decoder){.ops = &ops, .line = 1};
	if (o)
		d->options = *o;
	return &d->head;
}

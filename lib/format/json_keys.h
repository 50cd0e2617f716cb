/*
 * The keys that records had so far, as a tree: what follows what. It makes reading a key a comparison: the next record
 * nearly always has the same keys in the same order, with the same white space.
 *
 * A node stands for a key at its place in a record, and holds the bytes that lay between the value before it and its own:
 *
 *      {"ts":            {                      root
 *      ,"path":          |                        {"ts":
 *      ,"bytes":         |                          ,"path":
 *      }                 |                            ,"bytes":
 *                        |                              }        a record {"ts":..,"path":..,"bytes":..}
 *                        |                            }          a record {"ts":..,"path":..}
 *
 * The children of a node are kept with the last one met in front. Nodes hold where their values go in the batch that is
 * being filled; json_keys_batch says that this is another one now.
 */
#ifndef STREAM_FORMAT_JSON_KEYS_H
#define STREAM_FORMAT_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "format/text.h"
#include "record/batch.h"

enum { JSON_HEAD = 16, JSON_MEMBERS_MAX = BATCH_COLUMNS_MAX };

enum json_key_kind {
	JSON_FIELD,
	JSON_META,
	JSON_CLOSE, /* no key but the end of the record */
};

struct json_key {
	char head[JSON_HEAD]; /* the first bytes of gap */
	uint32_t head_mask;   /* a bit per byte of head that counts */
	uint32_t gap_len;
	const char *gap; /* from behind the value before to this one; of JSON_CLOSE: to the closing brace, with it */
	struct json_key *child; /* the one met last; NULL: none yet */
	struct json_key *next;  /* the next child of the same parent */
	struct value *cells;    /* where values go: cells[row & row_mask] */
	uint32_t row_mask;      /* 0: nobody wants this field */
	uint32_t epoch;         /* the batch for which cells, row_mask, column, shape hold */
	uint8_t kind;           /* enum json_key_kind */
	uint8_t meta;           /* of JSON_META: enum meta */
	uint32_t members;       /* on the way from the root, with this one */
	int32_t column;         /* -1: none (not wanted, or a metadatum) */
	uint32_t shape;         /* of JSON_CLOSE */
	uint32_t missing_of;    /* the batch had so many columns when `missing` was made */
	uint32_t missing_count;
	const uint16_t *missing; /* the columns that are not in the shape; in the batch's arena */
	uint64_t newlines;       /* in the gaps on the way from the root, with this one */
	struct json_key *parent;
	const char *name; /* decoded */
	size_t name_len;
};

struct json_keys {
	struct json_key root;
	const struct decode_options *options; /* may be NULL */
	struct arena arena;                   /* nodes, gaps and names */
	struct batch *batch;
	uint32_t epoch;
	unsigned metas;       /* a bit for each metadatum that the batch's rows have */
	struct value nowhere; /* where values that nobody wants go */
	bool full;            /* the batch has no room for one more field or shape beside its rows */
	const char *reason;   /* why a record that is JSON can't be taken, or NULL */
};

void json_keys_init(struct json_keys *k, const struct decode_options *options);
void json_keys_release(struct json_keys *k);

/* From now on values go to b, or to where b's columns have moved. */
void json_keys_batch(struct json_keys *k, struct batch *b);

/* Between records: forgets all keys once they take more memory than they are worth. */
void json_keys_trim(struct json_keys *k);

/*
 * Looks up or learns what follows `at` in the bytes at p, which may lie behind end. NULL when it is no key and no end of
 * a record, when bytes are missing (json_scan tells), or with `full` or `reason` set. The batch has room for its row.
 */
struct json_key *json_keys_find(struct json_keys *k, struct json_key *at, const char *p, const char *end);

/* The batch can't take a field or shape: too much for the rows it has already, or for any. Sets full and reason. */
void json_keys_no_room(struct json_keys *k);

/* Makes `missing` of a JSON_CLOSE anew. */
void json_keys_missing(struct json_keys *k, struct json_key *key);

/* Whether a field of that name is wanted. */
bool json_keys_wanted(const struct json_keys *k, const char *name, size_t len);

#if defined(__SSE2__)
/* The bytes of a long gap behind its head. */
static inline bool json_gap_matches(const struct json_key *key, const char *p)
{
	if (key->gap_len > 2 * JSON_HEAD)
		return !memcmp(p + JSON_HEAD, key->gap + JSON_HEAD, key->gap_len - JSON_HEAD);
	size_t last = key->gap_len - JSON_HEAD;
	__m128i there = _mm_loadu_si128((const __m128i *)(const void *)(p + last));
	__m128i tail = _mm_loadu_si128((const __m128i *)(const void *)(key->gap + last));
	return _mm_movemask_epi8(_mm_cmpeq_epi8(there, tail)) == 0xffff;
}
#endif

/* Up to DECODE_SLACK bytes behind end are read; that they match does not help a gap that ends there. */
static inline bool json_key_matches(const struct json_key *key, const char *p, const char *end)
{
	if (end - p < (ptrdiff_t)key->gap_len)
		return false;
#if defined(__SSE2__)
	__m128i there = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i head = _mm_loadu_si128((const __m128i *)(const void *)key->head);
	unsigned same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(there, head));
	if ((same & key->head_mask) != key->head_mask)
		return false;
	return key->gap_len <= JSON_HEAD || json_gap_matches(key, p);
#else
	return !memcmp(p, key->gap, key->gap_len);
#endif
}

/* The same as json_keys_find, with the likely case in line. */
static inline struct json_key *json_keys_next(struct json_keys *k, struct json_key *at, const char *p, const char *end)
{
	struct json_key *key = at->child;
	if (__builtin_expect(key && key->epoch == k->epoch && json_key_matches(key, p, end), 1))
		return key;
	return json_keys_find(k, at, p, end);
}

#endif

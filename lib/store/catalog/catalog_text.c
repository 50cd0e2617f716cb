#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/catalog.h"

/* The catalog's lines, there and back. */

static void write_shard(const struct catalog_shard *s, struct buf *out)
{
	buf_printf(out, "shard %u %s %016" PRIx64 "%016" PRIx64 " %016" PRIx64 "%016" PRIx64, s->id,
		   s->closed ? "closed" : "open", s->from.high, s->from.low, s->to.high, s->to.low);
	for (uint32_t i = 0; i < s->parent_count; i++)
		buf_printf(out, " %u", s->parents[i]);
	for (uint32_t i = s->parent_count; i < 2; i++)
		buf_string_append(out, " -");
	buf_byte(out, '\n');
}

void catalog_write(const struct catalog *c, struct buf *out)
{
	size_t start = out->len;
	buf_printf(out, "stream %d\nid %s\nhash %s %u\n", CATALOG_VERSION, c->id, hash_kind_names[c->router.kind],
		   c->router.parts);
	if (c->key)
		buf_printf(out, "key %s\n", c->key);
	if (c->sync == SYNC_NEVER || c->sync == SYNC_ALWAYS)
		buf_printf(out, "sync %s\n", c->sync == SYNC_NEVER ? "never" : "always");
	else
		buf_printf(out, "sync %" PRId64 "\n", c->sync);
	buf_printf(out, "retention %" PRId64 " %" PRId64 "\n", c->retention, c->max_size);
	if (c->tier)
		buf_printf(out, "tier %s\n", c->tier);
	for (size_t i = 0; i < c->shard_count; i++)
		write_shard(&c->shards[i], out);
	buf_printf(out, "check %016" PRIx64 "\n", hash64(out->data + start, out->len - start));
}

/* -- reading: a line is a NUL-terminated text without its newline -- */

static bool read_hash(const char *text, struct hash128 *h)
{
	int used = 0;
	return sscanf(text, "%16" SCNx64 "%16" SCNx64 "%n", &h->high, &h->low, &used) == 2 && used == 32;
}

/* ` 3 4`, or ` 3 -`, or ` - -`: malloced. */
static bool read_parents(const char *rest, uint32_t id, uint32_t **parents, uint32_t *count)
{
	*parents = NULL;
	for (*count = 0; *rest;) {
		if (!strncmp(rest, " -", 2)) {
			rest += 2;
			continue;
		}
		char *end;
		unsigned long parent = strtoul(rest + 1, &end, 10);
		if (rest[0] != ' ' || rest[1] < '0' || rest[1] > '9' || parent >= id)
			return false;
		*parents = mem_resize(*parents, *count + 1, sizeof **parents);
		(*parents)[(*count)++] = (uint32_t)parent;
		rest = end;
	}
	return true;
}

static bool read_shard(const char *rest, struct catalog *c)
{
	uint32_t id, *parents, count;
	struct hash128 first, last;
	char state[8], from[33], to[33];
	int used = 0;
	if (sscanf(rest, "%u %7s %32s %32s%n", &id, state, from, to, &used) != 4 || !read_hash(from, &first) ||
	    !read_hash(to, &last) || (c->shard_count && id <= c->shards[c->shard_count - 1].id))
		return false;
	bool closed = !strcmp(state, "closed");
	bool good = read_parents(rest + used, id, &parents, &count) && (closed || !strcmp(state, "open"));
	if (good) {
		struct catalog_shard *s = catalog_add(c, first, last, parents, count);
		s->id = id;
		s->closed = closed;
	}
	free(parents);
	return good;
}

static bool read_sync(const char *rest, int64_t *sync)
{
	char *end;
	if (!strcmp(rest, "never"))
		*sync = SYNC_NEVER;
	else if (!strcmp(rest, "always"))
		*sync = SYNC_ALWAYS;
	else
		return *sync = strtoll(rest, &end, 10), *rest && !*end && *sync > 0;
	return true;
}

static bool read_hash_kind(const char *rest, struct router *r)
{
	char kind[16];
	if (sscanf(rest, "%15s %u", kind, &r->parts) != 2 || !r->parts)
		return false;
	for (int i = 0; i < HASH_KIND_COUNT; i++) {
		r->kind = (enum hash_kind)i;
		if (!strcmp(kind, hash_kind_names[i]))
			return true;
	}
	return false;
}

static bool read_line(const char *word, const char *rest, struct catalog *c)
{
	if (!strcmp(word, "stream"))
		return true;
	if (!strcmp(word, "id"))
		return strlen(rest) == 32 && memcpy(c->id, rest, 33);
	if (!strcmp(word, "hash"))
		return read_hash_kind(rest, &c->router);
	if (!strcmp(word, "sync"))
		return read_sync(rest, &c->sync);
	if (!strcmp(word, "retention"))
		return sscanf(rest, "%" SCNd64 " %" SCNd64, &c->retention, &c->max_size) == 2;
	if (!strcmp(word, "tier") && !c->tier && *rest == '/')
		return c->tier = mem_copy(rest, strlen(rest)), true;
	if (!strcmp(word, "shard"))
		return read_shard(rest, c);
	if (!strcmp(word, "key") && !c->key && *rest)
		return c->key = mem_copy(rest, strlen(rest)), true;
	return false;
}

/* Every point of the space must belong to one open shard. */
static bool ranges_tile(const struct catalog *c)
{
	size_t count;
	const struct catalog_shard **tiles = catalog_tiles(c, &count);
	struct hash128 next = {0};
	bool good = count > 0;
	for (size_t i = 0; good && i < count; i++) {
		bool last = !hash128_compare(tiles[i]->to, HASH128_MAX);
		good = !hash128_compare(tiles[i]->from, next) && hash128_compare(tiles[i]->to, next) >= 0 &&
		       last == (i + 1 == count);
		next = hash128_next(tiles[i]->to);
	}
	free(tiles);
	return good;
}

/* The version comes first: what follows may be of a kind unknown here. */
static int check_version(const char *p, size_t len, const char *name, struct error *e)
{
	static const char first[] = "stream ";
	if (len < sizeof first || memcmp(p, first, sizeof first - 1))
		return error_set(e, ERR_FAILED, "%s is damaged: it does not begin as a catalog", name);
	char *end;
	unsigned long version = strtoul(p + sizeof first - 1, &end, 10);
	if (*end != '\n' || !version)
		return error_set(e, ERR_FAILED, "%s is damaged: no version", name);
	if (version > CATALOG_VERSION)
		return error_set(e, ERR_USAGE, "%s was made by a newer release (layout %lu; this one knows %d)", name,
				 version, CATALOG_VERSION);
	return OK;
}

static int check_sum(const char *p, size_t len, const char *name, struct error *e)
{
	enum { LAST_LINE = 6 + 16 + 1 };
	char want[LAST_LINE + 1];
	if (len >= LAST_LINE)
		snprintf(want, sizeof want, "check %016" PRIx64 "\n", hash64(p, len - LAST_LINE));
	if (len < LAST_LINE || memcmp(p + len - LAST_LINE, want, LAST_LINE))
		return error_set(e, ERR_FAILED, "%s is damaged: its checksum is wrong", name);
	return OK;
}

int catalog_read(struct catalog *c, const char *p, size_t len, const char *name, struct error *e)
{
	*c = (struct catalog){.sync = SYNC_DEFAULT};
	char *text = mem_copy(p, len);
	int r = check_version(text, len, name, e);
	if (!r)
		r = check_sum(text, len, name, e);
	for (char *line = text, *end; !r && (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		char *rest = strchr(line, ' ');
		if (rest)
			*rest++ = 0;
		if (rest && !strcmp(line, "check"))
			break;
		if (!rest || !read_line(line, rest, c))
			r = error_set(e, ERR_FAILED, "%s is damaged: the line `%s`", name, line);
	}
	if (!r && (!c->id[0] || !c->router.parts || !c->shard_count || !ranges_tile(c)))
		r = error_set(e, ERR_FAILED, "%s is damaged: its shards do not cover the hash space", name);
	if (r)
		catalog_release(c);
	free(text);
	return r;
}

/* create: an empty stream. */
#include "base/mem.h"
#include "ctl.h"
#include "expr/expr.h"

static int describe(const struct ctl *c, struct catalog *catalog, struct error *e)
{
	if (c->shards < 1 || c->shards > CATALOG_SHARDS_MAX)
		return error_set(e, ERR_USAGE, "--shards: 1 to %d, not %lld", CATALOG_SHARDS_MAX, (long long)c->shards);
	int r = catalog_init(catalog, (uint32_t)c->shards, (enum hash_kind)c->hash, e);
	if (r)
		return r;
	catalog->retention = c->retention > 0 ? c->retention : 0;
	catalog->max_size = c->max_size > 0 ? c->max_size : 0;
	if (c->tier && (r = ctl_tier(c->tier, &catalog->tier, e)))
		return r;
	struct expr *key = NULL;
	if (c->key && (r = expr_parse(c->key, strlen(c->key), &key, e)))
		return r;
	expr_free(key);
	catalog->key = c->key ? mem_copy(c->key, strlen(c->key)) : NULL;
	return c->sync ? sync_parse(c->sync, strlen(c->sync), &catalog->sync, e) : 0;
}

int ctl_create(struct ctl *c, struct operands *o, struct error *e)
{
	struct catalog catalog = {0};
	const char *name;
	int r = operand_take(o, "STREAM", &name, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r)
		r = describe(c, &catalog, e);
	if (!r) {
		r = stream_create(&files_real, name, &catalog, e);
		if (!r)
			r = error_set(e, ERR_FAILED, "there is a stream %s already", name);
	}
	catalog_release(&catalog);
	return r; /* 1: nothing to tell */
}

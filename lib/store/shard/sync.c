#include <string.h>

#include "store/shard/shard_private.h"

/* Making what was appended durable. */

enum { SYNC_ATTEMPTS = 6 };

struct mark {
	uint64_t segment;
	uint8_t boot[BOOT_ID_SIZE];
};

int shard_set_mark(struct shard *s, uint64_t segment, struct error *e)
{
	struct mark mark = {.segment = segment};
	memcpy(mark.boot, s->boot, sizeof mark.boot);
	return file_write(&s->sync, &mark, sizeof mark, 0, e);
}

int shard_read_mark(const struct shard *s, uint64_t *segment, struct error *e)
{
	struct mark mark = {0};
	ssize_t n = file_read(&s->sync, &mark, sizeof mark, 0, e);
	*segment = memcmp(mark.boot, s->boot, sizeof mark.boot) != 0 ? 0 : mark.segment;
	return n < 0 ? (int)n : OK;
}

int shard_sync_to(struct shard *s, const struct head *to, bool locked, struct error *why, struct error *e)
{
	uint64_t left;
	int r = shard_read_mark(s, &left, e);
	if (!r)
		r = shard_set_mark(s, to->segment, e);
	if (r)
		return r;
	bool good = left != to->segment;
	if (!good)
		error_set(why, ERR_FAILED, "a writer died while it synced %s", s->segment.file.path);
	else
		good = !file_datasync(&s->segment.file, why);
	if (!locked && (r = shard_lock(s, e)))
		return r;
	struct head next = s->head;
	if (!shard_head_current(s) || s->head.segment != to->segment) {
		good = false;
		error_set(why, ERR_FAILED, "the head of %s changed under our hands", s->directory);
	} else if (good) {
		next.durable = to->written;
		next.durable_seq = to->next;
		r = shard_set_head(s, &next, e);
	} else {
		next.failed = true;
		r = shard_set_head(s, &next, e);
	}
	if (!locked)
		shard_unlock(s);
	if (!r)
		r = shard_set_mark(s, 0, e);
	return r ? r : good;
}

/* A full segment takes no more, but it can be synced. */
static bool is_full(const struct shard *s)
{
	return shard_head_current(s) && !s->head.failed && s->segment.file.fd >= 0 &&
	       s->segment.id == s->head.segment && (s->head.full || s->head.written >= s->segment_size);
}

/* With `sync`: 1 if all that we sent (`all`: that anybody wrote) is durable now, 0 if something was lost and must be
   appended again. */
static int sync_once(struct shard *s, bool all, struct error *why, struct error *e)
{
	int r = shard_lock(s, e);
	if (r)
		return r;
	r = shard_ready(s, e);
	if (!r && !is_full(s))
		r = shard_mend(s, e);
	struct head to = s->head;
	shard_unlock(s);
	if (r < 0)
		return r;
	if (sent_any_lost(s))
		return 0;
	if (all ? to.durable >= to.written : !s->sent_count)
		return 1;
	r = shard_sync_to(s, &to, false, why, e);
	if (r > 0)
		sent_settle(s, to.written);
	return r;
}

int shard_sync(struct shard *s, struct error *e)
{
	struct error why = {.text = "another writer gave the segment up"};
	for (int attempt = 0; s->sent_count && attempt < SYNC_ATTEMPTS; attempt++) {
		int r = file_lock(&s->sync, e);
		if (r)
			return r;
		r = sync_once(s, false, &why, e);
		file_unlock(&s->sync);
		if (r < 0)
			return r;
		if (!r && !(r = shard_lock_ready(s, e)))
			shard_unlock(s);
		if (r < 0 || r == SHARD_MOVED)
			return r;
	}
	if (s->sent_count)
		return error_set(e, ERR_FAILED, "%s", why.text);
	return OK;
}

int shard_sync_written(struct shard *s, struct error *e)
{
	struct error why;
	int r = file_lock(&s->sync, e);
	if (r)
		return r;
	r = sync_once(s, true, &why, e);
	file_unlock(&s->sync);
	return r < 0 ? r : r ? OK : error_set(e, ERR_FAILED, "%s", why.text);
}

int shard_settle(struct shard *s, struct error *e)
{
	int r = s->sent_count ? shard_lock_ready(s, e) : 1;
	if (!r)
		shard_unlock(s);
	return r < 0 ? r : OK;
}

#include "store/shard/shard_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "store/shard/low.h"

char *shard_directory(const char *stream, uint32_t id)
{
	return file_path("%s/shards/%u", stream, id);
}

static int create_empty(const struct files *io, const char *directory, const char *name, struct error *e)
{
	struct file f;
	char *path = file_path("%s/%s", directory, name);
	int r = file_open(&f, io, path, O_RDWR | O_CREAT, e);
	file_close(&f);
	free(path);
	return r;
}

int shard_create(const struct files *io, const char *stream, uint32_t id, uint64_t base, int64_t arrived,
		 struct error *e)
{
	struct segment first = SEGMENT_CLOSED;
	char *directory = shard_directory(stream, id);
	int r = path_mkdirs(io, directory, e);
	/* They are here from the start, so that those who only read can watch them. */
	for (const char *const *name = (const char *const[]){"lock", "sync", "head", "news", NULL}; !r && *name; name++)
		r = create_empty(io, directory, *name, e);
	if (!r)
		r = segment_create(&first, io, directory, id, base, arrived, e);
	/* So that it is known what must be there. */
	if (!r && base)
		r = low_write(&(struct low){.seq = base, .tier = base}, io, directory, e);
	segment_close(&first);
	free(directory);
	return r;
}

static int open_part(struct shard *s, struct file *f, const char *name, struct error *e)
{
	char *path = file_path("%s/%s", s->directory, name);
	int r = file_open(f, s->io, path, O_RDWR | O_CREAT, e);
	free(path);
	return r;
}

int shard_open(struct shard *s, const struct files *io, const char *stream, uint32_t id, struct error *e)
{
	*s = (struct shard){
		.io = io,
		.directory = shard_directory(stream, id),
		.id = id,
		.segment_size = SEGMENT_SIZE,
		.lock = FILE_CLOSED,
		.sync = FILE_CLOSED,
		.head_file = FILE_CLOSED,
		.news = FILE_CLOSED,
		.segment = SEGMENT_CLOSED,
		.index = INDEX_CLOSED,
	};
	int r = io->boot(io, s->boot) ? error_errno(e, "the kernel does not tell its boot id") : OK;
	if (!r)
		r = open_part(s, &s->lock, "lock", e);
	if (!r)
		r = open_part(s, &s->sync, "sync", e);
	if (!r)
		r = open_part(s, &s->head_file, "head", e);
	if (!r)
		r = open_part(s, &s->news, "news", e);
	if (r)
		shard_close(s);
	return r;
}

void shard_close(struct shard *s)
{
	if (!s->directory)
		return;
	shard_forget(s);
	free(s->sent);
	segment_close(&s->segment);
	file_close(&s->news);
	index_close(&s->index);
	file_close(&s->head_file);
	file_close(&s->sync);
	file_close(&s->lock);
	frame_writer_free(s->own_writer);
	buf_release(&s->frame);
	free(s->directory);
	*s = (struct shard){0};
}

/* A head that was lost was made anew, by a repair or by who wrote next; the one we have open nobody else looks at. Where the
   lock is not there either, the stream was removed, and another may be in its place. */
static int turn_to_head(struct shard *s, struct error *e)
{
	int same = file_linked(&s->head_file, e);
	int there = same ? 0 : file_linked(&s->lock, e);
	if (same < 0 || there < 0)
		return e->code;
	if (same || !there)
		return OK;
	file_close(&s->head_file);
	return open_part(s, &s->head_file, "head", e);
}

int shard_lock(struct shard *s, struct error *e)
{
	int r = file_lock(&s->lock, e);
	if (r)
		return r;
	r = turn_to_head(s, e);
	if (!r)
		r = head_read(&s->head_file, &s->head, e);
	if (r)
		file_unlock(&s->lock);
	return r;
}

void shard_unlock(struct shard *s)
{
	file_unlock(&s->lock);
}

/* Whether followers may read more, or have to look elsewhere. */
static bool is_news(const struct shard *s, const struct head *from, const struct head *to)
{
	return s->written_is_news || from->suspect || from->segment != to->segment || from->durable != to->durable ||
	       from->failed != to->failed || from->sealed != to->sealed ||
	       memcmp(from->boot, to->boot, sizeof to->boot) != 0;
}

int shard_set_head(struct shard *s, const struct head *h, struct error *e)
{
	struct head next = *h;
	next.generation = s->head.generation;
	next.sealed = h->sealed || s->head.sealed;
	memcpy(next.boot, s->boot, sizeof next.boot);
	bool doubt = s->head.suspect;
	next.suspect = false;
	bool news = is_news(s, &s->head, &next);
	int r = head_write(&s->head_file, &next, e);
	/* Where neither slot was good, the other is still damaged, and would make readers doubt this one. */
	if (!r && doubt)
		r = head_write(&s->head_file, &next, e);
	if (!r)
		s->head = next;
	/* Only to wake them: if that fails, they see it next time. */
	if (!r && news)
		file_write(&s->news, "", 1, 0, NULL);
	return r;
}

bool shard_head_current(const struct shard *s)
{
	return s->head.generation && !s->head.suspect && !memcmp(s->head.boot, s->boot, sizeof s->boot);
}

int shard_follow(struct shard *s, struct error *e)
{
	if (s->segment.file.fd >= 0 && s->segment.id == s->head.segment) {
		sent_lose(s, s->head.written);
		sent_settle(s, s->head.durable);
		return 1;
	}
	if (s->segment.file.fd >= 0) {
		/* A segment is left whole and durable, or cut to what is durable. */
		int64_t size;
		int r = file_size(&s->segment.file, &size, e);
		if (r)
			return r;
		sent_settle(s, size);
		sent_lose(s, -1);
		segment_close(&s->segment);
		s->segment = SEGMENT_CLOSED;
	}
	struct segment newest;
	int r = segment_open(&newest, s->io, s->directory, s->id, s->head.base, O_RDWR, e);
	newest.id = head_segment_id(&s->head, newest.id, newest.base);
	if (r > 0 && newest.id != s->head.segment) {
		segment_close(&newest);
		r = 0;
	}
	if (r > 0)
		s->segment = newest;
	return r;
}

/* Retention takes whole segments, so that on a slow shard they must not last for ever. */
static bool is_old(const struct shard *s)
{
	return s->segment_age && s->head.written > s->segment.start && s->segment.arrived != INT64_MIN &&
	       timestamp_now() - s->segment.arrived >= s->segment_age;
}

int shard_whole(struct shard *s, struct error *e)
{
	int64_t size;
	if (!shard_head_current(s) || s->head.failed)
		return 0;
	int r = shard_follow(s, e);
	if (r <= 0)
		return r;
	if ((r = file_size(&s->segment.file, &size, e)))
		return r;
	if (size < s->head.written)
		return 0;
	/* Somebody was killed while it wrote. */
	if (size > s->head.written && (r = file_truncate(&s->segment.file, s->head.written, e)))
		return r;
	return 1;
}

int shard_ready(struct shard *s, struct error *e)
{
	int r = shard_whole(s, e);
	return r > 0 ? s->head.written < s->segment_size && !s->head.full && !is_old(s) : r;
}

void shard_bound(struct shard *s, const struct catalog *c)
{
	enum { PARTS = 16, SIZE_MIN = 64 << 10 };
	int64_t open = 0;
	s->written_is_news = c->sync == SYNC_NEVER;
	for (size_t i = 0; i < c->shard_count; i++)
		open += !c->shards[i].closed;
	int64_t size = c->max_size / PARTS / (open ? open : 1), age = c->retention / PARTS;
	s->segment_size = !c->max_size || size > SEGMENT_SIZE ? SEGMENT_SIZE : size > SIZE_MIN ? size : SIZE_MIN;
	s->segment_age = !c->retention || age > SECOND ? age : SECOND;
	if (s->segment_age > DAY)
		s->segment_age = DAY;
}

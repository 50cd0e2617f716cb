#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/shard/shard_private.h"

/* What was sent and is not known to be durable: in the order of the log; what was lost comes last. */

static void forget(struct shard *s, size_t i)
{
	s->sent_bytes -= s->sent[i].frame.size;
	free(s->sent[i].bytes);
}

void sent_settle(struct shard *s, int64_t durable)
{
	size_t i = 0;
	while (i < s->sent_count && s->sent[i].end >= 0 && s->sent[i].end <= durable)
		forget(s, i++);
	s->sent_count -= i;
	if (i)
		memmove(s->sent, s->sent + i, s->sent_count * sizeof *s->sent);
}

void shard_forget(struct shard *s)
{
	for (size_t i = 0; i < s->sent_count; i++)
		forget(s, i);
	s->sent_count = 0;
}

void sent_lose(struct shard *s, int64_t beyond)
{
	for (size_t i = 0; i < s->sent_count; i++)
		if (s->sent[i].end > beyond)
			s->sent[i].end = -1;
}

bool sent_any_lost(const struct shard *s)
{
	return s->sent_count && s->sent[s->sent_count - 1].end < 0;
}

static struct sent *remember(struct shard *s)
{
	if (s->sent_count == s->sent_capacity) {
		s->sent_capacity = mem_grow(s->sent_capacity, s->sent_count + 1);
		s->sent = mem_resize(s->sent, s->sent_capacity, sizeof *s->sent);
	}
	return &s->sent[s->sent_count++];
}

void sent_note(struct shard *s, int64_t end)
{
	*remember(s) = (struct sent){.end = end};
}

int sent_keep(struct shard *s, struct error *e)
{
	int64_t end = s->head.written - (int64_t)s->frame.len;
	for (size_t at = 0; at < s->frame.len;) {
		struct frame f;
		int r = frame_peek(s->frame.data + at, s->frame.len - at, &f, e);
		if (r <= 0)
			return r ? r : error_set(e, ERR_FAILED, "a frame was made that is none");
		bool whole = f.size == s->frame.len;
		end += (int64_t)f.size;
		at += f.size;
		*remember(s) = (struct sent){
			.end = end,
			.bytes = whole ? buf_detach(&s->frame, NULL) : mem_copy(s->frame.data + at - f.size, f.size),
			.frame = f,
		};
		s->sent_bytes += f.size;
	}
	return OK;
}

#include <stdlib.h>

#include "store/fsck/fsck_private.h"

void fsck_index_open(struct segment_check *s)
{
	index_read(&s->index, &s->segment);
}

/* Entries that lie before `at` are of frames that are not there. */
static void pass(struct segment_check *s, int64_t at)
{
	while (s->indexed < s->index.count && s->index.entries[s->indexed].at < at) {
		s->indexed++;
		s->stale++;
	}
}

void fsck_index_frame(struct segment_check *s, const struct frame *f)
{
	pass(s, s->at);
	if (s->indexed == s->index.count || s->index.entries[s->indexed].at != s->at)
		return;
	s->stale += s->index.entries[s->indexed].seq != f->place.seq;
	s->indexed++;
}

void fsck_index_report(struct shard_check *c, struct segment_check *s)
{
	if (s->segment.file.fd < 0)
		return;
	pass(s, s->end);
	if (!s->stale)
		return;
	char *path = index_path(s->segment.file.path);
	fsck_note(c->f, c->id, path, "%zu of its %zu entries are stale; readers do without them", s->stale,
		  s->index.count);
	free(path);
}

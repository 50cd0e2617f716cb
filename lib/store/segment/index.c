#include "store/segment/index.h"

#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/hash.h"

enum { STEP = 256 << 10, CELL = 32, SUMMED = 24, BYTES_MAX = 16 << 20 };

char *index_path(const char *segment)
{
	size_t len = strlen(segment), stem = len > 4 ? len - 4 : len;
	return file_path("%.*s.idx", (int)stem, segment);
}

static void encode(const struct index_entry *n, uint64_t id, char cell[CELL])
{
	uint64_t words[4] = {htole64(n->seq), htole64((uint64_t)n->arrived), htole64((uint64_t)n->at)};
	words[3] = htole64(hash64_seeded(words, SUMMED, id));
	memcpy(cell, words, CELL);
}

static bool decode(const char cell[CELL], uint64_t id, struct index_entry *n)
{
	uint64_t words[4];
	memcpy(words, cell, CELL);
	*n = (struct index_entry){le64toh(words[0]), (int64_t)le64toh(words[1]), (int64_t)le64toh(words[2])};
	return le64toh(words[3]) == hash64_seeded(words, SUMMED, id);
}

void index_read(struct index *x, const struct segment *s)
{
	struct file f;
	int64_t size = 0;
	char *path = index_path(s->file.path), *cells = NULL;
	ssize_t len = 0;
	*x = (struct index){0};
	if (file_find(&f, s->file.io, path, O_RDONLY, NULL) > 0 && !file_size(&f, &size, NULL) && size >= CELL) {
		size_t want = size < BYTES_MAX ? (size_t)size : BYTES_MAX;
		cells = mem_alloc(want);
		len = file_read(&f, cells, want, 0, NULL);
	}
	file_close(&f);
	if (len > 0)
		x->entries = mem_array((size_t)len / CELL + 1, sizeof *x->entries);
	for (ssize_t at = 0; at + CELL <= len; at += CELL)
		x->count += decode(cells + at, s->id, &x->entries[x->count]);
	free(cells);
	free(path);
}

void index_release(struct index *x)
{
	free(x->entries);
	*x = (struct index){0};
}

const struct index_entry *index_time(const struct index *x, uint64_t seq, int64_t time)
{
	const struct index_entry *best = NULL;
	for (size_t i = 0; i < x->count; i++) {
		const struct index_entry *n = &x->entries[i];
		if (n->seq <= seq && n->arrived < time && (!best || n->seq >= best->seq))
			best = n;
	}
	return best;
}

const struct index_entry *index_seq(const struct index *x, uint64_t seq)
{
	return index_time(x, seq, INT64_MAX);
}

void index_close(struct index_writer *w)
{
	file_close(&w->file);
	w->segment = 0;
}

/* A file that could not be opened is not tried again for this segment. */
static void turn_to(struct index_writer *w, const struct segment *s)
{
	index_close(w);
	char *path = index_path(s->file.path);
	file_find(&w->file, s->file.io, path, O_RDWR | O_CREAT, NULL);
	w->segment = s->id;
	free(path);
}

void index_note(struct index_writer *w, const struct segment *s, const struct index_entry *frame, size_t size)
{
	char cell[CELL];
	int64_t end;
	/* Each multiple lies in one frame, so that many writers make one entry without knowing of each other. */
	if (frame->at / STEP == (frame->at + (int64_t)size) / STEP)
		return;
	if (w->segment != s->id)
		turn_to(w, s);
	if (w->file.fd < 0 || file_size(&w->file, &end, NULL))
		return;
	encode(frame, s->id, cell);
	file_write(&w->file, cell, CELL, end / CELL * CELL, NULL);
}

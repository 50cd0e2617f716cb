/*
 * A file that is cut into records of lines, or of several lines (lines_cut): how much each read gives, how many rows a
 * batch takes and whether a place is kept and gone on from must not show, and no byte is lost. The first three bytes choose
 * these; the rest is the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "tail/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct way {
	size_t most;    /* bytes of a read; 0: a block */
	uint32_t limit; /* rows of a batch */
	int again;      /* begins anew from its place every so many batches; 0: never */
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* As a new process does. */
static struct source *reopened(struct source *s, int fd)
{
	struct error e;
	struct place p = source_place(s);
	struct source *t = source_from_place(&p);
	expect(source_is_copied(t, fd, false, &e) == (p.offset > 0) && !source_open(t, dup(fd), &e));
	source_free(s);
	return t;
}

static int cut(const struct lines *l, struct source *s, enum lines_end end, const struct way *w, struct buf *out)
{
	struct batch b;
	struct error e;
	batch_init(&b);
	int r = lines_cut(l, s, end, "file", w->limit, &b, &e);
	for (uint32_t row = 0; !r && row < b.rows; row++) {
		const struct value *v = &b.columns[batch_column(&b, "line", 4)].values[row];
		buf_printf(out, "%u:", v->len);
		buf_append(out, v->s, v->len);
	}
	expect(b.rows <= w->limit && !b.reject_count);
	batch_release(&b);
	return r;
}

/* All records; the status of the pattern. */
static int cut_all(const struct lines *l, int fd, const struct way *w, struct buf *out)
{
	struct stat st;
	struct error e;
	expect(!fstat(fd, &st));
	struct source *s = source_new(dup(fd), &st, "file", false);
	int r = 0, batches = 0;
	for (int got = SOURCE_SOME; !r && got == SOURCE_SOME;) {
		got = source_read(s, w->most, &e);
		expect(got == SOURCE_SOME || got == SOURCE_END);
		do
			r = cut(l, s, LINES_MORE, w, out);
		while (!r && s->more);
		if (!r && got == SOURCE_SOME && w->again && ++batches % w->again == 0 && s->at)
			s = reopened(s, fd);
	}
	do
		r = r ? r : cut(l, s, LINES_LAST, w, out);
	while (!r && s->more);
	expect(r || s->place.offset == st.st_size);
	source_free(s);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const patterns[] = {NULL, "^[a-z]", "^$", "x", "^\\S", "."};
	struct way whole = {.limit = 1 << 14};
	struct buf one = BUF_INIT, other = BUF_INIT;
	struct error e;
	if (size < 3)
		return 0;
	const char *pattern = patterns[data[0] % 6];
	struct way w = {.most = data[1], .limit = 1 + data[2] % 8, .again = data[2] >> 4};
	struct lines l = {.origin = data[2] & 8};
	expect(!pattern || !regex_new(pattern, strlen(pattern), "", &l.first, &e));
	int fd = memfd_create("file", MFD_CLOEXEC);
	expect(fd >= 0 && write(fd, data + 3, size - 3) == (ssize_t)(size - 3));
	int r = cut_all(&l, fd, &whole, &one);
	expect(cut_all(&l, fd, &w, &other) == r);
	expect(r || (one.len == other.len && (!one.len || !memcmp(one.data, other.data, one.len))));
	close(fd);
	regex_free(l.first);
	buf_release(&one);
	buf_release(&other);
	return 0;
}

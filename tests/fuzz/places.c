/*
 * Places files: the first byte says whether the seal is right, so that what stands behind it is read too. What is read is
 * written, and read again, as it was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/hash.h"
#include "store/disk/sealed.h"
#include "tail/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void seal(struct buf *text)
{
	buf_printf(text, "check %016" PRIx64 "\n", hash64(text->data, text->len));
}

/* The path of a file in memory that holds these bytes. */
static int keep(const char *p, size_t len, char path[64])
{
	int fd = memfd_create("places", MFD_CLOEXEC);
	expect(fd >= 0 && write(fd, p, len) == (ssize_t)len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static int load(struct places *p, const char *bytes, size_t len)
{
	char path[64];
	struct error e;
	int fd = keep(bytes, len, path), r = places_load(p, &files_real, path, &e);
	close(fd);
	return r;
}

static void expect_same(const struct places *a, const struct places *b)
{
	expect(a->count == b->count && !strcmp(a->flow, b->flow));
	for (size_t i = 0; i < a->count; i++) {
		const struct path_places *p = &a->items[i], *q = &b->items[i];
		expect(!strcmp(p->path, q->path) && p->count == q->count);
		for (size_t j = 0; j < p->count; j++) {
			const struct place *x = &p->items[j], *y = &q->items[j];
			expect(!memcmp(&x->mark, &y->mark, sizeof x->mark) && !strcmp(x->name, y->name));
			expect(x->offset == y->offset && x->before == y->before && x->packed == y->packed);
			expect(x->done == y->done && x->skips == y->skips);
		}
	}
}

static void check_back(const struct places *p)
{
	struct buf text = BUF_INIT;
	struct places again = {0};
	places_text(p, &text);
	seal(&text);
	expect(load(&again, text.data, text.len) == 1);
	expect_same(p, &again);
	places_release(&again);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct places p = {0};
	struct buf text = BUF_INIT;
	if (!size)
		return 0;
	if (*data & 1) {
		sealed_begin(&text, "tail");
		buf_append(&text, (const char *)data + 1, size - 1);
		seal(&text);
	} else {
		buf_append(&text, (const char *)data + 1, size - 1);
	}
	if (load(&p, text.data, text.len) == 1)
		check_back(&p);
	places_release(&p);
	buf_release(&text);
	return 0;
}

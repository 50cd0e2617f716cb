#include "store/shard/head.h"

#include <endian.h>
#include <string.h>

#include "codec/hash.h"

enum { SLOT_SIZE = 96, SLOT_STEP = 128, SUM_AT = 88 };
enum { FLAG_FAILED = 1, FLAG_SEALED = 2, FLAG_FULL = 4 };

static void put64(char *p, uint64_t n)
{
	n = htole64(n);
	memcpy(p, &n, sizeof n);
}

static uint64_t get64(const char *p)
{
	uint64_t n;
	memcpy(&n, p, sizeof n);
	return le64toh(n);
}

static void encode(const struct head *h, char p[SLOT_SIZE])
{
	put64(p, h->generation);
	memcpy(p + 8, h->boot, BOOT_ID_SIZE);
	put64(p + 24, h->segment);
	put64(p + 32, h->base);
	put64(p + 40, (uint64_t)h->written);
	put64(p + 48, h->next);
	put64(p + 56, (uint64_t)h->durable);
	put64(p + 64, h->durable_seq);
	put64(p + 72, (uint64_t)h->arrived);
	put64(p + 80, (h->failed ? FLAG_FAILED : 0) | (h->sealed ? FLAG_SEALED : 0) | (h->full ? FLAG_FULL : 0));
	put64(p + SUM_AT, hash64(p, SUM_AT));
}

static bool decode(const char p[SLOT_SIZE], struct head *h)
{
	if (get64(p + SUM_AT) != hash64(p, SUM_AT))
		return false;
	h->generation = get64(p);
	memcpy(h->boot, p + 8, BOOT_ID_SIZE);
	h->segment = get64(p + 24);
	h->base = get64(p + 32);
	h->written = (int64_t)get64(p + 40);
	h->next = get64(p + 48);
	h->durable = (int64_t)get64(p + 56);
	h->durable_seq = get64(p + 64);
	h->arrived = (int64_t)get64(p + 72);
	h->failed = get64(p + 80) & FLAG_FAILED;
	h->sealed = get64(p + 80) & FLAG_SEALED;
	h->full = get64(p + 80) & FLAG_FULL;
	return h->generation != 0;
}

static bool is_blank(const char p[SLOT_SIZE])
{
	static const char blank[SLOT_SIZE];
	return !memcmp(p, blank, SLOT_SIZE);
}

static int read_slots(const struct file *f, struct head *h, struct error *e)
{
	char slots[HEAD_SIZE] = {0};
	ssize_t n = file_read(f, slots, sizeof slots, 0, e);
	if (n < 0)
		return (int)n;
	*h = (struct head){0};
	bool suspect = false, blank = false;
	for (int i = 0; i < 2; i++) {
		struct head one = {0};
		const char *slot = slots + i * SLOT_STEP;
		if (is_blank(slot))
			blank = true;
		else if (!decode(slot, &one))
			suspect = true;
		else if (one.generation > h->generation)
			*h = one;
	}
	/* Only before the second change one of them has nothing in it. */
	h->suspect = suspect || (blank && h->generation > 1);
	return OK;
}

int head_read(const struct file *f, struct head *h, struct error *e)
{
	enum { LOOKS = 100 };
	*h = (struct head){0};
	if (f->fd < 0)
		return OK;
	int r = read_slots(f, h, e);
	for (int i = 1; !r && h->suspect && i < LOOKS; i++)
		r = read_slots(f, h, e);
	return r;
}

int head_write(const struct file *f, struct head *h, struct error *e)
{
	char slot[SLOT_SIZE];
	h->generation++;
	encode(h, slot);
	return file_write(f, slot, sizeof slot, (int64_t)(h->generation & 1) * SLOT_STEP, e);
}

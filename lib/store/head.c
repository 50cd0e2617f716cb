#include "store/head.h"

#include <endian.h>
#include <string.h>

#include "codec/hash.h"

enum { SLOT_SIZE = 96, SLOT_STEP = 128, SUM_AT = 88 };

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
	put64(p + 80, h->failed);
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
	h->failed = get64(p + 80) & 1;
	return h->generation != 0;
}

int head_read(const struct file *f, struct head *h, struct error *e)
{
	char slots[HEAD_SIZE] = {0};
	ssize_t n = file_read(f, slots, sizeof slots, 0, e);
	if (n < 0)
		return (int)n;
	*h = (struct head){0};
	for (int i = 0; i < 2; i++) {
		struct head one = {0};
		if (n >= i * SLOT_STEP + SLOT_SIZE && decode(slots + i * SLOT_STEP, &one) &&
		    one.generation > h->generation)
			*h = one;
	}
	return OK;
}

int head_write(const struct file *f, struct head *h, struct error *e)
{
	char slot[SLOT_SIZE];
	h->generation++;
	encode(h, slot);
	return file_write(f, slot, sizeof slot, (int64_t)(h->generation & 1) * SLOT_STEP, e);
}

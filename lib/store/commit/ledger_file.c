#include "store/commit/ledger_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/hash.h"

enum { BLOCK = 256 << 10, SOON = 32 * BLOCK, LAST_LINE = 6 + 16 + 1 + 16 + 1, TRAILER_MAX = 16 << 20 };

#define LAST_FORMAT "check %016" PRIx64 " %016" PRIx64 "\n"

/* -- writing -- */

int ledger_draft_open(struct ledger_draft *d, const struct files *io, const char *path, struct error *e)
{
	*d = (struct ledger_draft){.file = FILE_CLOSED};
	return file_open(&d->file, io, path, O_RDWR | O_CREAT | O_EXCL, e);
}

static int write_block(struct ledger_draft *d, const void *p, size_t len, struct error *e)
{
	int r = file_write(&d->file, p, len, d->written, e);
	d->hash = hash64_seeded(p, len, d->hash);
	d->written += (int64_t)len;
	if (!r && d->written % SOON == 0)
		file_write_soon(&d->file, d->written - SOON, SOON);
	return r;
}

int ledger_draft_add(struct ledger_draft *d, const void *p, size_t len, struct error *e)
{
	const char *from = p;
	while (len) {
		size_t room = BLOCK - d->block.len, part = len < room ? len : room;
		buf_append(&d->block, from, part);
		from += part;
		len -= part;
		if (d->block.len < BLOCK)
			continue;
		int r = write_block(d, d->block.data, BLOCK, e);
		buf_clear(&d->block);
		if (r)
			return r;
	}
	return OK;
}

int ledger_draft_seal(struct ledger_draft *d, const struct ledger_entry *x, struct error *e)
{
	struct buf t = BUF_INIT;
	int r = d->block.len ? write_block(d, d->block.data, d->block.len, e) : OK;
	buf_printf(&t, "ledger 1\nepoch %" PRIu64 "\nn %" PRIu64 "\nby %" PRIu64 "\n", x->epoch, x->n, x->by);
	buf_printf(&t, "payload %" PRId64 " %016" PRIx64 "\nstate %zu\n", d->written, d->hash, x->len);
	buf_append(&t, x->state, x->len);
	buf_byte(&t, '\n');
	buf_printf(&t, LAST_FORMAT, (uint64_t)d->written, hash64(t.data, t.len));
	if (!r && t.len > TRAILER_MAX)
		r = error_set(e, ERR_FAILED, "%s: %zu bytes are too much for a commit", d->file.path, t.len);
	if (!r)
		r = file_write(&d->file, t.data, t.len, d->written, e);
	if (!r)
		r = file_sync(&d->file, e);
	buf_release(&t);
	return r;
}

void ledger_draft_close(struct ledger_draft *d)
{
	file_close(&d->file);
	buf_release(&d->block);
}

/* -- reading -- */

static int damaged(const struct ledger_entry *x, const char *what, struct error *e)
{
	return error_set(e, ERR_FAILED,
			 "%s is damaged (%s): it said what was delivered, so nothing can go on without it",
			 x->file.path, what);
}

/* The lines behind the payload, NUL behind them. */
static int take_trailer(struct ledger_entry *x, const char *p, size_t len, struct error *e)
{
	int64_t payload;
	int used = 0;
	unsigned version;
	if (sscanf(p, "ledger %u\n", &version) == 1 && version > 1)
		return error_set(e, ERR_USAGE, "%s was made by a newer release (layout %u; this one knows 1)",
				 x->file.path, version);
	int got = sscanf(p,
			 "ledger %u\nepoch %" SCNu64 "\nn %" SCNu64 "\nby %" SCNu64 "\npayload %" SCNd64 " %" SCNx64
			 "\nstate %zu%n",
			 &version, &x->epoch, &x->n, &x->by, &payload, &x->hash, &x->len, &used);
	if (got != 7 || payload != x->payload || p[used] != '\n' || len - (size_t)used - 1 != x->len + 1)
		return damaged(x, "its lines make no sense", e);
	x->state = x->len ? mem_copy(p + used + 1, x->len) : NULL;
	return 1;
}

static int read_all(const struct ledger_entry *x, void *p, size_t len, int64_t at, struct error *e)
{
	ssize_t n = file_read(&x->file, p, len, at, e);
	return n < 0 ? (int)n : (size_t)n < len ? damaged(x, "it is too short", e) : OK;
}

static int read_trailer(struct ledger_entry *x, int64_t size, struct error *e)
{
	char last[LAST_LINE + 1];
	uint64_t start, check;
	if (size < LAST_LINE)
		return damaged(x, "it is too short", e);
	int r = read_all(x, last, LAST_LINE, size - LAST_LINE, e);
	last[LAST_LINE] = 0;
	if (r)
		return r;
	if (sscanf(last, "check %16" SCNx64 " %16" SCNx64, &start, &check) != 2 ||
	    start > (uint64_t)(size - LAST_LINE) || (uint64_t)size - start > TRAILER_MAX + LAST_LINE)
		return damaged(x, "it does not end with its checksum", e);
	char want[LAST_LINE + 1];
	snprintf(want, sizeof want, LAST_FORMAT, start, check);
	if (memcmp(last, want, LAST_LINE))
		return damaged(x, "its last line makes no sense", e);
	size_t len = (size_t)(size - LAST_LINE) - (size_t)start;
	char *text = mem_zero(len + 1);
	x->payload = (int64_t)start;
	r = read_all(x, text, len, x->payload, e);
	if (!r && hash64(text, len) != check)
		r = damaged(x, "its checksum is wrong", e);
	if (!r)
		r = take_trailer(x, text, len, e);
	free(text);
	return r;
}

/* Reads the payload, into a draft or for its checksum alone. */
static int read_payload(const struct ledger_entry *x, struct ledger_draft *to, struct error *e)
{
	char *block = mem_alloc(BLOCK);
	uint64_t seen = 0;
	int r = OK;
	for (int64_t at = 0; at < x->payload && !r; at += BLOCK) {
		size_t len = x->payload - at < BLOCK ? (size_t)(x->payload - at) : BLOCK;
		r = read_all(x, block, len, at, e);
		seen = r ? seen : hash64_seeded(block, len, seen);
		if (!r && to)
			r = ledger_draft_add(to, block, len, e);
	}
	free(block);
	return !r && seen != x->hash ? damaged(x, "the checksum of its payload is wrong", e) : r;
}

int ledger_draft_copy(struct ledger_draft *d, const struct ledger_entry *from, struct error *e)
{
	return read_payload(from, d, e);
}

int ledger_entry_check(const struct ledger_entry *x, struct error *e)
{
	return read_payload(x, NULL, e);
}

int ledger_entry_read(struct ledger_entry *x, const struct files *io, const char *path, struct error *e)
{
	int64_t size;
	*x = (struct ledger_entry){.file = FILE_CLOSED};
	int r = file_find(&x->file, io, path, O_RDONLY, e);
	if (r > 0 && file_size(&x->file, &size, e))
		r = ERR_FAILED;
	if (r > 0)
		r = read_trailer(x, size, e);
	if (r <= 0)
		ledger_entry_release(x);
	return r;
}

void ledger_entry_release(struct ledger_entry *x)
{
	file_close(&x->file);
	free(x->state);
	*x = (struct ledger_entry){.file = FILE_CLOSED};
}

#include "sink/dir_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "codec/archive.h"
#include "codec/zstd.h"
#include "format/frame.h"
#include "sink/dir_flow.h"

/* Text is packed and written in pieces of this size; rows are gathered to frames of this many, or this many bytes. */
enum { PIECE = 64 << 10, FRAME_ROWS = 4096, FRAME_BYTES = 256 << 10, ZSTD_LEVEL = 3 };

struct dir_part {
	struct dir_file file;
	char *dir;
	int64_t opened;
	uint64_t rows;
	uint64_t written; /* bytes in the file */
	bool sealed;
	struct encoder *encoder; /* text; or: */
	struct frame_writer *frames;
	struct batch gathered;    /* rows of the next frame */
	struct zstd_packer *zstd; /* at most one of these two */
	struct archive_packer *archive;
	struct buf plain, packed;
};

static const char *const extensions[] = {
	[FORMAT_FRAMES] = ".frames", [FORMAT_JSON] = ".json", [FORMAT_CSV] = ".csv", [FORMAT_TSV] = ".tsv"};
static const char *const endings[] = {[DIR_PLAIN] = "", [DIR_GZIP] = ".gz", [DIR_ZSTD] = ".zst", [DIR_ZIP] = ".zip"};

/* Frames are packed by zstd inside, and not as a whole. */
static enum dir_compress outer(const struct dir_format *f)
{
	return f->format == FORMAT_FRAMES && f->compress == DIR_ZSTD ? DIR_PLAIN : f->compress;
}

static void start_frames(struct dir_part *p, const struct dir_format *f)
{
	p->frames = frame_writer_new(&(struct frame_writer_options){
		.alone = true,
		.sums = true,
		.zstd = f->compress == DIR_ZSTD ? ZSTD_LEVEL : 0,
	});
	batch_init(&p->gathered);
	stream_line_write(&(struct stream_line){.bounded = BOUNDED_YES}, &p->plain);
}

static int start_packer(struct dir_part *p, const struct dir_format *f, struct error *e)
{
	char member[16];
	switch (outer(f)) {
	case DIR_ZSTD: p->zstd = zstd_packer_new(ZSTD_LEVEL); return OK;
	case DIR_GZIP: return archive_packer_new(ARCHIVE_PACK_GZIP, NULL, &p->archive, e);
	case DIR_ZIP:
		snprintf(member, sizeof member, "data%s", extensions[f->format]);
		return archive_packer_new(ARCHIVE_PACK_ZIP, member, &p->archive, e);
	default: return OK;
	}
}

int dir_part_open(const char *dir, const struct dir_format *f, const struct files *io, const struct dir_flow *flow,
		  int64_t now, struct dir_part **out, struct error *e)
{
	struct dir_part *p = mem_zero(sizeof *p);
	char suffix[32];
	snprintf(suffix, sizeof suffix, "%s%s", extensions[f->format], endings[outer(f)]);
	p->file = DIR_FILE_NONE;
	p->dir = mem_copy(dir, strlen(dir));
	p->opened = now;
	*out = NULL;
	int rc = start_packer(p, f, e);
	if (!rc)
		rc = dir_file_create(&p->file, io, dir, suffix, e);
	if (!rc && flow)
		rc = dir_flow_hide(flow, &p->file, e);
	if (rc) {
		dir_part_free(p);
		return rc;
	}
	if (f->format == FORMAT_FRAMES)
		start_frames(p, f);
	else
		p->encoder = encoder_new(f->format, &(struct encode_options){.meta = f->meta});
	*out = p;
	return OK;
}

static int put(struct dir_part *p, struct buf *b, struct error *e)
{
	int rc = dir_file_write(&p->file, b->data, b->len, e);
	p->written += b->len;
	buf_clear(b);
	return rc;
}

/* Packs and writes what was encoded. */
static int flush(struct dir_part *p, struct error *e)
{
	int rc = OK;
	if (!p->zstd && !p->archive)
		return put(p, &p->plain, e);
	if (p->zstd)
		rc = zstd_packer_write(p->zstd, p->plain.data, p->plain.len, &p->packed, e);
	else
		rc = archive_packer_write(p->archive, p->plain.data, p->plain.len, &p->packed, e);
	buf_clear(&p->plain);
	return rc ? rc : put(p, &p->packed, e);
}

static int write_frame(struct dir_part *p, struct error *e)
{
	if (!p->gathered.rows)
		return OK;
	int rc = frame_write(p->frames, FRAME_DATA, 0, &p->gathered, NULL, &p->plain, e);
	batch_clear(&p->gathered);
	return rc;
}

static int gather(struct dir_part *p, const struct batch *b, struct error *e)
{
	int rc = OK;
	for (uint32_t first = 0, count = batch_count(b); first < count && !rc;) {
		first += batch_append(&p->gathered, b, first);
		if (first < count || p->gathered.rows >= FRAME_ROWS || p->gathered.arena.total >= FRAME_BYTES)
			rc = write_frame(p, e);
	}
	return rc;
}

int dir_part_write(struct dir_part *p, struct batch *b, uint64_t *taken, struct error *e)
{
	uint32_t rejects = b->reject_count;
	int rc = OK;
	if (p->frames)
		rc = gather(p, b, e);
	else
		rc = p->encoder->ops->encode(p->encoder, b, &p->plain, e);
	*taken = batch_count(b) - (b->reject_count - rejects);
	p->rows += *taken;
	return rc || p->plain.len < PIECE ? rc : flush(p, e);
}

int dir_part_seal(struct dir_part *p, struct error *e)
{
	int rc = OK;
	if (p->sealed)
		return OK;
	/* Readers take frames without an END for cut off. */
	if (p->frames && !(rc = write_frame(p, e)))
		rc = frame_write(p->frames, FRAME_END, 0, NULL, NULL, &p->plain, e);
	else if (p->encoder && p->encoder->ops->finish)
		rc = p->encoder->ops->finish(p->encoder, &p->plain, e);
	if (!rc)
		rc = flush(p, e);
	if (!rc && p->zstd)
		rc = zstd_packer_finish(p->zstd, &p->packed, e);
	if (!rc && p->archive)
		rc = archive_packer_finish(p->archive, &p->packed, e);
	if (!rc)
		rc = put(p, &p->packed, e);
	if (!rc)
		rc = dir_file_sync(&p->file, e);
	p->sealed = !rc;
	return rc;
}

int dir_part_publish(struct dir_part *p, struct error *e)
{
	if (!p->rows)
		return OK;
	int rc = dir_part_seal(p, e);
	return rc ? rc : dir_file_publish(&p->file, e);
}

int dir_part_leave(struct dir_part *p, struct dir_flow *flow, struct error *e)
{
	if (!p->rows)
		return OK;
	int rc = dir_part_seal(p, e);
	if (!rc)
		dir_flow_add(flow, &p->file);
	return rc;
}

void dir_part_free(struct dir_part *p)
{
	if (!p)
		return;
	dir_file_close(&p->file);
	if (p->encoder)
		encoder_free(p->encoder);
	if (p->frames) {
		frame_writer_free(p->frames);
		batch_release(&p->gathered);
	}
	zstd_packer_free(p->zstd);
	archive_packer_free(p->archive);
	buf_release(&p->plain);
	buf_release(&p->packed);
	free(p->dir);
	free(p);
}

const char *dir_part_dir(const struct dir_part *p)
{
	return p->dir;
}

int64_t dir_part_opened(const struct dir_part *p)
{
	return p->opened;
}

uint64_t dir_part_rows(const struct dir_part *p)
{
	return p->rows;
}

uint64_t dir_part_bytes(const struct dir_part *p)
{
	return p->written + p->plain.len;
}

bool dir_part_sealed(const struct dir_part *p)
{
	return p->sealed;
}

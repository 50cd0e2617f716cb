#include "codec/archive.h"

#include <stdlib.h>

#include "base/mem.h"
#include "codec/libarchive.h"

struct archive_packer {
	struct libarchive lib;
	struct archive *archive;
	struct buf head; /* what came before the first write */
	struct buf *to;  /* where packed bytes go while a function of ours runs */
};

static la_ssize_t on_write(struct archive *archive, void *self, const void *p, size_t len)
{
	(void)archive;
	struct archive_packer *z = self;
	if (z->to) /* NULL: thrown away by archive_packer_free */
		buf_append(z->to, p, len);
	return (la_ssize_t)len;
}

static int fail(struct archive_packer *z, struct error *e)
{
	const char *text = z->lib.error_string(z->archive);
	z->to = NULL;
	return error_set(e, ERR_FAILED, "can't pack: %s", text ? text : "libarchive does not say why");
}

/* No padding at the end, and no time in the gzip header: the same bytes in give the same bytes out. */
static bool set_up(struct archive_packer *z, enum archive_pack kind)
{
	const struct libarchive *l = &z->lib;
	struct archive *a = z->archive;
	if (l->write_set_bytes_per_block(a, 0) || l->write_set_bytes_in_last_block(a, 1))
		return false;
	if (kind == ARCHIVE_PACK_ZIP)
		return !l->write_zip(a);
	return !l->write_gzip(a) && !l->write_raw(a) && !l->write_set_options(a, "gzip:!timestamp");
}

static bool begin(struct archive_packer *z, const char *name)
{
	if (z->lib.write_open(z->archive, z, NULL, on_write, NULL))
		return false;
	struct archive_entry *entry = z->lib.entry_new();
	if (!entry)
		out_of_memory(sizeof *z);
	z->lib.entry_set_pathname(entry, name ? name : "data");
	z->lib.entry_set_filetype(entry, AE_IFREG);
	z->lib.entry_set_perm(entry, 0644);
	int rc = z->lib.write_header(z->archive, entry);
	z->lib.entry_free(entry);
	return rc == ARCHIVE_OK;
}

int archive_packer_new(enum archive_pack kind, const char *name, struct archive_packer **out, struct error *e)
{
	struct archive_packer *z = mem_zero(sizeof *z);
	*out = NULL;
	int rc = libarchive_load(&z->lib, e);
	if (rc)
		goto fail;
	z->archive = z->lib.write_new();
	if (!z->archive)
		out_of_memory(sizeof *z);
	z->to = &z->head;
	if (!set_up(z, kind) || !begin(z, name)) {
		rc = fail(z, e);
		goto fail;
	}
	*out = z;
	return OK;
fail:
	archive_packer_free(z);
	return rc;
}

static void enter(struct archive_packer *z, struct buf *out)
{
	buf_append(out, z->head.data, z->head.len);
	buf_clear(&z->head);
	z->to = out;
}

int archive_packer_write(struct archive_packer *z, const void *p, size_t len, struct buf *out, struct error *e)
{
	enter(z, out);
	if (len && z->lib.write_data(z->archive, p, len) != (la_ssize_t)len)
		return fail(z, e);
	z->to = NULL;
	return OK;
}

int archive_packer_finish(struct archive_packer *z, struct buf *out, struct error *e)
{
	enter(z, out);
	if (z->lib.write_close(z->archive))
		return fail(z, e);
	z->to = NULL;
	return OK;
}

void archive_packer_free(struct archive_packer *z)
{
	if (!z)
		return;
	z->to = NULL;
	if (z->archive)
		z->lib.write_free(z->archive);
	buf_release(&z->head);
	free(z);
}

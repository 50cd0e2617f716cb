#include "codec/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/libarchive.h"

enum { SPOOL_BLOCK = 64 << 10 };

struct archive_reader {
	struct libarchive lib;
	struct archive *archive;
	archive_source source;
	void *self;
	char head[8]; /* looked at to tell a 7z, then given to the library */
	size_t head_len;
	const char *rest; /* of the piece where head ended; given after it */
	size_t rest_len;
	int spool;        /* the copy of a 7z; -1: none */
	uint64_t in, out; /* raw bytes taken; bytes that came out */
	uint32_t members;
	bool inside;        /* a member is open */
	struct error error; /* of the source, if its code is not OK */
};

static int fail(struct archive_reader *a, struct error *e)
{
	if (a->error.code) {
		if (e)
			*e = a->error;
		return a->error.code;
	}
	const char *text = a->lib.error_string(a->archive);
	return error_set(e, ERR_FAILED, "%s", text ? text : "the archive is damaged");
}

static int pull(struct archive_reader *a, const char **p, size_t *len)
{
	int rc = a->source(a->self, p, len, &a->error);
	if (rc)
		return rc;
	a->in += *len;
	return OK;
}

/* The next raw bytes, those that were looked at before first. */
static int next_piece(struct archive_reader *a, const char **p, size_t *len)
{
	if (a->head_len) {
		*p = a->head;
		*len = a->head_len;
		a->head_len = 0;
		return OK;
	}
	if (a->rest_len) {
		*p = a->rest;
		*len = a->rest_len;
		a->rest_len = 0;
		return OK;
	}
	return pull(a, p, len);
}

/* The first bytes into head, whatever pieces they come in. */
static int fill_head(struct archive_reader *a)
{
	while (a->head_len < sizeof a->head) {
		const char *p;
		size_t len, n = sizeof a->head - a->head_len;
		int rc = pull(a, &p, &len);
		if (rc || !len)
			return rc;
		n = n < len ? n : len;
		memcpy(a->head + a->head_len, p, n);
		a->head_len += n;
		a->rest = p + n;
		a->rest_len = len - n;
	}
	return OK;
}

/* libarchive asks for raw bytes. */
static la_ssize_t on_read(struct archive *archive, void *self, const void **to)
{
	(void)archive;
	const char *p;
	size_t len;
	if (next_piece(self, &p, &len))
		return -1;
	*to = p;
	return (la_ssize_t)len;
}

static int write_all(int fd, const char *p, size_t len, struct error *e)
{
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "can't write a temporary copy of the archive");
		p += n;
		len -= (size_t)n;
	}
	return OK;
}

static int spool_open(struct error *e)
{
	const char *dir = getenv("TMPDIR");
	if (!dir || !*dir)
		dir = "/tmp";
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, "can't make a temporary file in %s", dir);
	return fd;
}

static int spool_fill(struct archive_reader *a, struct error *e)
{
	int rc = spool_open(e);
	if (rc < 0)
		return rc;
	a->spool = rc;
	const char *p;
	size_t len;
	for (;;) {
		if (next_piece(a, &p, &len))
			return fail(a, e);
		if (!len)
			break;
		rc = write_all(a->spool, p, len, e);
		if (rc)
			return rc;
	}
	if (lseek(a->spool, 0, SEEK_SET) < 0)
		return error_errno(e, "can't read the temporary copy of the archive");
	return OK;
}

static void enable(const struct libarchive *l, struct archive *archive)
{
	l->read_gzip(archive);
	l->read_zstd(archive);
	l->read_xz(archive);
	l->read_bzip2(archive);
	l->read_lz4(archive);
	l->read_zip(archive);
	l->read_tar(archive);
	l->read_7zip(archive);
	l->read_cpio(archive);
	l->read_raw(archive);
	l->read_empty(archive);
}

static int start(struct archive_reader *a, struct error *e)
{
	int rc = libarchive_load(&a->lib, e);
	if (rc)
		return rc;
	a->archive = a->lib.read_new();
	if (!a->archive)
		out_of_memory(sizeof *a);
	enable(&a->lib, a->archive);
	if (fill_head(a))
		return fail(a, e);
	if (a->head_len >= 6 && !memcmp(a->head, "7z\xbc\xaf\x27\x1c", 6)) {
		rc = spool_fill(a, e);
		if (rc)
			return rc;
		rc = a->lib.read_open_fd(a->archive, a->spool, SPOOL_BLOCK);
	} else {
		rc = a->lib.read_open(a->archive, a, NULL, on_read, NULL);
	}
	return rc == ARCHIVE_OK ? OK : fail(a, e);
}

int archive_open(archive_source source, void *self, struct archive_reader **out, struct error *e)
{
	struct archive_reader *a = mem_zero(sizeof *a);
	a->source = source;
	a->self = self;
	a->spool = -1;
	*out = NULL;
	int rc = start(a, e);
	if (rc)
		archive_close(a);
	else
		*out = a;
	return rc;
}

void archive_close(struct archive_reader *a)
{
	if (!a)
		return;
	if (a->archive)
		a->lib.read_free(a->archive);
	if (a->spool >= 0)
		close(a->spool);
	free(a);
}

/* Counts n bytes that came out. */
static int count(struct archive_reader *a, size_t n, struct error *e)
{
	a->out += n;
	if (a->out > ARCHIVE_FREE_BYTES && a->out / ARCHIVE_RATIO_MAX > a->in)
		return error_set(e, ERR_FAILED, "unpacks to more than %d times its size: refused", ARCHIVE_RATIO_MAX);
	return OK;
}

int archive_read_bytes(struct archive_reader *a, char *buf, size_t cap, size_t *n, struct error *e)
{
	*n = 0;
	if (!a->inside)
		return OK;
	la_ssize_t got;
	do
		got = a->lib.read_data(a->archive, buf, cap);
	while (got == ARCHIVE_RETRY);
	if (got < 0)
		return fail(a, e);
	*n = (size_t)got;
	if (!got)
		a->inside = false;
	return count(a, *n, e);
}

/* What is left of the member is unpacked here, and not by the library, so that it counts. */
static int skip(struct archive_reader *a, struct error *e)
{
	while (a->inside) {
		const void *p;
		size_t len;
		la_int64_t offset;
		int rc = a->lib.read_data_block(a->archive, &p, &len, &offset);
		if (rc == ARCHIVE_EOF)
			a->inside = false;
		else if (rc < ARCHIVE_WARN)
			return fail(a, e);
		else if (count(a, len, e))
			return ERR_FAILED;
	}
	return OK;
}

static const char *member_name(const struct archive_reader *a, struct archive_entry *entry)
{
	if (a->lib.format(a->archive) == ARCHIVE_FORMAT_RAW)
		return NULL;
	const char *name = a->lib.entry_pathname(entry);
	if (!name) /* it can't be said in the locale */
		name = a->lib.entry_pathname_utf8(entry);
	return name ? name : "?";
}

int archive_next_member(struct archive_reader *a, const char **name, struct error *e)
{
	for (;;) {
		struct archive_entry *entry;
		int rc = skip(a, e);
		if (rc)
			return rc;
		do
			rc = a->lib.read_next_header(a->archive, &entry);
		while (rc == ARCHIVE_RETRY);
		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc < ARCHIVE_WARN)
			return fail(a, e);
		if (++a->members > ARCHIVE_MEMBERS_MAX)
			return error_set(e, ERR_FAILED, "more than %d members: refused", ARCHIVE_MEMBERS_MAX);
		a->inside = true;
		if (a->lib.entry_filetype(entry) == AE_IFREG && !a->lib.entry_hardlink(entry)) {
			*name = member_name(a, entry);
			return 1;
		}
	}
}

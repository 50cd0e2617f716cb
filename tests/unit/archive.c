/* Needs tar, gzip and their like; what is not installed is skipped and said. */
#include "codec/archive.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/libarchive.h"
#include "codec/zstd.h"
#include "test.h"

static struct error e;
static char dir[] = "/tmp/archive-test-XXXXXX";

/* Raw bytes in pieces of `piece`; fails at `fail_at` if that is not 0. */
struct pieces {
	const char *p;
	size_t len, piece, fail_at, given;
};

static int next(void *self, const char **p, size_t *len, struct error *err)
{
	struct pieces *s = self;
	if (s->fail_at && s->given >= s->fail_at)
		return error_set(err, ERR_FAILED, "the disk is gone");
	*len = s->len < s->piece ? s->len : s->piece;
	*p = s->p;
	s->p += *len;
	s->len -= *len;
	s->given += *len;
	return OK;
}

static struct buf slurp(const char *path)
{
	struct buf b = BUF_INIT;
	int fd = open(path, O_RDONLY);
	ssize_t n;
	while (fd >= 0 && (n = read(fd, buf_reserve(&b, 65536), 65536)) > 0)
		b.len += (size_t)n;
	close(fd);
	return b;
}

/* All members as `name:bytes|`, in out. Returns 0 or the error. */
static int unpack_from(struct pieces *s, struct buf *out)
{
	struct archive_reader *a;
	buf_clear(out);
	int rc = archive_open(next, s, &a, &e);
	const char *name;
	while (!rc && (rc = archive_next_member(a, &name, &e)) > 0) {
		buf_printf(out, "%s:", name ? name : "");
		size_t n;
		do {
			rc = archive_read_bytes(a, buf_reserve(out, 65536), 65536, &n, &e);
			out->len += n;
		} while (!rc && n);
		buf_byte(out, '|');
	}
	archive_close(a);
	return rc;
}

static int unpack(const char *p, size_t len, size_t piece, struct buf *out)
{
	return unpack_from(&(struct pieces){.p = p, .len = len, .piece = piece}, out);
}

/* Runs a shell line in dir that makes the file `to`; false if it can't. */
static bool make(const char *line, const char *to)
{
	char command[1024];
	snprintf(command, sizeof command, "cd %s && { %s; } 2>/dev/null && test -s %s", dir, line, to);
	bool made = !system(command);
	if (!made)
		printf("skipped: %s\n", line);
	return made;
}

static struct buf made_file(const char *to)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", dir, to);
	return slurp(path);
}

static void one(const char *line, const char *to, const char *want)
{
	static const size_t pieces[] = {1, 7, 100, 65536};
	if (!make(line, to))
		return;
	struct buf raw = made_file(to), out = BUF_INIT;
	CHECK(archive_sniff(raw.data, raw.len < 512 ? raw.len : 512));
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		int rc = unpack(raw.data, raw.len, pieces[i], &out);
		CHECK(rc == OK);
		if (rc)
			fprintf(stderr, "%s: %s\n", line, e.text);
		CHECK_TEXT(out.data, out.len, want);
	}
	/* cut short: an error, or (where the end can't be told) less; never a crash */
	for (size_t cut = 0; cut < raw.len; cut += 1 + raw.len / 50)
		unpack(raw.data, cut, 4096, &out);
	buf_release(&raw);
	buf_release(&out);
}

/* An archive of a and b in a format that no common tool writes. */
static void written(const char *format, const char *to)
{
	struct libarchive l;
	CHECK(libarchive_load(&l, &e) == OK);
	void *library = dlopen("libarchive.so.13", RTLD_NOW);
	__typeof__(&archive_write_set_format_7zip) set_format;
	__typeof__(&archive_write_open_filename) open_file;
	__typeof__(&archive_entry_set_size) set_size;
	*(void **)&set_format = dlsym(library, format);
	*(void **)&open_file = dlsym(library, "archive_write_open_filename");
	*(void **)&set_size = dlsym(library, "archive_entry_set_size");
	char path[256];
	snprintf(path, sizeof path, "%s/%s", dir, to);
	struct archive *a = l.write_new();
	CHECK(!set_format(a) && !open_file(a, path));
	for (int i = 0; i < 2; i++) {
		struct archive_entry *entry = l.entry_new();
		l.entry_set_pathname(entry, i ? "b" : "a");
		l.entry_set_filetype(entry, AE_IFREG);
		l.entry_set_perm(entry, 0644);
		set_size(entry, 6);
		CHECK(!l.write_header(a, entry));
		CHECK(l.write_data(a, i ? "world\n" : "hello\n", 6) == 6);
		l.entry_free(entry);
	}
	CHECK(!l.write_close(a));
	l.write_free(a);
	dlclose(library);
}

static void kinds(void)
{
	if (!make("printf 'hello\\n' > a; printf 'world\\n' > b; ln -s a link; mkdir d; cp b d/c", "a"))
		return;
	one("gzip -c a > a.gz", "a.gz", ":hello\n|");
	one("gzip -c a b > ab.gz; (gzip -c a; gzip -c b) > ab.gz", "ab.gz", ":hello\nworld\n|");
	one("xz -c a > a.xz", "a.xz", ":hello\n|");
	one("bzip2 -c a > a.bz2", "a.bz2", ":hello\n|");
	one("zstd -qc a > a.zst", "a.zst", ":hello\n|");
	one("lz4 -qc a > a.lz4", "a.lz4", ":hello\n|");
	one("tar cf a.tar a link b d", "a.tar", "a:hello\n|b:world\n|d/c:world\n|");
	one("tar czf a.tgz a link b d", "a.tgz", "a:hello\n|b:world\n|d/c:world\n|");
	one("tar --format=v7 -cf v7.tar a b", "v7.tar", "a:hello\n|b:world\n|");
	one("python3 -m zipfile -c a.zip a b || zip a.zip a b", "a.zip", "a:hello\n|b:world\n|");
	written("archive_write_set_format_7zip", "a.7z");
	one(":", "a.7z", "a:hello\n|b:world\n|");
	written("archive_write_set_format_cpio_newc", "n.cpio");
	one(":", "n.cpio", "a:hello\n|b:world\n|");
	written("archive_write_set_format_cpio", "o.cpio");
	one(":", "o.cpio", "a:hello\n|b:world\n|");
}

static void texts_are_none(void)
{
	static const char *const texts[] = {
		"", "{\"a\":1}\n", "070701 10:00 started\n", "BZhome\n", "7zebras\n", "PK\n", "P", "#stream 1\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK(!archive_sniff(texts[i], strlen(texts[i])));
	char zeros[512] = {0};
	CHECK(!archive_sniff(zeros, sizeof zeros));
}

static void pack(enum archive_pack kind, const char *want_name)
{
	struct archive_packer *z;
	struct buf raw = BUF_INIT, out = BUF_INIT, want = BUF_INIT;
	int rc = archive_packer_new(kind, "part.json", &z, &e);
	CHECK(rc == OK);
	if (rc) {
		fprintf(stderr, "%s\n", e.text);
		return;
	}
	buf_string_append(&want, want_name);
	for (int i = 0; i < 30000; i++) {
		char line[32];
		int n = snprintf(line, sizeof line, "line %d\n", i * 7919);
		buf_append(&want, line, (size_t)n);
		CHECK(archive_packer_write(z, line, (size_t)n, &raw, &e) == OK);
	}
	buf_byte(&want, '|');
	CHECK(archive_packer_finish(z, &raw, &e) == OK);
	archive_packer_free(z);
	CHECK(raw.len < want.len / 2 && archive_sniff(raw.data, raw.len));
	CHECK(unpack(raw.data, raw.len, 65536, &out) == OK);
	CHECK(out.len == want.len && !memcmp(out.data, want.data, out.len));
	/* one that is given up leaves nothing behind */
	CHECK(archive_packer_new(kind, "x", &z, &e) == OK);
	CHECK(archive_packer_write(z, "text", 4, &out, &e) == OK);
	archive_packer_free(z);
	buf_release(&raw);
	buf_release(&out);
	buf_release(&want);
}

static void limits(void)
{
	/* 1 GiB of one letter in 33 KB of zstd */
	struct zstd_packer *z = zstd_packer_new(3);
	struct buf raw = BUF_INIT;
	char *letters = malloc(1 << 20);
	memset(letters, 'z', 1 << 20);
	for (int i = 0; i < 1024; i++)
		zstd_packer_write(z, letters, 1 << 20, &raw, &e);
	zstd_packer_finish(z, &raw, &e);
	zstd_packer_free(z);
	free(letters);
	struct pieces s = {.p = raw.data, .len = raw.len, .piece = 4096};
	struct archive_reader *a;
	CHECK(archive_open(next, &s, &a, &e) == OK);
	const char *name;
	CHECK(archive_next_member(a, &name, &e) == 1 && !name);
	char buf[65536];
	size_t n, total = 0;
	int rc;
	while (!(rc = archive_read_bytes(a, buf, sizeof buf, &n, &e)) && n)
		total += n;
	CHECK(rc == ERR_FAILED && strstr(e.text, "1000 times"));
	CHECK(total >= ARCHIVE_FREE_BYTES && total < 2 * (size_t)ARCHIVE_FREE_BYTES);
	archive_close(a);
	/* a member that is passed over counts as well */
	s = (struct pieces){.p = raw.data, .len = raw.len, .piece = 4096};
	CHECK(archive_open(next, &s, &a, &e) == OK);
	CHECK(archive_next_member(a, &name, &e) == 1);
	CHECK(archive_next_member(a, &name, &e) == ERR_FAILED && strstr(e.text, "1000 times"));
	archive_close(a);
	buf_release(&raw);
}

static void source_fails(void)
{
	struct buf raw = BUF_INIT, out = BUF_INIT;
	zstd_pack("some text that goes on", 22, 3, &raw, &e);
	for (size_t at = 1; at < raw.len; at++) {
		struct pieces s = {.p = raw.data, .len = raw.len, .piece = 1, .fail_at = at};
		CHECK(unpack_from(&s, &out) == ERR_FAILED);
		CHECK_TEXT(e.text, strlen(e.text), "the disk is gone");
	}
	CHECK(unpack("", 0, 1, &out) == OK && out.len == 0);
	archive_close(NULL);
	archive_packer_free(NULL);
	buf_release(&raw);
	buf_release(&out);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	kinds();
	texts_are_none();
	pack(ARCHIVE_PACK_GZIP, ":");
	pack(ARCHIVE_PACK_ZIP, "part.json:");
	limits();
	source_fails();
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	CHECK(system(command) == 0);
	return test_done();
}

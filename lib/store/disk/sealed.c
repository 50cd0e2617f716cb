#include "store/disk/sealed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/hash.h"

enum { VERSION = 1, LAST_LINE = 6 + 16 + 1, TOO_LARGE = 16 << 20 };

void sealed_begin(struct buf *out, const char *kind)
{
	buf_clear(out);
	buf_printf(out, "%s %d\n", kind, VERSION);
}

int sealed_save(struct buf *text, const struct files *io, const char *directory, const char *name, struct error *e)
{
	buf_printf(text, "check %016" PRIx64 "\n", hash64(text->data, text->len));
	return file_replace(io, directory, name, text->data, text->len, e);
}

/* The version comes first: what follows may be of a kind unknown here. */
static int check(struct sealed *s, const char *kind, struct error *e)
{
	char want[LAST_LINE + 1];
	size_t len = s->text.len, first = strlen(kind);
	const char *p = buf_string(&s->text);
	char *end;
	if (len < first + 2 || memcmp(p, kind, first) || p[first] != ' ')
		return error_set(e, ERR_FAILED, "%s is damaged: it does not begin with `%s`", s->path, kind);
	unsigned long version = strtoul(p + first + 1, &end, 10);
	if (*end == '\n' && version > VERSION)
		return error_set(e, ERR_USAGE, "%s was made by a newer release (layout %lu; this one knows %d)",
				 s->path, version, VERSION);
	if (len >= LAST_LINE)
		snprintf(want, sizeof want, "check %016" PRIx64 "\n", hash64(p, len - LAST_LINE));
	if (*end != '\n' || !version || len < LAST_LINE || memcmp(p + len - LAST_LINE, want, LAST_LINE))
		return error_set(e, ERR_FAILED, "%s is damaged: its checksum is wrong", s->path);
	s->text.data[len - LAST_LINE] = 0;
	s->at = strchr(s->text.data, '\n') + 1;
	return 1;
}

int sealed_load(struct sealed *s, const struct files *io, const char *path, const char *kind, struct error *e)
{
	struct file f;
	int64_t size = 0;
	*s = (struct sealed){.path = path};
	int r = file_find(&f, io, path, O_RDONLY, e);
	if (r <= 0)
		return r;
	r = file_size(&f, &size, e);
	if (!r && (size < 0 || size > TOO_LARGE))
		r = error_set(e, ERR_FAILED, "%s is damaged: it has %" PRId64 " bytes", path, size);
	if (!r) {
		ssize_t n = file_read(&f, buf_reserve(&s->text, (size_t)size + 1), (size_t)size, 0, e);
		s->text.len = n > 0 ? (size_t)n : 0;
		r = n < 0 ? (int)n : check(s, kind, e);
	}
	file_close(&f);
	return r;
}

void sealed_release(struct sealed *s)
{
	buf_release(&s->text);
}

bool sealed_line(struct sealed *s, const char **word, const char **rest)
{
	char *end = strchr(s->at, '\n');
	if (!end)
		return false;
	*end = 0;
	*word = s->at;
	s->at = end + 1;
	char *blank = strchr(*word, ' ');
	if (blank)
		*blank++ = 0;
	*rest = blank ? blank : end;
	return true;
}

int sealed_strange(const struct sealed *s, const char *word, struct error *e)
{
	return error_set(e, ERR_FAILED, "%s is damaged: its line `%s`", s->path, word);
}

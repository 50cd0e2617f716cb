#include <string.h>

#include "format/frame.h"
#include "format/frame_layout.h"

static const char line_head[] = "#stream ";
static const char line_note[] = "  (binary frames: read them with stream-cat)";

enum { SOURCE_MAX = 1024 }; /* bytes as written; a name that is longer loses its end */

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f;
}

/* `%` is left as it is, so that a source that was read can be written again. */
static void append_source(const char *p, size_t len, struct buf *out)
{
	size_t room = out->len + SOURCE_MAX;
	for (size_t i = 0; i < len && out->len + 3 <= room; i++) {
		unsigned char c = (unsigned char)p[i];
		if (is_plain(c))
			buf_byte(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void stream_line_write(const struct stream_line *l, struct buf *out)
{
	size_t start = out->len;
	buf_printf(out, "%s%d", line_head, FRAME_VERSION);
	if (l->bounded != BOUNDED_UNKNOWN)
		buf_printf(out, " bounded=%s", l->bounded == BOUNDED_YES ? "yes" : "no");
	if (l->source && l->source_len) {
		buf_string_append(out, " source=");
		append_source(l->source, l->source_len, out);
	}
	buf_string_append(out, line_note);
	/* Frames that follow stay aligned in a file that is mapped. */
	buf_fill(out, ' ', round8(out->len + 1 - start) - (out->len + 1 - start));
	buf_byte(out, '\n');
}

static bool word_is(const char *p, const char *end, const char *text)
{
	return (size_t)(end - p) == strlen(text) && !memcmp(p, text, strlen(text));
}

static void read_word(const char *p, const char *end, struct stream_line *l)
{
	static const char source[] = "source=";
	if (word_is(p, end, "bounded=yes"))
		l->bounded = BOUNDED_YES;
	else if (word_is(p, end, "bounded=no"))
		l->bounded = BOUNDED_NO;
	else if ((size_t)(end - p) >= strlen(source) && !memcmp(p, source, strlen(source))) {
		l->source = p + strlen(source);
		l->source_len = (size_t)(end - l->source);
	}
}

/* The decimal at *p; false if there is none, or it is no version that anybody will reach. */
static bool read_version(const char **p, const char *end, unsigned *version)
{
	const char *start = *p;
	for (*version = 0; *p < end && **p >= '0' && **p <= '9' && *p - start < 6; ++*p)
		*version = *version * 10 + (unsigned)(**p - '0');
	return *p > start && *p < end && (**p == ' ' || **p == '\n');
}

long stream_line_read(const char *p, size_t len, struct stream_line *l, struct error *e)
{
	size_t head = strlen(line_head);
	*l = (struct stream_line){0};
	error_set(e, OK, "%s", "");
	if (!len)
		return 0;
	if (memcmp(p, line_head, len < head ? len : head))
		return -1;
	const char *end = memchr(p, '\n', len < STREAM_LINE_MAX ? len : STREAM_LINE_MAX);
	if (!end)
		return len < STREAM_LINE_MAX ? 0 : -1;
	const char *at = p + head;
	unsigned version;
	if (end < at || !read_version(&at, end + 1, &version))
		return -1;
	if (version != FRAME_VERSION)
		return error_set(e, ERR_FAILED, "a stream of frames of version %u; this program reads version %d",
				 version, FRAME_VERSION);
	while (at < end && *at == ' ' && at[1] != ' ' && at[1] != '\n') {
		const char *word = ++at;
		while (at < end && *at != ' ')
			at++;
		read_word(word, at, l);
	}
	return end + 1 - p;
}

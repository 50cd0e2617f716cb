#include "sink/dir_pattern.h"

#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "codec/hash.h"

enum { TIME_TEXT_MAX = 256, VALUE_TEXT_MAX = 200 };

struct dir_piece {
	const char *literal; /* or: */
	const char *field;
	const char *format; /* of a time; NULL: the value's plain text */
	int64_t unit;       /* ns; the format gives one text for all times of the same unit */
	int64_t bucket;     /* the unit that `text` is of */
	size_t text_len;
	char text[TIME_TEXT_MAX];
	const struct column *column; /* in the batch that is bound */
};

static const char missing[] = "_null";

/* -- parsing -- */

/* The largest unit of time in which the format's text can't change. */
static int64_t format_unit(const char *format)
{
	int64_t unit = DAY;
	for (const char *p = format; (p = strchr(p, '%')) && p[1]; p += 2) {
		int64_t one = strchr("fL", p[1])       ? NANOSECOND
			      : strchr("SsTcX+", p[1]) ? SECOND
			      : strchr("MR", p[1])     ? MINUTE
			      : strchr("HIp", p[1])    ? HOUR
						       : DAY;
		unit = one < unit ? one : unit;
	}
	return unit;
}

static int parse_field(const char *p, size_t len, struct arena *a, struct dir_piece *piece, struct error *e)
{
	const char *colon = memchr(p, ':', len);
	size_t name_len = colon ? (size_t)(colon - p) : len;
	if (!name_len)
		return error_set(e, ERR_USAGE, "`{%.*s}` names no field", (int)len, p);
	piece->field = arena_copy(a, p, name_len);
	if (!colon)
		return OK;
	piece->format = arena_copy(a, colon + 1, len - name_len - 1);
	piece->unit = format_unit(piece->format);
	piece->bucket = INT64_MIN;
	if (!timestamp_format(0, piece->format, piece->text, sizeof piece->text))
		return error_set(e, ERR_USAGE, "`%s` is no format of a time", piece->format);
	return OK;
}

/* Takes one piece from the start of *p. */
static int parse_piece(const char **p, struct arena *a, struct dir_piece *piece, struct error *e)
{
	const char *at = *p;
	if (at[0] == '{' && at[1] != '{') {
		const char *end = strchr(at, '}');
		if (!end)
			return error_set(e, ERR_USAGE, "no `}` after `%s`", at);
		*p = end + 1;
		return parse_field(at + 1, (size_t)(end - at - 1), a, piece, e);
	}
	size_t len = strcspn(at, "{}");
	if (len) {
		*p = at + len;
	} else if (at[0] == at[1]) {
		*p = at + 2;
		len = 1;
	} else {
		return error_set(e, ERR_USAGE, "`}` without `{` (`}}` stands for a brace)");
	}
	piece->literal = arena_copy(a, at, len);
	return OK;
}

int dir_pattern_parse(const char *text, struct arena *a, struct dir_pattern *p, struct error *e)
{
	size_t most = strlen(text);
	p->pieces = arena_array(a, most, sizeof *p->pieces);
	p->count = 0;
	p->constant = true;
	while (*text) {
		struct dir_piece *piece = &p->pieces[p->count++];
		*piece = (struct dir_piece){0};
		int rc = parse_piece(&text, a, piece, e);
		if (rc)
			return rc;
		p->constant &= !piece->field;
	}
	return OK;
}

const char *dir_pattern_fixed(const struct dir_pattern *p, struct arena *a)
{
	struct buf text = BUF_INIT;
	for (size_t i = 0; i < p->count && p->pieces[i].literal; i++)
		buf_string_append(&text, p->pieces[i].literal);
	const char *slash = p->constant ? NULL : strrchr(buf_string(&text), '/');
	if (!p->constant)
		text.len = !slash ? 0 : slash == text.data ? 1 : (size_t)(slash - text.data);
	const char *fixed = text.len ? arena_copy(a, text.data, text.len) : ".";
	buf_release(&text);
	return fixed;
}

/* -- expanding -- */

static const struct column *find(const char *field, const struct batch *b)
{
	if (!strcmp(field, "stream")) {
		const struct column *meta = &b->meta[META_STREAM];
		if (meta->form != COLUMN_CONST || !value_is_missing(meta->value))
			return meta;
	}
	return batch_field(b, field, strlen(field));
}

void dir_pattern_bind(struct dir_pattern *p, const struct batch *b)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->pieces[i].field)
			p->pieces[i].column = find(p->pieces[i].field, b);
}

static bool time_of(struct value v, int64_t *ns)
{
	switch (v.type) {
	case TYPE_TIME: *ns = v.i; return true;
	case TYPE_STRING: return v.len && timestamp_read(v.s, v.len, ns) == v.len;
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_NUMBER: return timestamp_from_number(number_double(v), ns);
	default: return false;
	}
}

static void expand_time(struct dir_piece *piece, struct value v, struct buf *out)
{
	int64_t ns;
	if (!time_of(v, &ns)) {
		buf_string_append(out, missing);
		return;
	}
	int64_t bucket = ns / piece->unit - (ns % piece->unit < 0);
	if (bucket != piece->bucket || !piece->text_len) {
		piece->text_len = timestamp_format(ns, piece->format, piece->text, sizeof piece->text);
		piece->bucket = bucket;
	}
	buf_append(out, piece->text, piece->text_len);
}

static bool is_plain(unsigned char c, bool first)
{
	return c > 0x20 && c != 0x7f && c != '/' && c != '%' && !(first && c == '.');
}

/* Makes the bytes behind `from` one harmless part of a path. */
static void clean(struct buf *out, size_t from)
{
	size_t len = out->len - from;
	bool plain = len <= VALUE_TEXT_MAX;
	for (size_t i = 0; i < len && plain; i++)
		plain = is_plain((unsigned char)out->data[from + i], i == 0);
	if (plain)
		return;
	struct buf raw = BUF_INIT;
	buf_append(&raw, out->data + from, len);
	out->len = from;
	for (size_t i = 0; i < len && out->len - from < VALUE_TEXT_MAX; i++) {
		unsigned char c = (unsigned char)raw.data[i];
		if (c == ' ' || is_plain(c, i == 0))
			buf_byte(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	if (len > VALUE_TEXT_MAX)
		buf_printf(out, "-%016llx", (unsigned long long)hash64(raw.data, len));
	buf_release(&raw);
}

static void expand_value(struct value v, struct buf *out)
{
	size_t from = out->len;
	value_plain(v, out);
	if (out->len == from)
		buf_string_append(out, missing);
	else
		clean(out, from);
}

void dir_pattern_expand(struct dir_pattern *p, uint32_t row, struct buf *out)
{
	for (size_t i = 0; i < p->count; i++) {
		struct dir_piece *piece = &p->pieces[i];
		if (!piece->field)
			buf_string_append(out, piece->literal);
		else if (piece->format)
			expand_time(piece, column_get(piece->column, row), out);
		else
			expand_value(column_get(piece->column, row), out);
	}
}

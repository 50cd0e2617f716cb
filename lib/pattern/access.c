/*
 * The common and the combined log format, by hand: a regex would spend three times as long, and
 * these are the lines that there are most of.
 *
 *   client ident user [time] "method path protocol" status bytes "referer" "agent" rt
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "pattern/kind.h"
#include "pattern/scan.h"

enum field {
	CLIENT,
	IDENT,
	USER,
	TIME,
	METHOD,
	PATH,
	PROTOCOL,
	STATUS,
	BYTES,
	REFERER,
	AGENT,
	RT,
	FIELDS,
};

static const char *const field_names[FIELDS] = {"client",   "ident",  "user",  "time",    "method", "path",
						"protocol", "status", "bytes", "referer", "agent",  "rt"};

enum { DATE_MAX = 40 };

struct access {
	struct pattern head;
	bool combined;
	uint32_t count;           /* fields without rt, which stands behind them */
	uint16_t columns[FIELDS]; /* in the order of the record */
	int shape, shape_rt;      /* -1: not looked up yet */
	char date[DATE_MAX];      /* the last time that was read, */
	uint32_t date_len;
	int64_t ns; /* and what it is: most lines have the time of the line before */
};

#define QUOTED "(?:[^\"\\\\]|\\\\.)*+"
#define QUOTED_WORD "(?:[^ \"\\\\]|\\\\(?:[^ ]|(?= )))++"
#define TAIL "(?: (?<rt>-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|-))?[ \\r]*\\z"
#define COMMON                                                                                                         \
	"(?sJ)^(?<client>[^ ]+) (?<ident>[^ ]+) (?<user>[^ ]+(?: (?!\\[)[^ ]*+)*+) \\[(?<time>[^]]{10,}+)\\] "         \
	"\"(?:(?<method>" QUOTED_WORD ") (?<path>" QUOTED_WORD ") (?<protocol>" QUOTED_WORD ")|(?<path>" QUOTED        \
	"))\" (?<status>\\d{1,18}|-) (?<bytes>\\d{1,18}|-)"

const char *access_regex(bool combined)
{
	return combined ? COMMON " \"(?<referer>" QUOTED ")\" \"(?<agent>" QUOTED ")\"" TAIL : COMMON TAIL;
}

static inline struct value text_or_null(const char *p, const char *end)
{
	return end - p == 1 && *p == '-' ? value_null() : value_string(p, (size_t)(end - p));
}

/* `GET / HTTP/1.1`, or something else that is kept whole. */
static inline void scan_request(const char *p, const char *end, struct value *v)
{
	const char *first = scan_byte(p, end, ' ');
	const char *second = first < end ? scan_byte(first + 1, end, ' ') : end;
	if (first > p && second > first + 1 && second + 1 < end && scan_byte(second + 1, end, ' ') == end) {
		v[METHOD] = text_or_null(p, first);
		v[PATH] = text_or_null(first + 1, second);
		v[PROTOCOL] = text_or_null(second + 1, end);
		return;
	}
	v[METHOD] = v[PROTOCOL] = value_null();
	v[PATH] = text_or_null(p, end);
}

/* Digits or `-`; returns the byte behind, or NULL. */
static inline const char *scan_count(const char *p, const char *end, struct value *v)
{
	int64_t n = 0;
	const char *start = p;
	for (; p < end && p - start <= 18 && (unsigned char)(*p - '0') <= 9; p++)
		n = n * 10 + (*p - '0');
	if (p > start && p - start <= 18) {
		*v = value_int(n);
		return p;
	}
	*v = value_null();
	return p == start && p < end && *p == '-' ? p + 1 : NULL;
}

/* ` "..."`; returns the byte behind, or NULL. */
static inline const char *scan_quoted(const char *p, const char *end, struct value *v)
{
	if (end - p < 3 || p[0] != ' ' || p[1] != '"')
		return NULL;
	const char *quote = scan_quote(p + 2, end);
	if (quote == end)
		return NULL;
	*v = text_or_null(p + 2, quote);
	return quote + 1;
}

/* A blank in the user's name is legal; ` [` ends it. */
static inline const char *scan_user(const char *p, const char *end)
{
	const char *blank = scan_byte(p, end, ' ');
	while (blank > p && blank < end && (blank + 1 == end || blank[1] != '['))
		blank = scan_byte(blank + 1, end, ' ');
	return blank;
}

/* All up to the bytes. NULL and *rest, or a reason. */
static inline const char *scan_common(const char *p, const char *end, struct value *v, const char **rest)
{
	const char *at = scan_byte(p, end, ' ');
	if (at == end || at == p)
		return "no client at the start";
	v[CLIENT] = text_or_null(p, at);
	p = at + 1;
	at = scan_byte(p, end, ' ');
	if (at == end || at == p)
		return "no ident behind the client";
	v[IDENT] = text_or_null(p, at);
	p = at + 1;
	at = scan_user(p, end);
	if (at == end || at == p)
		return "no [time] behind the user";
	v[USER] = text_or_null(p, at);
	p = at + 2;
	at = scan_byte(p, end, ']');
	/* A shorter time is none; from here on 16 bytes stand before every end, see scan.h. */
	if (at - p < 10 || end - at < 3 || at[1] != ' ' || at[2] != '"')
		return "no \"request\" behind a [time]";
	v[TIME] = value_string(p, (size_t)(at - p));
	p = at + 3;
	at = scan_quote(p, end);
	if (end - at < 2 || at[1] != ' ')
		return "no status behind the \"request\"";
	scan_request(p, at, v);
	at = scan_count(at + 2, end, &v[STATUS]);
	if (!at || at == end || *at != ' ')
		return "the status is no number";
	*rest = scan_count(at + 1, end, &v[BYTES]);
	return *rest ? NULL : "the bytes are no number";
}

/* What stands behind the last field: nothing, or a number. *v is absent if there is none. */
static inline const char *scan_rt(const char *p, const char *end, struct value *v)
{
	*v = value_absent();
	if (p == end)
		return NULL;
	if (*p != ' ')
		return "no blank behind the last field";
	if (end - p == 2 && p[1] == '-') {
		*v = value_null();
		return NULL;
	}
	return number_read(p + 1, end, v) == end ? NULL : "what follows the last field is no number";
}

static const char *scan_line(const struct access *a, const char *p, const char *end, struct value *v)
{
	while (end > p && (end[-1] == ' ' || end[-1] == '\r'))
		end--;
	if (end - p < SCAN_MIN)
		return "too short for a line of an access log";
	const char *reason = scan_common(p, end, v, &p);
	if (reason)
		return reason;
	if (a->combined && !(p = scan_quoted(p, end, &v[REFERER])))
		return "no \"referer\" behind the bytes";
	if (a->combined && !(p = scan_quoted(p, end, &v[AGENT])))
		return "no \"agent\" behind the referer";
	return scan_rt(p, end, &v[a->count]);
}

/* The format's own date, one with decimals, or RFC 3339 (nginx can). */
static bool read_date(const char *p, size_t len, int64_t *ns)
{
	return timestamp_read_clf(p, len, ns) == len || timestamp_read(p, len, ns) == len ||
	       timestamp_scan(p, len, "%d/%b/%Y:%H:%M:%S %z", 0, ns) == len ||
	       timestamp_scan(p, len, "%d/%b/%Y:%H:%M:%S.%f %z", 0, ns) == len;
}

static inline bool access_time(struct access *a, struct value time)
{
	if (time.len == a->date_len && !memcmp(time.s, a->date, time.len))
		return true;
	a->date_len = 0;
	if (time.len > DATE_MAX || !read_date(time.s, time.len, &a->ns))
		return false;
	memcpy(a->date, time.s, time.len);
	a->date_len = time.len;
	return true;
}

static bool look_up(struct batch *to, const char *name, uint16_t *column)
{
	int c = batch_column(to, name, strlen(name));
	*column = (uint16_t)c;
	return c >= 0;
}

static bool access_bind(struct access *a)
{
	struct batch *to = a->head.to;
	for (uint32_t i = 0; i < a->count; i++)
		if (!look_up(to, field_names[i], &a->columns[i]))
			return false;
	a->shape = batch_shape_of(to, a->columns, a->count);
	a->shape_rt = -1;
	a->head.bound = a->shape >= 0;
	if (!a->head.options.timeless)
		batch_meta(to, META_TIME);
	return a->head.bound;
}

static bool access_bind_rt(struct access *a)
{
	if (a->shape_rt < 0 && look_up(a->head.to, "rt", &a->columns[a->count]))
		a->shape_rt = batch_shape_of(a->head.to, a->columns, a->count + 1);
	return a->shape_rt >= 0;
}

static enum pattern_result access_apply(struct pattern *p, const char *line, size_t len, uint64_t number,
					const char **reason)
{
	struct access *a = (struct access *)p;
	struct batch *to = p->to;
	struct value v[FIELDS];
	*reason = scan_line(a, line, line + len, v);
	if (*reason)
		return PATTERN_NONE;
	if (!p->options.timeless && !access_time(a, v[TIME])) {
		*reason = "the time can't be read";
		return PATTERN_REJECTED;
	}
	uint32_t count = a->count + (v[a->count].type != TYPE_ABSENT);
	if ((!p->bound && !access_bind(a)) || (count > a->count && !access_bind_rt(a)))
		return PATTERN_FULL;
	uint32_t row = batch_begin(to);
	for (uint32_t i = 0; i < count; i++)
		to->columns[a->columns[i]].values[row] = v[i];
	if (p->options.timeless)
		pattern_no_time(to, row);
	else
		to->meta[META_TIME].values[row] = value_time(a->ns);
	batch_end(to, (uint32_t)(count > a->count ? a->shape_rt : a->shape), number);
	return PATTERN_MATCHED;
}

static void access_free(struct pattern *p)
{
	free(p);
}

struct pattern *access_new(bool combined)
{
	static const struct pattern_ops ops = {access_apply, access_free};
	struct access *a = mem_zero(sizeof *a);
	a->head.ops = &ops;
	a->combined = combined;
	a->count = combined ? RT : REFERER;
	return &a->head;
}

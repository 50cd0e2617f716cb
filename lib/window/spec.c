#include "window/spec.h"

#include <stdio.h>
#include <string.h>

#include "base/opt.h"
#include "base/units.h"
#include "base/zone.h"

enum { WORDS_MAX = 3 };

struct word {
	const char *s;
	size_t len;
};

static const char *const kind_names[WINDOW_KIND_COUNT + 1] = {"tumble", "hop", "cumulate", "session", "count", NULL};

static bool is_word(struct word w, const char *name)
{
	return w.len == strlen(name) && !memcmp(w.s, name, w.len);
}

/* Splits at blanks; returns how many words there are, of which the first WORDS_MAX are stored. */
static size_t split(const char *const *words, size_t count, struct word out[WORDS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		for (const char *p = words[i] + strspn(words[i], " \t"); *p; p += strspn(p, " \t")) {
			size_t len = strcspn(p, " \t");
			if (n < WORDS_MAX)
				out[n] = (struct word){p, len};
			n++;
			p += len;
		}
	}
	return n;
}

static int read_length(struct word w, const char *what, int64_t *out, struct error *e)
{
	if (duration_parse(w.s, w.len, out, e))
		return error_prefix(e, "%s of a window", what);
	if (*out <= 0)
		return error_set(e, ERR_USAGE, "%s of a window must be longer than nothing, as in 1m", what);
	return OK;
}

static int read_count(struct word w, int64_t *out, struct error *e)
{
	struct value v;
	const char *end = w.s + w.len;
	if (number_read(w.s, end, &v) != end || !number_int64(v, out) || *out <= 0)
		return error_set(e, ERR_USAGE, "`%.*s` is no count of records: a whole number, as in `count 100`",
				 (int)w.len, w.s);
	return OK;
}

static int read_two(const struct word *w, struct window_spec *s, struct error *e)
{
	bool hop = s->kind == WINDOW_HOP;
	const char *second = hop ? "the slide" : "the step";
	if (read_length(w[0], "the size", &s->size, e) || read_length(w[1], second, &s->slide, e))
		return e->code;
	if (s->slide > s->size)
		return error_set(e, ERR_USAGE, "%s is longer than the window: write `%s SIZE %s`, the longer one first",
				 second, kind_names[s->kind], hop ? "SLIDE" : "STEP");
	if (!hop && s->size % s->slide)
		return error_set(e, ERR_USAGE, "the size of `cumulate SIZE STEP` must be a multiple of the step");
	return OK;
}

static int unknown_kind(struct word w, struct error *e)
{
	const char *near = nearest_word(w.s, w.len, kind_names, WINDOW_KIND_COUNT);
	return error_set(e, ERR_USAGE,
			 "there is no window `%.*s`%s%s%s: write 1m, `tumble 1m`, `hop 10m 5m`, `session 30s`, "
			 "`cumulate 1h 10m` or `count 100`",
			 (int)w.len, w.s, near ? " (did you mean `" : "", near ? near : "", near ? "`?)" : "");
}

static int wrong_count(enum window_kind kind, struct error *e)
{
	static const char *const forms[WINDOW_KIND_COUNT] = {"tumble SIZE", "hop SIZE SLIDE", "cumulate SIZE STEP",
							     "session GAP", "count N"};
	return error_set(e, ERR_USAGE, "this window is written `%s`", forms[kind]);
}

int window_parse(const char *const *words, size_t count, struct window_spec *s, struct error *e)
{
	struct word w[WORDS_MAX];
	size_t n = split(words, count, w);
	*s = (struct window_spec){0};
	if (!n)
		return error_set(e, ERR_USAGE, "which window? as in 1m, `hop 10m 5m`, `session 30s`");
	if (w[0].s[0] >= '0' && w[0].s[0] <= '9')
		return n > 1 ? wrong_count(WINDOW_TUMBLE, e) : read_length(w[0], "the size", &s->size, e);
	int kind = 0;
	while (kind < WINDOW_KIND_COUNT && !is_word(w[0], kind_names[kind]))
		kind++;
	if (kind == WINDOW_KIND_COUNT)
		return unknown_kind(w[0], e);
	s->kind = (enum window_kind)kind;
	bool two = s->kind == WINDOW_HOP || s->kind == WINDOW_CUMULATE;
	if (n != (two ? 3 : 2))
		return wrong_count(s->kind, e);
	if (two)
		return read_two(w + 1, s, e);
	if (s->kind == WINDOW_COUNT)
		return read_count(w[1], &s->count, e);
	bool session = s->kind == WINDOW_SESSION;
	return read_length(w[1], session ? "the gap" : "the size", session ? &s->gap : &s->size, e);
}

int window_set_zone(struct window_spec *s, const char *name, struct arena *a, struct error *e)
{
	int64_t grid = s->kind == WINDOW_HOP ? s->slide : s->size;
	s->zone = NULL;
	s->zone_name = NULL;
	s->by_clock = false;
	s->phase = 0;
	if (!name)
		return OK;
	int code = zone_load(name, strlen(name), a, &s->zone, e);
	if (code)
		return code;
	s->zone_name = arena_copy(a, name, strlen(name));
	s->by_clock = s->zone && s->kind <= WINDOW_CUMULATE && !zone_is_even(s->zone, grid, &s->phase);
	return OK;
}

void window_text(const struct window_spec *s, char out[WINDOW_TEXT_MAX])
{
	char first[32], second[32];
	duration_text(s->kind == WINDOW_SESSION ? s->gap : s->size, first);
	duration_text(s->slide, second);
	const char *name = kind_names[s->kind];
	if (s->kind == WINDOW_COUNT)
		snprintf(out, WINDOW_TEXT_MAX, "%s %lld", name, (long long)s->count);
	else if (s->kind == WINDOW_HOP || s->kind == WINDOW_CUMULATE)
		snprintf(out, WINDOW_TEXT_MAX, "%s %s %s", name, first, second);
	else
		snprintf(out, WINDOW_TEXT_MAX, "%s %s", name, first);
}

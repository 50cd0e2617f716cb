#include "codec/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <assert.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What one match may cost: tens of milliseconds at worst, and this much memory. */
enum {
	MATCH_LIMIT = 1000000,
	DEPTH_LIMIT = 100000,
	HEAP_LIMIT_KIB = 32 << 10,
	JIT_STACK_START = 32 << 10,
	JIT_STACK_MAX = 1 << 20,
	PARENTHESES_MAX = 250,
};

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	const size_t *spans; /* inside data, which never moves */
	const char **names;  /* by group, borrowed from code; NULL if no group has a name */
	uint32_t groups;
	bool fast; /* pcre2_jit_match, which checks nothing, is safe */
};

static_assert(REGEX_UNSET == PCRE2_UNSET, "unset groups are passed on as they are");

static int parse_flags(const char *flags, uint32_t *options, struct error *e)
{
	*options = PCRE2_NEVER_BACKSLASH_C;
	for (const char *p = flags ? flags : ""; *p; p++) {
		switch (*p) {
		case 'i': *options |= PCRE2_CASELESS; break;
		case 'm': *options |= PCRE2_MULTILINE; break;
		case 's': *options |= PCRE2_DOTALL; break;
		case 'x': *options |= PCRE2_EXTENDED; break;
		default: return error_set(e, ERR_USAGE, "unknown pattern flag `%c` (there are i, m, s, x)", *p);
		}
	}
	return OK;
}

static pcre2_code *compile(const char *pattern, size_t len, uint32_t options, struct error *e)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!context)
		out_of_memory(sizeof context);
	pcre2_set_parens_nest_limit(context, PARENTHESES_MAX);
	int code;
	size_t at;
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, len, options, &code, &at, context);
	pcre2_compile_context_free(context);
	if (compiled)
		return compiled;
	char text[256];
	pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
	size_t tail = len - at < 20 ? len - at : 20;
	if (tail)
		error_set(e, ERR_USAGE, "bad pattern: %s at character %zu, before `%.*s`", text, at + 1, (int)tail,
			  pattern + at);
	else
		error_set(e, ERR_USAGE, "bad pattern: %s at its end", text);
	return NULL;
}

/* A pattern that asks for UTF by (*UTF) must stand invalid text, which logs have: that takes an option. */
static pcre2_code *compile_either(const char *pattern, size_t len, uint32_t options, bool *utf, struct error *e)
{
	pcre2_code *code = compile(pattern, len, options, e);
	uint32_t all = 0;
	if (!code)
		return NULL;
	pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &all);
	*utf = all & PCRE2_UTF;
	if (!*utf)
		return code;
	pcre2_code_free(code);
	return compile(pattern, len, options | PCRE2_MATCH_INVALID_UTF, e);
}

/* The table of names: entries of `size` bytes, the group in two bytes (the high one first), then the name. */
static void read_names(struct regex *r)
{
	uint32_t count = 0, size = 0;
	const unsigned char *entry = NULL;
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
	if (!count)
		return;
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &entry);
	r->names = mem_array((size_t)r->groups + 1, sizeof *r->names);
	memset(r->names, 0, ((size_t)r->groups + 1) * sizeof *r->names);
	for (; count--; entry += size)
		r->names[entry[0] << 8 | entry[1]] = (const char *)entry + 2;
}

/* Where the system forbids memory that is written and run, the interpreter does the work. */
static void prepare(struct regex *r, bool utf)
{
	r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
	r->context = pcre2_match_context_create(NULL);
	if (!r->data || !r->context)
		out_of_memory(sizeof *r);
	r->spans = pcre2_get_ovector_pointer(r->data);
	pcre2_set_match_limit(r->context, MATCH_LIMIT);
	pcre2_set_depth_limit(r->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(r->context, HEAP_LIMIT_KIB);
	pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->groups);
	read_names(r);
	size_t jit = 0;
	if (pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE) || pcre2_pattern_info(r->code, PCRE2_INFO_JITSIZE, &jit) ||
	    !jit)
		return;
	r->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
	if (r->stack)
		pcre2_jit_stack_assign(r->context, NULL, r->stack);
	r->fast = !utf;
}

int regex_new(const char *pattern, size_t len, const char *flags, struct regex **out, struct error *e)
{
	uint32_t options;
	*out = NULL;
	int rc = parse_flags(flags, &options, e);
	if (rc)
		return rc;
	bool utf = false;
	pcre2_code *code = compile_either(len ? pattern : "", len, options, &utf, e);
	if (!code)
		return ERR_USAGE;
	struct regex *r = mem_zero(sizeof *r);
	r->code = code;
	prepare(r, utf);
	*out = r;
	return OK;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_context_free(r->context);
	pcre2_match_data_free(r->data);
	pcre2_jit_stack_free(r->stack);
	pcre2_code_free(r->code);
	free(r->names);
	free(r);
}

static int give_up(int code, struct error *e)
{
	char text[256];
	switch (code) {
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT: return error_set(e, ERR_FAILED, "the pattern backtracks too much on this text");
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_JIT_STACKLIMIT:
		return error_set(e, ERR_FAILED, "the pattern needs too much memory on this text");
	}
	pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
	return error_set(e, ERR_FAILED, "the pattern failed: %s", text);
}

int regex_match(struct regex *r, const char *text, size_t len, size_t start, const size_t **spans, struct error *e)
{
	PCRE2_SPTR subject = (PCRE2_SPTR)(text ? text : "");
	*spans = r->spans;
	if (start > len)
		return 0;
	int n = r->fast ? pcre2_jit_match(r->code, subject, len, start, 0, r->data, r->context)
			: pcre2_match(r->code, subject, len, start, 0, r->data, r->context);
	if (n > 0)
		return n;
	return n == PCRE2_ERROR_NOMATCH ? 0 : give_up(n, e);
}

uint32_t regex_group_count(const struct regex *r)
{
	return r->groups;
}

const char *regex_group_name(const struct regex *r, uint32_t g)
{
	return r->names && g <= r->groups ? r->names[g] : NULL;
}

#include "base/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"

enum { NAMES_MAX = 256 };

struct parser {
	const struct opt_set *sets;
	size_t count;
	char **argv;
	int argc, at; /* at: the argument being looked at */
	struct error *e;
};

/* One option of the tables, and the struct of its set. */
struct found {
	const struct opt *opt;
	char *into;
};

static bool takes_argument(const struct opt *o)
{
	return o->kind != OPT_FLAG;
}

static struct found find_letter(const struct parser *p, char letter)
{
	for (size_t s = 0; s < p->count; s++)
		for (const struct opt *o = p->sets[s].table; o->kind != OPT_END; o++)
			if (o->letter == letter)
				return (struct found){o, p->sets[s].into};
	return (struct found){0};
}

/* The option called so, or else the first whose name begins so; *other is another that does, or NULL. */
static struct found find_name(const struct parser *p, const char *name, size_t len, const struct opt **other)
{
	struct found prefix = {0};
	*other = NULL;
	for (size_t s = 0; s < p->count; s++) {
		for (const struct opt *o = p->sets[s].table; o->kind != OPT_END; o++) {
			if (!o->name || strncmp(o->name, name, len))
				continue;
			if (!o->name[len]) {
				*other = NULL;
				return (struct found){o, p->sets[s].into};
			}
			if (!prefix.opt)
				prefix = (struct found){o, p->sets[s].into};
			else if (strcmp(prefix.opt->name, o->name))
				*other = o;
		}
	}
	return prefix;
}

static int no_such_option(const struct parser *p, const char *text, const char *name, size_t len)
{
	const char *names[NAMES_MAX];
	size_t count = 0;
	for (size_t s = 0; s < p->count; s++)
		for (const struct opt *o = p->sets[s].table; o->kind != OPT_END; o++)
			if (o->name && count < NAMES_MAX)
				names[count++] = o->name;
	const char *near = len > 1 ? nearest_word(name, len, names, count) : NULL;
	if (near)
		return error_set(p->e, ERR_USAGE, "there is no option %s; is it --%s?", text, near);
	return error_set(p->e, ERR_USAGE, "there is no option %s (--help lists them)", text);
}

/* How the user wrote it, for messages: `-n` or `--count`. */
static const char *spelled(const struct opt *o, bool by_letter, char out[64])
{
	if (by_letter)
		snprintf(out, 64, "-%c", o->letter);
	else
		snprintf(out, 64, "--%.60s", o->name);
	return out;
}

static int parse_count(const char *text, int64_t *n, struct error *e)
{
	*n = 0;
	const char *c = text;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, *c - '0', n))
			return error_set(e, ERR_USAGE, "`%s` is too large a number", text);
	if (*c || c == text)
		return error_set(e, ERR_USAGE, "`%s` is no whole number, as in 100", text);
	return OK;
}

static int parse_choice(const char *choices, const char *text, int *index, struct error *e)
{
	struct buf copy = BUF_INIT;
	const char *words[NAMES_MAX], *near;
	size_t count = 0;
	buf_string_append(&copy, choices);
	buf_string(&copy);
	char *rest = copy.data;
	for (char *word; (word = strsep(&rest, " "));)
		if (*word && count < NAMES_MAX)
			words[count++] = word;
	int code = OK;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i], text)) {
			*index = (int)i;
			goto done;
		}
	near = nearest_word(text, strlen(text), words, count);
	code = near ? error_set(e, ERR_USAGE, "`%s` is none of: %s; is it %s?", text, choices, near)
		    : error_set(e, ERR_USAGE, "`%s` is none of: %s", text, choices);
done:
	buf_release(&copy);
	return code;
}

static void list_add(struct opt_list *l, const char *text)
{
	l->items = mem_resize(l->items, l->count + 1, sizeof *l->items);
	l->items[l->count++] = text;
}

/* text is NULL for a flag. */
static int store(struct found f, const char *text, struct error *e)
{
	void *member = f.into + f.opt->offset;
	switch (f.opt->kind) {
	case OPT_FLAG: *(bool *)member = true; return OK;
	case OPT_TEXT: *(const char **)member = text; return OK;
	case OPT_LIST: list_add(member, text); return OK;
	case OPT_COUNT: return parse_count(text, member, e);
	case OPT_DURATION: return duration_parse(text, strlen(text), member, e);
	case OPT_SIZE: return size_parse(text, strlen(text), member, e);
	case OPT_CHOICE: return parse_choice(f.opt->choices, text, member, e);
	case OPT_END: break;
	}
	return error_set(e, ERR_USAGE, "an option of unknown kind");
}

/* Stores `text`, or the next argument if it is NULL. */
static int take(struct parser *p, struct found f, bool by_letter, const char *text)
{
	char name[64];
	if (!text && takes_argument(f.opt)) {
		if (p->at + 1 == p->argc)
			return error_set(p->e, ERR_USAGE, "%s wants an argument: %s", spelled(f.opt, by_letter, name),
					 f.opt->arg);
		text = p->argv[++p->at];
	}
	struct error why;
	int code = store(f, text, &why);
	return code == OK ? OK : error_set(p->e, code, "%s: %s", spelled(f.opt, by_letter, name), why.text);
}

static int parse_long(struct parser *p, const char *text)
{
	const char *name = text + 2, *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	const struct opt *other;
	struct found f = find_name(p, name, len, &other);
	char shown[80];
	snprintf(shown, sizeof shown, "%.*s", len < 70 ? (int)len + 2 : 72, text);
	if (!f.opt || len == 0)
		return no_such_option(p, shown, name, len);
	if (other)
		return error_set(p->e, ERR_USAGE, "%s may be --%s or --%s", shown, f.opt->name, other->name);
	if (value && !takes_argument(f.opt))
		return error_set(p->e, ERR_USAGE, "--%s takes no argument", f.opt->name);
	return take(p, f, false, value ? value + 1 : NULL);
}

/* `-qvn5`: flags, then perhaps one with its argument. */
static int parse_letters(struct parser *p, const char *text)
{
	for (const char *c = text + 1; *c; c++) {
		struct found f = find_letter(p, *c);
		if (!f.opt) {
			char letter[3] = {'-', *c, 0};
			/* `-delay` is as good as `--dealy`: the whole word may be meant. */
			return no_such_option(p, c == text + 1 && c[1] ? text : letter, text + 1, strlen(text + 1));
		}
		if (takes_argument(f.opt))
			return take(p, f, true, c[1] ? c + 1 : NULL);
		int code = take(p, f, true, NULL);
		if (code != OK)
			return code;
	}
	return OK;
}

int opt_parse(int argc, char **argv, const struct opt_set *sets, size_t count, bool stop_at_operand, int *operands,
	      int *after_dashes, struct error *e)
{
	struct parser p = {.sets = sets, .count = count, .argv = argv, .argc = argc, .at = 1, .e = e};
	*operands = *after_dashes = 0;
	for (; p.at < argc; p.at++) {
		char *text = argv[p.at];
		bool option = text[0] == '-' && text[1];
		bool dashes = option && text[1] == '-' && !text[2];
		if (dashes || (!option && stop_at_operand)) {
			p.at += dashes;
			*after_dashes = dashes ? argc - p.at : 0;
			while (p.at < argc)
				argv[(*operands)++] = argv[p.at++];
			return OK;
		}
		if (!option) {
			argv[(*operands)++] = text;
			continue;
		}
		int code = text[1] == '-' ? parse_long(&p, text) : parse_letters(&p, text);
		if (code != OK)
			return code;
	}
	return OK;
}

void opt_list_release(struct opt_list *l)
{
	free(l->items);
	*l = (struct opt_list){0};
}

void opt_help(const struct opt *table, struct buf *out)
{
	enum { HELP_COLUMN = 23 };
	for (const struct opt *o = table; o->kind != OPT_END; o++) {
		size_t start = out->len;
		if (o->letter)
			buf_printf(out, "  -%c%s", o->letter, o->name ? ", " : "");
		else
			buf_string_append(out, "      ");
		if (o->name)
			buf_printf(out, "--%s", o->name);
		if (o->arg)
			buf_printf(out, "%s%s", o->name ? "=" : " ", o->arg);
		size_t width = out->len - start;
		/* A long one has its help on the next line. */
		if (width + 2 > HELP_COLUMN) {
			buf_byte(out, '\n');
			width = 0;
		}
		buf_fill(out, ' ', HELP_COLUMN - width);
		buf_string_append(out, o->help);
		if (o->kind == OPT_CHOICE)
			buf_printf(out, ": %s", o->choices);
		buf_byte(out, '\n');
	}
}

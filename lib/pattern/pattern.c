#include "pattern/pattern.h"

#include <string.h>

#include "base/opt.h"
#include "base/timestamp.h"
#include "pattern/captures.h"
#include "pattern/grok.h"

static const char *const names[] = {"common",  "combined", "nginx-error", "apache-error", "syslog",
				    "rfc5424", "dpkg",     "logfmt",      "json",         "csv"};

enum { NAMES = sizeof names / sizeof *names };

size_t pattern_names(const char *const **out)
{
	*out = names;
	return NAMES;
}

static int unknown(const char *name, struct error *e)
{
	size_t len = strlen(name);
	const char *near = nearest_word(name, len, names, NAMES);
	if (near)
		return error_set(e, ERR_USAGE, "there is no pattern %s; is it %s?", name, near);
	near = grok_find(name, len) ? name : grok_nearest(name, len);
	if (near)
		return error_set(e, ERR_USAGE, "there is no pattern %s; is it the grok %%{%s:field}?", name, near);
	return error_set(e, ERR_USAGE,
			 "there is no pattern %s (a name of --list, a grok with %%{NAME:field}, or a "
			 "regex with (?<field>...))",
			 name);
}

static int named_new(const char *name, struct pattern **out, struct error *e)
{
	const struct known *known = known_find(name);
	if (known)
		return known_new(known, out, e);
	if (!strcmp(name, "common") || !strcmp(name, "combined"))
		*out = access_new(!strcmp(name, "combined"));
	else if (!strcmp(name, "json"))
		*out = line_format_new(LINE_JSON);
	else if (!strcmp(name, "csv"))
		*out = line_format_new(LINE_CSV);
	else if (!strcmp(name, "logfmt"))
		*out = line_format_new(LINE_LOGFMT);
	else
		return unknown(name, e);
	return OK;
}

int pattern_new(const char *text, const struct pattern_options *options, struct pattern **out, struct error *e)
{
	int code;
	*out = NULL;
	if (strstr(text, "%{"))
		code = grok_new(text, out, e);
	else if (strstr(text, "(?<") || strstr(text, "(?P<"))
		code = captures_new(text, NULL, 0, NULL, out, e);
	else
		code = named_new(text, out, e);
	if (code == OK && options)
		(*out)->options = *options;
	return code;
}

void pattern_free(struct pattern *p)
{
	if (p)
		p->ops->free(p);
}

void pattern_begin(struct pattern *p, struct batch *to)
{
	p->to = to;
	p->bound = false;
	p->base = p->options.now ? p->options.now : timestamp_now();
}

enum pattern_result pattern_apply(struct pattern *p, const char *line, size_t len, uint64_t number, const char **reason)
{
	return p->ops->apply(p, line, len, number, reason);
}

int pattern_show(const char *name, struct buf *out, struct error *e)
{
	const struct known *known = known_find(name);
	const char *text = known ? known->regex : grok_find(name, strlen(name));
	if (!strcmp(name, "common") || !strcmp(name, "combined"))
		text = access_regex(!strcmp(name, "combined"));
	else if (!strcmp(name, "json"))
		text = "a JSON object a line; its members are the fields";
	else if (!strcmp(name, "csv"))
		text = "comma-separated values; the first line has the names";
	else if (!strcmp(name, "logfmt"))
		text = "name=value or name=\"value\", blanks between them";
	if (!text)
		return unknown(name, e);
	buf_string_append(out, text);
	buf_byte(out, '\n');
	return OK;
}

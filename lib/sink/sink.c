#include "sink/sink.h"

#include <string.h>

#include "base/opt.h"
#include "sink/dir.h"
#include "sink/sqlite.h"

typedef int (*open_function)(const char *url, const struct sink_options *o, struct sink **out, struct error *e);

static const struct {
	const char *scheme;
	open_function open;
} schemes[] = {
	{"dir", dir_sink_open},
	{"sqlite", sqlite_sink_open},
};

enum { SCHEMES = sizeof schemes / sizeof *schemes };

static open_function find(const char *url)
{
	const char *colon = strchr(url, ':');
	for (size_t i = 0; colon && i < SCHEMES; i++)
		if (strlen(schemes[i].scheme) == (size_t)(colon - url) &&
		    !memcmp(schemes[i].scheme, url, (size_t)(colon - url)))
			return schemes[i].open;
	return NULL;
}

bool sink_knows(const char *url)
{
	return find(url);
}

int sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e)
{
	*out = NULL;
	open_function open = find(url);
	if (open)
		return open(url, o, out, e);
	const char *names[SCHEMES], *colon = strchrnul(url, ':');
	for (size_t i = 0; i < SCHEMES; i++)
		names[i] = schemes[i].scheme;
	const char *nearest = nearest_word(url, (size_t)(colon - url), names, SCHEMES);
	if (*colon && nearest)
		return error_set(e, ERR_USAGE, "no destination `%s`: do you mean `%s%s`?", url, nearest, colon);
	return error_set(e, ERR_USAGE, "no destination `%s` (there are `dir:PATTERN`, `sqlite:FILE?table=T`)", url);
}

int sink_recover(struct sink *s, const char *flow, uint64_t epoch, struct sink_position *last, struct error *e)
{
	*last = (struct sink_position){0};
	if (!s->ops->recover)
		return error_set(e, ERR_USAGE, "this destination keeps no checkpoints, so it can't end this flow");
	return s->ops->recover(s, flow, epoch, last, e);
}

int sink_batch(struct sink *s, struct batch *b, struct error *e)
{
	return batch_count(b) ? s->ops->batch(s, b, e) : OK;
}

int sink_tick(struct sink *s, int64_t now, struct error *e)
{
	return s->ops->tick(s, now, e);
}

int64_t sink_due(const struct sink *s)
{
	return s->ops->due(s);
}

int sink_prepare(struct sink *s, struct error *e)
{
	return s->ops->prepare(s, e);
}

int sink_commit(struct sink *s, uint64_t n, const void *state, size_t len, struct error *e)
{
	return s->ops->commit(s, n, state, len, e);
}

int64_t sink_pace(const struct sink *s)
{
	return s->ops->pace ? s->ops->pace(s) : 0;
}

void sink_close(struct sink *s)
{
	if (s)
		s->ops->close(s);
}

/*
 * A line that is itself a record of a text format: `{"a":1}`, `a=1 b="x y"`, `1,x`. The format's decoder does the work;
 * it is given one line at a time, in the arena, where the bytes it wants to read behind the end are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/text.h"
#include "pattern/kind.h"

struct line_pattern {
	struct pattern head;
	enum line_format format;
	struct decoder *decoder;
	struct decode_options options;
	bool has_header; /* csv: the names are known */
	struct error error;
};

/* What the decoder would take too, but another pattern should have. */
static const char *not_ours(const struct line_pattern *l, const char *line, size_t len)
{
	size_t i = 0;
	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	switch (l->format) {
	case LINE_JSON: return i < len && line[i] == '{' ? NULL : "no JSON object";
	case LINE_LOGFMT: return memchr(line, '=', len) ? NULL : "no name=value in it";
	case LINE_CSV: break;
	}
	return i < len ? NULL : "an empty line";
}

/* Takes back what a line that was no match has left in the batch. */
static enum pattern_result undo(struct batch *to, uint32_t rows, uint32_t rejects, const char *why, const char **reason)
{
	to->rows = rows;
	to->reject_count = rejects;
	*reason = why;
	return PATTERN_NONE;
}

static enum pattern_result line_apply(struct pattern *p, const char *line, size_t len, uint64_t number,
				      const char **reason)
{
	struct line_pattern *l = (struct line_pattern *)p;
	struct batch *to = p->to;
	*reason = not_ours(l, line, len);
	if (*reason)
		return PATTERN_NONE;
	if (to->rows == BATCH_ROWS_MAX)
		return PATTERN_FULL;
	uint32_t rows = to->rows, rejects = to->reject_count;
	char *text = arena_alloc(&to->arena, len + 1 + DECODE_SLACK);
	memcpy(text, line, len);
	text[len] = '\n';
	size_t used = 0;
	l->decoder->line = number;
	/* Each line is the last one: what is not whole in it never will be. */
	int code = l->decoder->ops->decode(l->decoder, text, len + 1, true, BATCH_ROWS_MAX, to, &used, &l->error);
	if (code != OK)
		return undo(to, rows, rejects, l->error.text, reason);
	if (to->reject_count > rejects)
		return undo(to, rows, rejects, to->rejects[rejects].reason, reason);
	if (to->rows > rows + 1)
		return undo(to, rows, rejects, "more than one record in a line", reason);
	if (!used)
		return PATTERN_FULL;
	if (to->rows == rows && (l->format != LINE_CSV || l->has_header))
		return undo(to, rows, rejects, "no record", reason);
	if (to->rows == rows) {
		l->has_header = true;
		return PATTERN_CONSUMED;
	}
	return PATTERN_MATCHED;
}

static void line_free(struct pattern *p)
{
	struct line_pattern *l = (struct line_pattern *)p;
	decoder_free(l->decoder);
	free(l);
}

struct pattern *line_format_new(enum line_format format)
{
	static const struct pattern_ops ops = {line_apply, line_free};
	static const enum format formats[] = {FORMAT_JSON, FORMAT_CSV, FORMAT_LOGFMT};
	struct line_pattern *l = mem_zero(sizeof *l);
	l->head.ops = &ops;
	l->format = format;
	l->decoder = decoder_new(formats[format], &l->options);
	return &l->head;
}

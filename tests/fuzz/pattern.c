/*
 * Hostile lines and hostile patterns. The first byte says which named pattern, or that the first line is a pattern of
 * its own; each further line is applied at its exact size.
 */
#include "pattern/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *next_line(const char *p, const char *end)
{
	const char *stop = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	return stop ? stop : end;
}

static struct pattern *choose(uint8_t choice, const char **p, const char *end)
{
	const char *const *names;
	size_t count = pattern_names(&names);
	struct pattern *pattern = NULL;
	struct error e;
	if (choice % (count + 1) < count) {
		pattern_new(names[choice % (count + 1)], NULL, &pattern, &e);
		return pattern;
	}
	const char *stop = next_line(*p, end);
	char *text = mem_copy(*p, (size_t)(stop - *p));
	*p = stop + (stop < end);
	pattern_new(text, NULL, &pattern, &e);
	free(text);
	return pattern;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const char *p = (const char *)data + 1, *end = (const char *)data + size, *reason;
	struct pattern *pattern = choose(data[0], &p, end);
	if (!pattern)
		return 0;
	struct batch to;
	batch_init(&to);
	pattern_begin(pattern, &to);
	while (p < end) {
		const char *stop = next_line(p, end);
		size_t len = (size_t)(stop - p);
		char *line = mem_alloc(len);
		memcpy(line, p, len);
		pattern_apply(pattern, line, len, 1, &reason);
		for (uint32_t c = 0; c < to.column_count && to.rows; c++)
			if (value_has_text(to.columns[c].values[to.rows - 1]))
				value_hash(to.columns[c].values[to.rows - 1], 0);
		batch_clear(&to);
		pattern_begin(pattern, &to);
		free(line);
		p = stop + 1;
	}
	batch_release(&to);
	pattern_free(pattern);
	return 0;
}

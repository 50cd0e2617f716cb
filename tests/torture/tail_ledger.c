#include "tail_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SHOWN = 60, SHOWN_MAX = 8 };

void ledger_add(struct ledger *l, const char *line, size_t len)
{
	if (l->count == l->capacity) {
		l->capacity = mem_grow(l->capacity, l->count + 1);
		l->lines = mem_resize(l->lines, l->capacity, sizeof *l->lines);
	}
	l->lines[l->count++] = mem_copy(line, len);
}

void ledger_release(struct ledger *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->lines[i]);
	free(l->lines);
	*l = (struct ledger){0};
}

void ledger_load(struct ledger *l, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	while (f && (n = getline(&line, &size, f)) > 0)
		ledger_add(l, line, (size_t)(n - (line[n - 1] == '\n')));
	free(line);
	if (f)
		fclose(f);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How often the line at `at` is there. */
static size_t run(const struct ledger *l, size_t at)
{
	size_t n = 0;
	while (at + n < l->count && !strcmp(l->lines[at], l->lines[at + n]))
		n++;
	return n;
}

static bool says(int *said, const char *line, size_t want, size_t got)
{
	if (++*said <= SHOWN_MAX)
		fprintf(stderr, "  %zu times, not %zu: %.*s\n", got, want, SHOWN, line);
	return false;
}

static bool in_order(const struct ledger *got)
{
	enum { FILES = 1 << 14 };
	int *last = mem_zero(FILES * sizeof *last), file, n, said = 0;
	for (size_t i = 0; i < got->count; i++) {
		if (sscanf(got->lines[i], "f%d n%d", &file, &n) != 2 || file < 0 || file >= FILES)
			continue;
		if (n <= last[file] && ++said <= SHOWN_MAX)
			fprintf(stderr, "  line %d of file %d comes behind line %d\n", n, file, last[file]);
		last[file] = n;
	}
	free(last);
	return !said;
}

bool ledger_compare(struct ledger *want, struct ledger *got, bool again, bool ordered)
{
	size_t i = 0, j = 0;
	int said = 0;
	bool good = !ordered || in_order(got);
	if (want->count)
		qsort(want->lines, want->count, sizeof *want->lines, compare);
	if (got->count)
		qsort(got->lines, got->count, sizeof *got->lines, compare);
	while (i < want->count || j < got->count) {
		int c = i == want->count ? 1 : j == got->count ? -1 : strcmp(want->lines[i], got->lines[j]);
		size_t m = c <= 0 ? run(want, i) : 0, n = c >= 0 ? run(got, j) : 0;
		if (n < m || !m || (n > m && !again))
			good = says(&said, c <= 0 ? want->lines[i] : got->lines[j], m, n);
		i += m;
		j += n;
	}
	if (said > SHOWN_MAX)
		fprintf(stderr, "  and %d more\n", said - SHOWN_MAX);
	return good;
}

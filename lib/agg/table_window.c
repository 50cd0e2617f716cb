/* The window of a table, which comes after the table was made, and may come again. */
#include <string.h>

#include "agg/table_private.h"

bool table_has_window(const struct table *t)
{
	return t->has_window;
}

/* Said again: behind a snapshot that was restored, or between files that were put together. */
static int keep_window(struct table *t, const struct window_spec *spec, struct error *e)
{
	char ours[WINDOW_TEXT_MAX], theirs[WINDOW_TEXT_MAX];
	if (table_same_window(t, spec, ours, theirs))
		return OK;
	return error_set(e, ERR_USAGE, "windows are `%s`%s from here on, and those of `%s` are still open", theirs,
			 strcmp(ours, theirs) ? "" : " with another offset, lateness, zone or -b", ours);
}

int table_window(struct table *t, const struct window_spec *spec, struct error *e)
{
	if (t->has_window && t->pane_count)
		return keep_window(t, spec, e);
	if (table_name_taken(t, "window_start") || table_name_taken(t, "window_end"))
		return error_set(e, ERR_USAGE,
				 "window_start and window_end are the window's: give your column another name");
	const char **by = arena_array(&t->arena, spec->by_count, sizeof *by);
	for (size_t i = 0; i < spec->by_count; i++) {
		by[i] = arena_copy(&t->arena, spec->by[i], strlen(spec->by[i]));
		if (!t->takes_partials)
			table_add_field(t, by[i]);
	}
	t->spec = *spec;
	t->spec.by = by;
	if (window_set_zone(&t->spec, spec->zone_name, &t->arena, e))
		return e->code;
	t->has_window = true;
	buf_clear(&t->about);
	groups_release(&t->by);
	groups_init(&t->by, (uint32_t)spec->by_count);
	return OK;
}

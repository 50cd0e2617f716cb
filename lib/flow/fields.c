#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "flow/flow_private.h"

void flow_fields(struct flow *f, const char *const *names, size_t count)
{
	free(f->watch.seen);
	f->watch.names = names;
	f->watch.count = f->watch.unseen = count;
	f->watch.seen = mem_zero(count * sizeof *f->watch.seen);
	for (size_t i = 0; i < count; i++)
		if (meta_find(names[i], strlen(names[i])) >= 0) {
			f->watch.seen[i] = true;
			f->watch.unseen--;
		}
	for (int i = 0; f->watch.only && i < f->input_count; i++)
		input_want(f->inputs[i].input, names, count);
}

void flow_only_fields(struct flow *f, bool only)
{
	f->watch.only = only;
}

/* The known name nearest to the one that is not there, or NULL. */
static const char *nearest(const struct batch *b, const char *name, struct buf *text)
{
	const char **names = mem_array(b->column_count, sizeof *names);
	struct arena a = {0};
	uint32_t n = 0;
	for (uint32_t c = 0; c < b->column_count; c++)
		if (b->columns[c].name)
			names[n++] = arena_copy(&a, b->columns[c].name, b->columns[c].name_len);
	const char *found = nearest_word(name, strlen(name), names, n);
	if (found)
		buf_string_append(text, found);
	arena_release(&a);
	free(names);
	return found ? buf_string(text) : NULL;
}

/* `user-agent` reads as user minus agent: if the field of that name is there, say so. */
static const char *with_dash(const struct flow *f, const struct batch *b, const char *name, struct buf *text)
{
	for (size_t i = 0; i < f->watch.count; i++) {
		buf_clear(text);
		buf_printf(text, "%s-%s", name, f->watch.names[i]);
		if (batch_find(b, text->data, text->len) >= 0)
			return buf_string(text);
		buf_clear(text);
		buf_printf(text, "%s-%s", f->watch.names[i], name);
		if (batch_find(b, text->data, text->len) >= 0)
			return buf_string(text);
	}
	buf_clear(text);
	return NULL;
}

/* `all` has every field that the first records have, wanted or not. */
static void warn_unseen(struct flow *f, const struct batch *all)
{
	f->watch.warned = true;
	for (size_t i = 0; i < f->watch.count; i++) {
		if (f->watch.seen[i])
			continue;
		struct buf text = BUF_INIT;
		const char *name = f->watch.names[i], *other = with_dash(f, all, name, &text);
		if (other)
			flow_warn(f, "no record so far has the field `%s`; a name with a dash wants backquotes: `%s`",
				  name, other);
		else if ((other = nearest(all, name, &text)))
			flow_warn(f, "no record so far has the field `%s`; did you mean `%s`?", name, other);
		else
			flow_warn(f, "no record so far has the field `%s`", name);
		buf_release(&text);
	}
}

/* Whether `name` is a path into `column`: `a.b[0]` into `a.b` or `a`. */
static bool is_path_into(const char *name, const char *column, size_t len)
{
	return !strncmp(name, column, len) && (name[len] == '.' || name[len] == '[');
}

/* The column itself, one that it is a path into, or (of a path's root) one that a longer reading names. */
static bool is_there(const struct flow *f, const struct batch *b, const char *name)
{
	if (batch_find(b, name, strlen(name)) >= 0)
		return true;
	for (uint32_t c = 0; c < b->column_count; c++)
		if (b->columns[c].name && is_path_into(name, b->columns[c].name, b->columns[c].name_len))
			return true;
	for (size_t i = 0; i < f->watch.count; i++) {
		const char *longer = f->watch.names[i];
		if (is_path_into(longer, name, strlen(name)) && batch_find(b, longer, strlen(longer)) >= 0)
			return true;
	}
	return false;
}

void flow_watch_batch(struct flow *f, const struct input *in, const struct batch *b)
{
	struct field_watch *w = &f->watch;
	if (!w->unseen || !b->rows)
		return;
	for (size_t i = 0; i < w->count; i++)
		if (!w->seen[i] && is_there(f, b, w->names[i])) {
			w->seen[i] = true;
			w->unseen--;
		}
	if (!w->unseen || w->warned || f->part)
		return;
	struct batch all;
	batch_init(&all);
	input_sample(in, &all);
	warn_unseen(f, &all);
	batch_release(&all);
}

int flow_watch_end(struct flow *f, struct error *e)
{
	/* Of a checkpointed flow we see one run: a warning was said, and others may have had it. */
	if (!f->watch.unseen || !f->own.in || flow_checkpointed(f))
		return 0;
	for (size_t i = 0; i < f->watch.count; i++)
		/* Behind a splitter the records that have it may be another copy's. */
		if (!f->watch.seen[i] && f->part)
			flow_warn(f, "no record that came here has the field `%s`", f->watch.names[i]);
		else if (!f->watch.seen[i])
			return error_set(e, ERR_USAGE, "no record has the field `%s`", f->watch.names[i]);
	return 0;
}

#include <stdlib.h>

#include "base/mem.h"
#include "format/csv.h"

/* The names that are taken: open addressing, at most half full. */
struct names {
	struct taken {
		const char *name; /* NULL: a free place */
		uint32_t len;
		uint32_t next; /* the number that the next namesake is tried with */
	} * places;
	uint32_t mask;
};

static struct taken *names_place(struct names *n, const char *name, size_t len)
{
	uint32_t at = (uint32_t)bytes_hash(name, len, 0);
	for (;; at++) {
		struct taken *t = &n->places[at & n->mask];
		if (!t->name || (t->len == len && !memcmp(t->name, name, len)))
			return t;
	}
}

/* False: it was taken before. */
static bool names_take(struct names *n, const char *name, size_t len)
{
	struct taken *t = names_place(n, name, len);
	if (t->name)
		return false;
	*t = (struct taken){name, (uint32_t)len, 2};
	return true;
}

/* The name with a number behind it that no other field has. */
static void rename_field(struct csv_header *h, struct names *n, struct csv_field *f)
{
	struct taken *first = names_place(n, f->name, f->len);
	for (;;) {
		const char *name = arena_printf(&h->arena, "%.*s_%u", (int)f->len, f->name, first->next++);
		if (!names_take(n, name, strlen(name)))
			continue;
		f->name = name;
		f->len = (uint32_t)strlen(name);
		return;
	}
}

/* All names as they came are taken first, so that a later `a_2` keeps its name and a second `a` yields. */
static void make_unique(struct csv_header *h)
{
	uint32_t size = 16;
	while (size < 4 * h->count)
		size *= 2;
	struct names n = {mem_zero(size * sizeof *n.places), size - 1};
	bool *again = mem_zero(h->count * sizeof *again);
	for (uint32_t i = 0; i < h->count; i++)
		again[i] = !names_take(&n, h->fields[i].name, h->fields[i].len);
	for (uint32_t i = 0; i < h->count; i++)
		if (again[i])
			rename_field(h, &n, &h->fields[i]);
	free(again);
	free(n.places);
}

static bool is_wanted(const struct csv_field *f, const struct decode_options *o)
{
	if (!o->want || f->meta >= 0)
		return true;
	for (size_t i = 0; i < o->want_count; i++)
		if (strlen(o->want[i]) == f->len && !memcmp(o->want[i], f->name, f->len))
			return true;
	return false;
}

static void add_field(struct csv_header *h, uint32_t *cap, const struct csv_cell *cell)
{
	if (h->count == *cap) {
		*cap = (uint32_t)mem_grow(*cap, 16);
		h->fields = mem_resize(h->fields, *cap, sizeof *h->fields);
	}
	struct csv_field *f = &h->fields[h->count++];
	size_t len;
	const char *name = csv_cell_text(cell, &h->arena, &len);
	if (!len && !cell->quoted)
		name = arena_printf(&h->arena, "column_%u", h->count), len = strlen(name);
	else
		name = arena_copy(&h->arena, name, len);
	*f = (struct csv_field){.name = name, .len = (uint32_t)len};
}

static int header_error(enum csv_end how, uint64_t line, struct error *e)
{
	const char *what = how == CSV_OPEN   ? "a quoted name is not closed"
			   : how == CSV_LONG ? "it is too long: is a quote left open?"
					     : "a name goes on behind its closing quote";
	return error_set(e, ERR_FAILED, "line %llu: the header can't be read: %s", (unsigned long long)line, what);
}

int csv_header_read(struct csv_header *h, struct csv_cursor *c, uint64_t line, const struct decode_options *o,
		    struct error *e)
{
	struct csv_cell cell;
	enum csv_end how;
	uint32_t cap = 0;
	const char *start = c->at;
	csv_begin(c);
	do {
		how = csv_cell_next(c, &cell);
		if (how == CSV_LINE && cell.stop - start > CSV_RECORD_MAX)
			how = CSV_LONG;
		if (how <= CSV_LINE && h->count == BATCH_COLUMNS_MAX)
			return error_set(e, ERR_FAILED, "line %llu: the header has more than %d names",
					 (unsigned long long)line, BATCH_COLUMNS_MAX);
		if (how <= CSV_LINE)
			add_field(h, &cap, &cell);
	} while (how == CSV_DELIMITER);
	if (how != CSV_LINE) {
		csv_header_release(h);
		return how == CSV_INCOMPLETE ? 0 : header_error(how, line, e);
	}
	make_unique(h);
	for (uint32_t i = 0; i < h->count; i++) {
		struct csv_field *f = &h->fields[i];
		f->meta = meta_find(f->name, f->len);
		f->wanted = is_wanted(f, o);
	}
	return 1;
}

void csv_header_release(struct csv_header *h)
{
	free(h->fields);
	arena_release(&h->arena);
	*h = (struct csv_header){0};
}

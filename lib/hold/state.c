#include "hold/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char PART[] = "part", ROWS[] = "rows";

/* -- out -- */

int state_part(const struct state_out *o, const char *part, uint64_t rows, const struct field *more, uint32_t count,
	       struct error *e)
{
	struct field row[2 + STATE_FIELDS_MAX] = {{PART, value_string(part, strlen(part))},
						  {ROWS, value_int((int64_t)rows)}};
	struct batch b;
	if (count)
		memcpy(row + 2, more, count * sizeof *more);
	batch_init(&b);
	batch_add_row(&b, row, 2 + count);
	int r = o->add(o->self, &b, e);
	batch_release(&b);
	return r;
}

int state_batch(const struct state_out *o, const char *part, const struct field *more, uint32_t count,
		const struct batch *rows, struct error *e)
{
	int r = state_part(o, part, batch_count(rows), more, count, e);
	return r || !batch_count(rows) ? r : o->add(o->self, rows, e);
}

/* How many of them are rows of one block, one behind the other. */
static size_t run_length(const struct row_ref *refs, size_t count)
{
	size_t n = 1;
	while (n < count && n < BATCH_ROWS_MAX && refs[n].block == refs->block && refs[n].row > refs[n - 1].row)
		n++;
	return n;
}

int state_refs(const struct state_out *o, const struct row_ref *refs, size_t count, struct error *e)
{
	uint32_t *rows = NULL;
	size_t cap = 0;
	int r = 0;
	for (size_t i = 0, n; i < count && !r; i += n) {
		n = run_length(refs + i, count - i);
		if (n > cap) {
			cap = mem_grow(cap, n);
			rows = mem_resize(rows, cap, sizeof *rows);
		}
		for (size_t k = 0; k < n; k++)
			rows[k] = refs[i + k].row;
		struct batch *b = &refs[i].block->rows;
		batch_select(b, rows, (uint32_t)n);
		r = o->add(o->self, b, e);
		batch_select(b, NULL, 0);
	}
	free(rows);
	return r;
}

/* -- in -- */

static int makes_no_sense(struct error *e)
{
	return error_set(e, ERR_FAILED, "the snapshot makes no sense");
}

int state_take(struct state_in *in, const struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	if (in->left) {
		if (count > in->left)
			return makes_no_sense(e);
		in->left -= count;
		return 0;
	}
	struct value part = batch_get(b, 0, PART);
	int64_t rows;
	if (count != 1 || part.type != TYPE_STRING || part.len >= STATE_PART_MAX)
		return makes_no_sense(e);
	int r = state_int(b, 0, ROWS, &rows, e);
	if (r)
		return r;
	memcpy(in->part, part.s, part.len);
	in->part[part.len] = '\0';
	in->left = (uint64_t)rows;
	return 1;
}

bool state_is(const struct state_in *in, const char *part)
{
	return !strcmp(in->part, part);
}

int state_int(const struct batch *b, uint32_t row, const char *name, int64_t *out, struct error *e)
{
	struct value v = batch_get(b, row, name);
	if (v.type != TYPE_INT && v.type != TYPE_TIME)
		return makes_no_sense(e);
	*out = v.i;
	return 0;
}

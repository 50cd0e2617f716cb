#include "flow/counts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "record/batch_rows.h"

uint64_t counts_filtered(const struct counts *c)
{
	uint64_t gone = c->out + c->rejected + c->late;
	return c->folds || gone > c->in ? 0 : c->in - gone;
}

static struct value number(uint64_t n)
{
	return value_int((int64_t)n);
}

static void add_row(struct batch *body, const struct counts *c, bool final)
{
	struct field fields[] = {
		{"command", value_string(c->command, strlen(c->command))},
		{"in", number(c->in)},
		{"out", number(c->out)},
		{"filtered", number(counts_filtered(c))},
		{"rejected", number(c->rejected)},
		{"late", number(c->late)},
		{"uncaught", number(c->uncaught)},
		{"folds", value_bool(c->folds)},
		{"final", value_bool(final)},
	};
	batch_add_row(body, fields, sizeof fields / sizeof *fields);
}

void counts_to_batch(const struct counts_list *upstream, const struct counts *own, bool final, struct batch *body)
{
	for (size_t i = 0; i < upstream->count; i++)
		add_row(body, &upstream->items[i], final);
	add_row(body, own, final);
}

static uint64_t get(const struct batch *body, uint32_t row, const char *name)
{
	int64_t n = 0;
	struct value v = batch_get(body, row, name);
	return value_is_number(v) && number_int64(v, &n) && n > 0 ? (uint64_t)n : 0;
}

static struct counts *place(struct counts_list *list, size_t at, struct value command)
{
	if (at < list->count) {
		struct counts *c = &list->items[at];
		if (strlen(c->command) == command.len && !memcmp(c->command, command.s, command.len))
			return c;
	}
	list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
	struct counts *c = &list->items[list->count++];
	*c = (struct counts){.command = mem_copy(command.s, command.len)};
	return c;
}

bool counts_from_batch(const struct batch *body, struct counts_list *list)
{
	bool final = true;
	for (uint32_t row = 0; row < body->rows; row++) {
		struct value command = batch_get(body, row, "command");
		if (command.type != TYPE_STRING)
			command = value_string("?", 1);
		struct counts *c = place(list, row, command);
		c->in += get(body, row, "in");
		c->out += get(body, row, "out");
		c->rejected += get(body, row, "rejected");
		c->late += get(body, row, "late");
		c->uncaught += get(body, row, "uncaught");
		c->folds |= batch_get(body, row, "folds").i == 1;
		final = batch_get(body, row, "final").i == 1;
	}
	return final;
}

void counts_release(struct counts_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free((char *)list->items[i].command);
	free(list->items);
	*list = (struct counts_list){0};
}

static void line(const struct counts *c, struct buf *out)
{
	buf_printf(out, "%-14s in %" PRIu64 " %s out %" PRIu64, c->command, c->in, c->folds ? "->" : "=", c->out);
	if (!c->folds)
		buf_printf(out, " + filtered %" PRIu64, counts_filtered(c));
	buf_printf(out, "%s rejected %" PRIu64 " + late %" PRIu64 "\n", c->folds ? "," : " +", c->rejected, c->late);
}

void counts_text(const struct counts_list *upstream, const struct counts *own, struct buf *out)
{
	for (size_t i = 0; i < upstream->count; i++)
		line(&upstream->items[i], out);
	line(own, out);
}

static void family(const struct counts_list *upstream, const struct counts *own, const char *name, const char *help,
		   uint64_t (*get_count)(const struct counts *), struct buf *out)
{
	buf_printf(out, "# TYPE stream_%s counter\n# HELP stream_%s %s\n", name, name, help);
	for (size_t i = 0; i <= upstream->count; i++) {
		const struct counts *c = i < upstream->count ? &upstream->items[i] : own;
		buf_printf(out, "stream_%s_total{stage=\"%zu\",command=\"%s\"} %" PRIu64 "\n", name, i, c->command,
			   get_count(c));
	}
}

static uint64_t get_in(const struct counts *c)
{
	return c->in;
}
static uint64_t get_out(const struct counts *c)
{
	return c->out;
}
static uint64_t get_rejected(const struct counts *c)
{
	return c->rejected;
}
static uint64_t get_late(const struct counts *c)
{
	return c->late;
}

void counts_metrics(const struct counts_list *upstream, const struct counts *own, struct buf *out)
{
	family(upstream, own, "records_in", "Records read.", get_in, out);
	family(upstream, own, "records_out", "Records written.", get_out, out);
	family(upstream, own, "records_filtered", "Records dropped on purpose.", counts_filtered, out);
	family(upstream, own, "records_rejected", "Records that could not be processed.", get_rejected, out);
	family(upstream, own, "records_late", "Records that came after their window had closed.", get_late, out);
	buf_string_append(out, "# EOF\n");
}

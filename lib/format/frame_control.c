#include "format/frame_control.h"

#include <string.h>

#include "base/timestamp.h"

static const char *const states[] = {"active", "idle", "drained"};

/* -- rows are filled by field -- */

struct cell {
	const char *name;
	struct value value;
};

static void append_row(struct batch *b, const struct cell *cells, uint32_t count)
{
	uint16_t columns[16];
	uint32_t row = batch_begin(b);
	for (uint32_t i = 0; i < count; i++) {
		columns[i] = (uint16_t)batch_column(b, cells[i].name, strlen(cells[i].name));
		b->columns[columns[i]].values[row] = value_keep(cells[i].value, &b->arena);
	}
	batch_end(b, (uint32_t)batch_shape_of(b, columns, count), 0);
}

static struct value get(const struct batch *b, uint32_t row, const char *name)
{
	return column_get(batch_field(b, name, strlen(name)), row);
}

static int missing(struct error *e, const char *frame, const char *field)
{
	return error_set(e, ERR_FAILED, "a %s frame whose field `%s` is missing or of the wrong type", frame, field);
}

/* -- WATERMARK -- */

void watermark_append(struct batch *b, const struct watermark *w)
{
	const struct cell cells[] = {
		{"shard", w->shard ? value_string(w->shard, w->shard_len) : value_null()},
		{"time", w->time == TIMESTAMP_MIN ? value_absent() : value_time(w->time)},
		{"state", value_string(states[w->state], strlen(states[w->state]))},
	};
	append_row(b, cells, sizeof cells / sizeof *cells);
}

static bool read_state(struct value v, enum shard_state *state)
{
	for (int s = SHARD_ACTIVE; s <= SHARD_DRAINED; s++) {
		if (v.type == TYPE_STRING && v.len == strlen(states[s]) && !memcmp(v.s, states[s], v.len)) {
			*state = (enum shard_state)s;
			return true;
		}
	}
	return false;
}

int watermark_read(const struct batch *b, uint32_t row, struct watermark *w, struct error *e)
{
	struct value shard = get(b, row, "shard"), time = get(b, row, "time");
	*w = (struct watermark){.time = TIMESTAMP_MIN};
	if (shard.type == TYPE_STRING) {
		w->shard = shard.s;
		w->shard_len = shard.len;
	} else if (shard.type != TYPE_NULL) {
		return missing(e, "WATERMARK", "shard");
	}
	if (time.type == TYPE_TIME)
		w->time = time.i;
	else if (time.type != TYPE_ABSENT)
		return missing(e, "WATERMARK", "time");
	return read_state(get(b, row, "state"), &w->state) ? OK : missing(e, "WATERMARK", "state");
}

/* -- END -- */

static const char *const count_names[] = {"in", "out", "filtered", "rejected", "late"};

enum { COUNTS = sizeof count_names / sizeof *count_names };

void stage_counts_append(struct batch *b, const struct stage_counts *c, bool final)
{
	const int64_t counts[COUNTS] = {c->in, c->out, c->filtered, c->rejected, c->late};
	struct cell cells[COUNTS + 2];
	cells[0] = (struct cell){"command", value_string(c->command, c->command_len)};
	for (int i = 0; i < COUNTS; i++)
		cells[i + 1] = (struct cell){count_names[i], value_int(counts[i])};
	cells[COUNTS + 1] = (struct cell){"final", value_bool(final)};
	append_row(b, cells, b->rows ? COUNTS + 1 : COUNTS + 2);
}

int stage_counts_read(const struct batch *b, uint32_t row, struct stage_counts *c, struct error *e)
{
	struct value command = get(b, row, "command");
	int64_t *const counts[COUNTS] = {&c->in, &c->out, &c->filtered, &c->rejected, &c->late};
	if (command.type != TYPE_STRING)
		return missing(e, "END", "command");
	c->command = command.s;
	c->command_len = command.len;
	for (int i = 0; i < COUNTS; i++) {
		struct value v = get(b, row, count_names[i]);
		if (v.type != TYPE_INT || v.scale)
			return missing(e, "END", count_names[i]);
		*counts[i] = v.i;
	}
	return OK;
}

int end_is_final(const struct batch *b, bool *final, struct error *e)
{
	struct value v = b->rows ? get(b, 0, "final") : value_absent();
	if (v.type != TYPE_BOOL)
		return missing(e, "END", "final");
	*final = v.i;
	return OK;
}

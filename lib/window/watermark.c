#include "window/watermark.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"

void watermark_init(struct watermark *w, int64_t delay)
{
	*w = (struct watermark){.delay = delay, .at = TIMESTAMP_MIN};
}

void watermark_release(struct watermark *w)
{
	free(w->shards);
	free(w->index);
	arena_release(&w->names);
	*w = (struct watermark){0};
}

/* The place of a shard in the index: where it is, or the free place where it would be. */
static uint32_t *place(const struct watermark *w, struct value name)
{
	uint32_t mask = w->index_size - 1, at = (uint32_t)value_hash(name, 0) & mask;
	while (w->index[at] && !value_equal(w->shards[w->index[at] - 1].name, name))
		at = (at + 1) & mask;
	return &w->index[at];
}

static void grow(struct watermark *w)
{
	w->cap = (uint32_t)mem_grow(w->cap, w->cap ? w->cap + 1 : 8);
	w->shards = mem_resize(w->shards, w->cap, sizeof *w->shards);
	free(w->index);
	for (w->index_size = 16; w->index_size < 2 * w->cap;)
		w->index_size *= 2;
	w->index = mem_zero(w->index_size * sizeof *w->index);
	for (uint32_t i = 0; i < w->count; i++)
		*place(w, w->shards[i].name) = i + 1;
}

static struct watermark_shard *find(struct watermark *w, struct value name)
{
	if (w->last < w->count && value_equal(w->shards[w->last].name, name))
		return &w->shards[w->last];
	if (w->count == w->cap)
		grow(w);
	uint32_t *at = place(w, name);
	if (!*at) {
		w->shards[w->count++] = (struct watermark_shard){.name = value_keep(name, &w->names),
								 .greatest = TIMESTAMP_MIN,
								 .floor = w->at,
								 .heard = w->now};
		*at = w->count;
	}
	w->last = *at - 1;
	return &w->shards[w->last];
}

void watermark_shard(struct watermark *w, struct value name, int64_t greatest, enum shard_state state)
{
	struct watermark_shard *s = find(w, name);
	s->heard = w->now;
	if (s->state != SHARD_ACTIVE)
		s->floor = w->at;
	s->state = state;
	if (greatest > s->greatest)
		s->greatest = greatest;
}

static struct value frame_field(const struct batch *b, const char *name, uint32_t row)
{
	return column_get(batch_field(b, name, strlen(name)), row);
}

static int read_state(struct value v, enum shard_state *state)
{
	static const char *const names[] = {"active", "idle", "drained"};
	*state = SHARD_ACTIVE;
	if (value_is_missing(v))
		return OK;
	for (unsigned i = 0; v.type == TYPE_STRING && i < sizeof names / sizeof *names; i++) {
		if (v.len == strlen(names[i]) && !memcmp(v.s, names[i], v.len)) {
			*state = (enum shard_state)i;
			return OK;
		}
	}
	return ERR_FAILED;
}

/* What a splitter announces: that there are others. It says nothing of time. */
static bool is_split(struct value state)
{
	return state.type == TYPE_STRING && state.len == 5 && !memcmp(state.s, "split", 5);
}

/* A source announces its shards at the start of each run. */
static bool is_known(const struct watermark *w, struct value name)
{
	return w->resumed && w->count && *place(w, name);
}

int watermark_frame(struct watermark *w, const struct batch *b, bool times, struct error *e)
{
	for (uint32_t i = 0; i < batch_count(b); i++) {
		uint32_t row = batch_row(b, i);
		struct value time = frame_field(b, "time", row);
		enum shard_state state;
		if (is_split(frame_field(b, "state", row)))
			continue;
		if (read_state(frame_field(b, "state", row), &state))
			return error_set(e, ERR_FAILED, "watermark frame: a state other than active, idle, drained");
		if (!value_is_missing(time) && time.type != TYPE_TIME)
			return error_set(e, ERR_FAILED, "watermark frame: `time` is no time");
		bool use = times && time.type == TYPE_TIME;
		if (state == SHARD_ACTIVE && !use && is_known(w, frame_field(b, "shard", row)))
			continue;
		watermark_shard(w, frame_field(b, "shard", row), use ? time.i : TIMESTAMP_MIN, state);
	}
	return OK;
}

int64_t watermark_whole(const struct batch *b)
{
	for (uint32_t i = 0; i < batch_count(b); i++) {
		struct value time = frame_field(b, "time", batch_row(b, i));
		if (value_is_missing(frame_field(b, "shard", batch_row(b, i))) && time.type == TYPE_TIME)
			return time.i;
	}
	return TIMESTAMP_MIN;
}

int64_t watermark_idle(struct watermark *w, int64_t idle)
{
	int64_t next = TIMESTAMP_MAX;
	for (uint32_t i = 0; i < w->count; i++) {
		struct watermark_shard *s = &w->shards[i];
		if (s->state != SHARD_ACTIVE)
			continue;
		int64_t due = time_add(s->heard, idle);
		if (due <= w->now)
			s->state = SHARD_IDLE;
		else if (due < next)
			next = due;
	}
	return next;
}

static int64_t shard_watermark(const struct watermark *w, const struct watermark_shard *s)
{
	if (w->delay == DELAY_UNLIMITED || s->greatest == TIMESTAMP_MIN)
		return s->floor;
	int64_t at = time_subtract(s->greatest, w->delay);
	return at > s->floor ? at : s->floor;
}

/* A record came. */
static void wake(struct watermark *w, struct watermark_shard *s)
{
	s->heard = w->now;
	if (s->state == SHARD_ACTIVE)
		return;
	s->floor = w->at;
	if (s->state == SHARD_IDLE)
		s->state = SHARD_ACTIVE;
}

uint32_t watermark_records(struct watermark *w, const struct window_spec *spec, const struct batch *b,
			   const uint32_t *rows, uint32_t count, const int64_t *times, uint32_t *kept, uint32_t *late)
{
	const struct column *shard = &b->meta[META_SHARD];
	uint32_t n = 0, late_count = 0;
	struct watermark_shard *s = NULL;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = rows ? rows[i] : i;
		if (!s || shard->form != COLUMN_CONST)
			s = find(w, column_get(shard, row));
		wake(w, s);
		int64_t at = shard_watermark(w, s);
		/* What is not behind the watermark can't be late: no division for most records. */
		if (times[i] < at && time_add(window_last_end(spec, times[i]), spec->lateness) <= at) {
			late[late_count++] = row;
			continue;
		}
		kept[n++] = row;
		if (times[i] > s->greatest)
			s->greatest = times[i];
	}
	return n;
}

int64_t watermark_at(struct watermark *w)
{
	int64_t least = TIMESTAMP_MAX, most = TIMESTAMP_MIN;
	bool active = false;
	for (uint32_t i = 0; i < w->count; i++) {
		int64_t at = shard_watermark(w, &w->shards[i]);
		most = at > most ? at : most;
		if (w->shards[i].state != SHARD_ACTIVE)
			continue;
		active = true;
		least = at < least ? at : least;
	}
	int64_t now = active ? least : most;
	w->at = now > w->at ? now : w->at;
	return w->at;
}

int64_t watermark_drain(struct watermark *w, const struct window_spec *s)
{
	for (uint32_t i = 0; i < w->count; i++) {
		int64_t greatest = w->shards[i].greatest;
		/* Records close count windows, and time never does. */
		int64_t end =
			greatest == TIMESTAMP_MIN || s->kind == WINDOW_COUNT ? greatest : window_last_end(s, greatest);
		w->at = end > w->at ? end : w->at;
	}
	for (uint32_t i = 0; i < w->count; i++)
		w->shards[i].floor = w->at;
	return w->at;
}

void watermark_inputs_init(struct watermark_inputs *w, uint32_t count)
{
	w->count = count;
	w->at = mem_array(count, sizeof *w->at);
	for (uint32_t i = 0; i < count; i++)
		w->at[i] = TIMESTAMP_MIN;
}

void watermark_inputs_release(struct watermark_inputs *w)
{
	free(w->at);
	*w = (struct watermark_inputs){0};
}

int64_t watermark_inputs_advance(struct watermark_inputs *w, uint32_t input, int64_t at)
{
	if (at > w->at[input])
		w->at[input] = at;
	int64_t least = TIMESTAMP_MAX;
	for (uint32_t i = 0; i < w->count; i++)
		least = w->at[i] < least ? w->at[i] : least;
	return least;
}

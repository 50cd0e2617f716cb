/* stream-gen: makes records, the same for the same seed. */
#include <stdio.h>
#include <string.h>

#include "base/opt.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/flow.h"
#include "gen/gen.h"

struct generate {
	int64_t count, rate, seed; /* count -1, rate 0: no limit */
	bool combined;

	const struct gen_kind *kind;
	struct gen *gen;
	struct batch batch, lines;
	int64_t made, started;
};

static int find_kind(struct generate *g, const char *name, struct error *e)
{
	const char *names[16];
	size_t n = 0;
	g->kind = gen_find(name);
	if (g->kind)
		return 0;
	for (const struct gen_kind *const *k = gen_kinds; *k; k++)
		names[n++] = (*k)->name;
	const char *nearest = nearest_word(name, strlen(name), names, n);
	return error_set(e, ERR_USAGE, "there is no kind `%s`%s%s%s; there are: weblog sensor orders nexmark", name,
			 nearest ? "; did you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct generate *g = self;
	const char *name;
	int r = operand_take(o, "KIND (weblog, sensor, orders or nexmark)", &name, e);
	if (!r)
		r = find_kind(g, name, e);
	if (!r && g->combined && strcmp(name, "weblog"))
		r = error_set(e, ERR_USAGE, "--combined is for weblog");
	if (r)
		return r;
	g->gen = g->kind->new ((uint64_t)g->seed);
	batch_init(&g->batch);
	batch_init(&g->lines);
	g->started = monotonic_now();
	if (g->rate)
		flow_timer(f, 10 * MILLISECOND);
	flow_set_bounded(f, g->count >= 0 ? BOUNDED_YES : BOUNDED_NO);
	return 0;
}

/* How many records are due: by the count that is left, the size of a batch, and the rate. */
static int64_t due(const struct generate *g)
{
	int64_t n = BATCH_ROWS;
	if (g->count >= 0 && g->count - g->made < n)
		n = g->count - g->made;
	if (!g->rate)
		return n;
	double seconds = (double)(monotonic_now() - g->started) / SECOND;
	int64_t owed = (int64_t)(seconds * (double)g->rate) + 1 - g->made;
	return owed < n ? owed : n;
}

/* A row of the web log as the line that a server would have written. */
static void combined_line(const struct batch *b, uint32_t row, struct buf *out)
{
	struct value v[8];
	char time[64];
	for (uint32_t c = 0; c < 8; c++)
		v[c] = column_get(&b->columns[c], row);
	timestamp_format(v[0].i, "%d/%b/%Y:%H:%M:%S +0000", time, sizeof time);
	value_plain(v[1], out);
	buf_printf(out, " - - [%s] \"", time);
	value_plain(v[2], out);
	buf_byte(out, ' ');
	value_plain(v[3], out);
	buf_string_append(out, " HTTP/1.1\" ");
	value_plain(v[4], out);
	buf_byte(out, ' ');
	value_plain(v[5], out);
	buf_string_append(out, " \"-\" \"");
	value_plain(v[7], out);
	buf_string_append(out, "\" ");
	value_plain(v[6], out);
}

static void make_lines(struct generate *g)
{
	struct batch *b = &g->batch, *to = &g->lines;
	struct buf line = BUF_INIT;
	batch_clear(to);
	uint16_t column = (uint16_t)batch_column(to, "line", 4);
	int shape = batch_shape_of(to, &column, 1);
	for (uint32_t i = 0; i < b->rows; i++) {
		buf_clear(&line);
		combined_line(b, i, &line);
		uint32_t row = batch_begin(to);
		to->columns[column].values[row] = value_string(arena_copy(&to->arena, line.data, line.len), line.len);
		batch_end(to, (uint32_t)shape, 0);
	}
	buf_release(&line);
}

static int produce(void *self, struct flow *f, struct error *e)
{
	struct generate *g = self;
	if (g->count >= 0 && g->made >= g->count)
		return FLOW_DONE;
	int64_t n = due(g);
	if (n <= 0)
		return FLOW_WAIT;
	batch_reset(&g->batch);
	g->kind->fill(g->gen, (uint32_t)n, &g->batch);
	g->made += n;
	if (g->combined)
		make_lines(g);
	int r = flow_emit(f, g->combined ? &g->lines : &g->batch, e);
	return r ? r : FLOW_MORE;
}

static void release(void *self, bool failed)
{
	struct generate *g = self;
	(void)failed;
	if (!g->gen)
		return;
	g->kind->free(g->gen);
	batch_release(&g->batch);
	batch_release(&g->lines);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'n', "count", OPT_COUNT, offsetof(struct generate, count), "COUNT", "stop after so many records",
		 NULL},
		{0, "rate", OPT_COUNT, offsetof(struct generate, rate), "R", "so many records a second", NULL},
		{0, "seed", OPT_COUNT, offsetof(struct generate, seed), "S", "another run of the dice", NULL},
		{0, "combined", OPT_FLAG, offsetof(struct generate, combined), NULL,
		 "weblog: as lines of a combined log, in the field `line`", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "makes records, the same for the same seed",
		.operands = "KIND",
		.examples = "  stream-gen weblog -n 5\n"
			    "  stream-gen weblog -n 100000 --combined -o lines > access.log\n"
			    "  stream-gen sensor --rate 10 | stream-put readings\n",
		.options = options,
		.traits = COMMAND_SOURCE,
	};
	static const struct stage stage = {.setup = setup, .produce = produce, .close = release};
	struct generate g = {.count = -1, .seed = 1};
	return flow_main(argc, argv, &command, &stage, &g);
}

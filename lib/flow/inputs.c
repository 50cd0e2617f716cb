#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/flow_private.h"
#include "flow/signals.h"

/* Nobody needs these but tests: results must not depend on either. */
static uint64_t from_environment(const char *name)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : 0;
}

/* A decompressor wants more of its input: waits as the loop does. */
static int wait_for_bytes(void *self, int fd, struct error *e)
{
	struct flow *f = self;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 0) > 0)
			return 0;
		if (signals_interrupted()) {
			f->cut_short = true;
			return 1;
		}
		int r = flow_wait(f, fd, e);
		if (r)
			return r;
	}
}

/* A sink divides batches among shards or files: larger ones leave larger parts, which are stored as they are. */
enum { BLOCK_SINK = 2 << 20 };

struct input_options flow_input_options(struct flow *f)
{
	struct field_watch *w = &f->watch;
	return (struct input_options){
		.decode = {.want = w->only ? w->names : NULL, .want_count = w->only ? w->count : 0},
		.format = (enum format)f->options.input,
		.text = f->text,
		.rows = (uint32_t)from_environment("STREAM_TEST_ROWS"),
		.block = f->command->traits & COMMAND_SINK ? BLOCK_SINK : 0,
		.bytes = {.read_max = from_environment("STREAM_TEST_READ"), .wait = wait_for_bytes, .self = f},
	};
}

static struct flow_input *add(struct flow *f, struct input *input)
{
	f->inputs = mem_resize(f->inputs, (size_t)f->input_count + 1, sizeof *f->inputs);
	struct flow_input *in = &f->inputs[f->input_count++];
	*in = (struct flow_input){.input = input, .final = true};
	return in;
}

int flow_add_input(struct flow *f, int fd, const char *name)
{
	/* -i speaks of the files and standard input. */
	struct input_options o = flow_input_options(f);
	o.format = o.text = FORMAT_AUTO;
	add(f, input_from_fd(fd, name, &o));
	return f->input_count - 1;
}

int flow_add_files(struct flow *f, const char *const *files, size_t count)
{
	struct input_options o = flow_input_options(f);
	add(f, input_new(files, count, &o));
	return f->input_count - 1;
}

int flow_add_operands(struct flow *f, struct operands *o, struct error *e)
{
	static const char *const standard[] = {"-"};
	if (!o->count && isatty(STDIN_FILENO))
		return error_set(e, ERR_USAGE, "%s", "");
	int input = o->count ? flow_add_files(f, (const char *const *)o->items, (size_t)o->count)
			     : flow_add_files(f, standard, 1);
	o->count = 0;
	return input;
}

void flow_hold_input(struct flow *f, int input, bool hold)
{
	f->inputs[input].held = hold;
	f->inputs[input].waits &= hold; /* it may have something already, behind what its descriptor shows */
}

enum frame_bounded flow_input_bounded(const struct flow *f, int input)
{
	return input_bounded(f->inputs[input].input);
}

const char *flow_input_name(const struct flow *f, int input)
{
	return input_name(f->inputs[input].input);
}

bool flow_input_final(const struct flow *f, int input)
{
	return f->inputs[input].final;
}

void flow_batch_limits(struct flow *f, uint32_t *rows, size_t *read_max)
{
	struct input_options o = flow_input_options(f);
	*rows = !o.rows || o.rows > BATCH_ROWS_MAX ? BATCH_ROWS : o.rows;
	*read_max = o.bytes.read_max;
}

enum frame_bounded flow_inputs_bounded(const struct flow *f)
{
	enum frame_bounded all = BOUNDED_YES;
	for (int i = 0; i < f->input_count; i++) {
		enum frame_bounded one = input_bounded(f->inputs[i].input);
		if (one == BOUNDED_NO)
			return BOUNDED_NO;
		all = one == BOUNDED_UNKNOWN ? one : all;
	}
	return all;
}

int flow_open_inputs(struct flow *f, const struct operands *rest, struct error *e)
{
	if (f->input_count || f->stage->produce) {
		if (rest->count)
			return error_set(e, ERR_USAGE, "`%s`: there is one operand too many; see --help",
					 rest->items[0]);
		return 0;
	}
	struct operands files = *rest;
	int r = flow_add_operands(f, &files, e);
	return r < 0 ? r : 0;
}

void flow_close_inputs(struct flow *f)
{
	for (int i = 0; i < f->input_count; i++) {
		hello_release(&f->inputs[i].hello);
		input_free(f->inputs[i].input);
	}
	free(f->inputs);
	f->inputs = NULL;
	f->input_count = 0;
}

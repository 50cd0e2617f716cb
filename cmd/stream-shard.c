/*
 * stream-shard: splits records by key, over copies of a command whose outputs it merges, or over named pipes.
 *
 *                     +--> copy 1 --+
 *      input --> splitter           merger --> output
 *                     +--> copy N --+
 *
 * Splitter and merger are two processes, each with a loop of its own: the merger reads whatever a copy writes, so no
 * copy ever waits for another one through us.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "flow/copies.h"
#include "flow/flow.h"
#include "flow/merge.h"
#include "flow/split.h"

enum { COPIES_MAX = 1024 };

struct shard {
	const char *key_text;
	int64_t count;
	struct expr *key;

	struct split split;
	bool announced;

	struct copies copies;
	struct merge merge;
};

/* -- the splitter -- */

static int announce(struct shard *s, struct flow *f, struct error *e)
{
	split_set_bounded(&s->split, flow_bounded(f));
	if (s->announced)
		return 0;
	s->announced = true;
	return split_announce(&s->split, s->key_text, e);
}

static struct column key_column(struct shard *s, struct batch *b)
{
	const char *field = expr_bare_field(s->key);
	if (field)
		return *batch_field(b, field, strlen(field));
	struct value *keys = arena_array(&b->arena, b->rows, sizeof *keys);
	uint32_t kept = 0, *rows = arena_array(&b->arena, batch_count(b), sizeof *rows);
	expr_eval(s->key, b, NULL, b->rows, keys);
	for (uint32_t i = 0; i < batch_count(b); i++) {
		struct value v = keys[batch_row(b, i)];
		if (v.type == TYPE_ERROR)
			batch_reject_row(b, batch_row(b, i), "%.*s", (int)v.len, v.s);
		else
			rows[kept++] = batch_row(b, i);
	}
	if (kept < batch_count(b))
		batch_select(b, rows, kept);
	return (struct column){.form = COLUMN_VALUES, .values = keys};
}

static int split_rows(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct shard *s = self;
	(void)input;
	int r = announce(s, f, e);
	if (r)
		return r;
	struct column key = key_column(s, b);
	flow_count_out(f, batch_count(b));
	return split_batch(&s->split, b, &key, e);
}

static int split_frame(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		       struct error *e)
{
	struct shard *s = self;
	(void)input;
	int r = announce(s, f, e);
	/* A share of what is in order is in order too, but not what the copies make of it. */
	if (r || frame->kind == FRAME_ORDER)
		return r;
	return split_control(&s->split, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int split_idle(void *self, struct flow *f, struct error *e)
{
	struct shard *s = self;
	split_set_bounded(&s->split, flow_bounded(f));
	return split_flush(&s->split, e);
}

static int split_finish(void *self, struct flow *f, bool final, struct error *e)
{
	struct shard *s = self;
	(void) final;
	int r = announce(s, f, e);
	return r ? r : split_end(&s->split, f, e);
}

static void release(struct shard *s)
{
	expr_free(s->key);
	copies_release(&s->copies);
}

/* After a failure the copies must not take the end of their input for the end of the stream. */
static void split_close(void *self, bool failed)
{
	struct shard *s = self;
	if (failed)
		copies_rest(&s->copies);
	for (uint32_t i = 0; i < s->split.count; i++) {
		if (failed)
			output_abandon(s->split.outputs[i]);
		output_free(s->split.outputs[i]);
	}
	free(s->split.outputs);
	release(s);
}

static int split_protocol(void *self, struct flow *f, int kind, const struct batch *body, struct error *e)
{
	struct shard *s = self;
	split_set_bounded(&s->split, flow_bounded(f));
	return split_forward(&s->split, (enum frame_kind)kind, body, e);
}

/* Of copies the merger brings the barriers together again; of PATHs nobody does. */
static const struct checkpoint_ops splits = {.forward = split_protocol};
static const struct stage splitter = {.batch = split_rows,
				      .control = split_frame,
				      .idle = split_idle,
				      .end = split_finish,
				      .close = split_close,
				      .checkpoint = &splits};
static const struct stage path_splitter = {
	.batch = split_rows,
	.control = split_frame,
	.idle = split_idle,
	.end = split_finish,
	.close = split_close,
	.refusal = "the ends of several PATHs cannot commit as one; let each read the stream as a group of its own"};

static void add_output(struct shard *s, struct flow *f, int fd, const char *name, enum format format)
{
	struct output_options o = {.format = format};
	struct output *out = output_new(fd, name, &o);
	s->split.outputs = mem_resize(s->split.outputs, s->split.count + 1, sizeof *s->split.outputs);
	s->split.outputs[s->split.count++] = out;
	output_set_patient(out);
	flow_watch_output(f, out, NULL);
}

static void become_splitter(struct shard *s, struct flow *f, bool child)
{
	const char *const *names;
	size_t count = expr_fields(s->key, &names);
	flow_become(f, child ? &splitter : &path_splitter, child);
	flow_fields(f, names, count);
}

/* -- to named pipes and files: we are the splitter ourselves -- */

static int open_paths(struct shard *s, struct flow *f, struct operands *o, struct error *e)
{
	enum format format = (enum format)flow_options(f)->output;
	become_splitter(s, f, false);
	for (; o->count; o->items++, o->count--) {
		struct stat st;
		int fd = open(o->items[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0 || fstat(fd, &st))
			return error_errno(e, "%s", o->items[0]);
		if (S_ISREG(st.st_mode) && st.st_size) {
			close(fd);
			return error_set(e, ERR_USAGE,
					 "%s has something in it already; stream-shard reads standard input and "
					 "writes to its PATHs",
					 o->items[0]);
		}
		add_output(s, f, fd, o->items[0], format);
	}
	return 0;
}

/* -- to copies of a command: a child splits, and we merge -- */

static int run_copies(struct shard *s, struct flow *f, struct operands *o, struct error *e)
{
	int r = copies_start(&s->copies, o->items, o->count, (int)s->count, e);
	o->count = 0;
	if (!r)
		r = copies_fork(&s->copies, e);
	if (r < 0)
		return r;
	if (r) {
		for (int i = 0; i < s->copies.count; i++)
			add_output(s, f, s->copies.items[i].input, "copy", FORMAT_AUTO);
		become_splitter(s, f, true);
		return 0;
	}
	for (int i = 0; i < s->copies.count; i++) {
		char name[COPIES_NAME_MAX];
		copies_name(&s->copies, i, name);
		flow_add_input(f, s->copies.items[i].output, name);
	}
	merge_init(&s->merge, s->copies.count);
	flow_joins_copies(f);
	return 0;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct shard *s = self;
	if (!s->key_text)
		return error_set(e, ERR_USAGE, "-k FIELD is missing: which field tells the shards apart?");
	if (!o->count)
		return error_set(e, ERR_USAGE, "where to? -n N -- COMMAND, or the PATHs of named pipes");
	int r = expr_parse(s->key_text, strlen(s->key_text), &s->key, e);
	if (r)
		return r;
	if (!s->count)
		return open_paths(s, f, o, e);
	if (s->count > COPIES_MAX)
		return error_set(e, ERR_USAGE, "-n %lld: at most %d copies", (long long)s->count, COPIES_MAX);
	return run_copies(s, f, o, e);
}

/* -- the merger -- */

static int merge_rows(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct shard *s = self;
	if (!s->merge.may_wait && copies_are_fed(&s->copies))
		merge_may_wait(&s->merge);
	return merge_batch(&s->merge, f, input, b, e);
}

static int merge_frame(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		       struct error *e)
{
	struct shard *s = self;
	return merge_control(&s->merge, f, input, frame, body, e);
}

static int input_end(void *self, struct flow *f, int input, struct error *e)
{
	struct shard *s = self;
	return merge_input_end(&s->merge, f, input, e);
}

static int input_cut(void *self, struct flow *f, int input, struct error *e)
{
	struct shard *s = self;
	(void)f;
	return copies_cut(&s->copies, input, e);
}

/* The splitter ends its input, the copies theirs, and we end by that. */
static int interrupted(void *self, struct flow *f, struct error *e)
{
	struct shard *s = self;
	(void)f;
	(void)e;
	copies_interrupt(&s->copies);
	return 0;
}

/* All outputs of the copies have ended. */
static int drain(void *self, struct flow *f, struct error *e)
{
	struct shard *s = self;
	int r = copies_wait(&s->copies, f, e);
	return r ? r : FLOW_DONE;
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct shard *s = self;
	/* What no watermark has followed is kept for the next run. */
	return final || !flow_checkpointed(f) ? merge_end(&s->merge, f, e) : 0;
}

static int save(void *self, struct flow *f, struct snapshot *to, struct error *e)
{
	struct shard *s = self;
	(void)f;
	return merge_save(&s->merge, to, e);
}

static int load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct shard *s = self;
	(void)f;
	return merge_load(&s->merge, b, e);
}

static void merge_close(void *self, bool failed)
{
	struct shard *s = self;
	if (failed)
		copies_stop(&s->copies);
	merge_release(&s->merge);
	release(s);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'k', "key", OPT_TEXT, offsetof(struct shard, key_text), "FIELD",
		 "records with the same value stay together", NULL},
		{'n', "copies", OPT_COUNT, offsetof(struct shard, count), "N", "run so many copies of COMMAND", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "splits records by key over copies of a command, or over named pipes",
		.operands = "-k FIELD -n N -- COMMAND… | -k FIELD PATH…",
		.examples = "  stream-get web | stream-window 1m | stream-shard -k client -n 4 -- stream-agg -b client "
			    "count\n"
			    "  stream-get web | stream-shard -k client -n 2 -- 'stream-filter \"status >= 500\" | "
			    "stream-cat'\n"
			    "  mkfifo a b; stream-get web | stream-shard -k client a b\n",
		.options = options,
		.traits = COMMAND_KEEPS_ORDER,
	};
	static const struct checkpoint_ops checkpoint = {.version = MERGE_VERSION, .save = save, .load = load};
	static const struct stage stage = {.setup = setup,
					   .batch = merge_rows,
					   .control = merge_frame,
					   .interrupted = interrupted,
					   .input_end = input_end,
					   .input_cut = input_cut,
					   .drain = drain,
					   .end = end,
					   .close = merge_close,
					   .checkpoint = &checkpoint};
	struct shard shard = {0};
	return flow_main(argc, argv, &command, &stage, &shard);
}

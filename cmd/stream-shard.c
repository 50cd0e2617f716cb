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
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "flow/flow.h"
#include "flow/merge.h"
#include "flow/spawn.h"
#include "flow/split.h"

enum { COPIES_MAX = 1024 };

struct shard {
	const char *key_text;
	int64_t copies;
	struct expr *key;

	struct split split;
	bool announced;

	struct merge merge;
	char **command;
	pid_t *pids; /* of the copies; 0: was waited for */
	pid_t splitter;
};

/* -- the splitter -- */

static int announce(struct shard *s, struct flow *f, struct error *e)
{
	split_set_bounded(&s->split, flow_bounded(f));
	if (s->announced)
		return 0;
	s->announced = true;
	return split_announce(&s->split, e);
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
	return r ? r : split_control(&s->split, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
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
	return split_end(&s->split, f, e);
}

static void release(struct shard *s)
{
	expr_free(s->key);
	free(s->command);
	free(s->pids);
}

/* After a failure the copies must not take the end of their input for the end of the stream. */
static void split_close(void *self, bool failed)
{
	struct shard *s = self;
	for (uint32_t i = 0; i < s->split.count; i++) {
		if (failed)
			output_abandon(s->split.outputs[i]);
		output_free(s->split.outputs[i]);
	}
	free(s->split.outputs);
	release(s);
}

static const struct stage splitter = {
	.batch = split_rows, .control = split_frame, .idle = split_idle, .end = split_finish, .close = split_close};

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
	flow_become(f, &splitter, child);
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

static int start_copies(struct shard *s, struct spawned *copies, struct error *e)
{
	for (int64_t i = 0; i < s->copies; i++) {
		int r = spawn_command(s->command, SPAWN_INPUT | SPAWN_OUTPUT, &copies[i], e);
		if (r)
			return r;
		s->pids[i] = copies[i].pid;
	}
	return 0;
}

/* Standard input was left to the splitter: the merger must not keep it open, nor the other ends of the pipes. */
static int fork_splitter(struct shard *s, struct flow *f, struct spawned *copies, struct error *e)
{
	s->splitter = fork();
	if (s->splitter < 0)
		return error_errno(e, "cannot start the splitter");
	if (!s->splitter) {
		for (int64_t i = 0; i < s->copies; i++) {
			close(copies[i].output);
			add_output(s, f, copies[i].input, "copy", FORMAT_AUTO);
		}
		become_splitter(s, f, true);
		return 0;
	}
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	for (int64_t i = 0; i < s->copies; i++) {
		char name[64];
		snprintf(name, sizeof name, "copy %d of %d (%.32s)", (int)i + 1, (int)s->copies, s->command[0]);
		close(copies[i].input);
		flow_add_input(f, copies[i].output, name);
	}
	merge_init(&s->merge, (int)s->copies);
	return 0;
}

static int run_copies(struct shard *s, struct flow *f, struct operands *o, struct error *e)
{
	struct spawned *copies = mem_array((size_t)s->copies, sizeof *copies);
	s->command = mem_array((size_t)o->count + 1, sizeof *s->command);
	memcpy(s->command, o->items, (size_t)o->count * sizeof *s->command);
	s->command[o->count] = NULL;
	s->pids = mem_zero((size_t)s->copies * sizeof *s->pids);
	o->count = 0;
	int r = start_copies(s, copies, e);
	if (!r)
		r = fork_splitter(s, f, copies, e);
	free(copies);
	return r;
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
	if (!s->copies)
		return open_paths(s, f, o, e);
	if (s->copies > COPIES_MAX)
		return error_set(e, ERR_USAGE, "-n %lld: at most %d copies", (long long)s->copies, COPIES_MAX);
	return run_copies(s, f, o, e);
}

/* -- the merger -- */

static int merge_rows(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct shard *s = self;
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

/* The splitter ends its input, the copies theirs, and we end by that. */
static int interrupted(void *self, struct flow *f, struct error *e)
{
	struct shard *s = self;
	(void)f;
	(void)e;
	if (s->splitter > 0)
		kill(s->splitter, SIGTERM);
	return 0;
}

/* A copy that failed has said why; we say which. Rejects alone are no failure, but must show in our status. */
static int wait_for_copies(struct shard *s, struct flow *f, struct error *e)
{
	for (int64_t i = 0; i < s->copies; i++) {
		int status;
		int r = spawn_wait(s->pids[i], &status, e);
		if (r)
			return r;
		s->pids[i] = 0;
		if (status == error_status(ERR_REJECTED))
			flow_note_uncaught(f);
		else if (status)
			return error_set(e, ERR_UPSTREAM, "copy %d of %d (%s) ended with status %d", (int)i + 1,
					 (int)s->copies, s->command[0], status);
	}
	return 0;
}

static int wait_for_splitter(struct shard *s, struct flow *f, struct error *e)
{
	int status;
	int r = spawn_wait(s->splitter, &status, e);
	s->splitter = 0;
	if (!r && status == error_status(ERR_REJECTED))
		flow_note_uncaught(f);
	bool interrupted_early = flow_interrupted(f) && status > 128;
	if (r || !status || status == error_status(ERR_REJECTED) || interrupted_early)
		return r;
	return error_set(e, ERR_UPSTREAM, "the splitter ended with status %d", status);
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct shard *s = self;
	(void) final;
	int r = wait_for_copies(s, f, e);
	if (!r)
		r = wait_for_splitter(s, f, e);
	return r ? r : merge_end(&s->merge, f, e);
}

static void merge_close(void *self, bool failed)
{
	struct shard *s = self;
	(void)failed;
	merge_release(&s->merge);
	release(s);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'k', "key", OPT_TEXT, offsetof(struct shard, key_text), "FIELD",
		 "records with the same value stay together", NULL},
		{'n', "copies", OPT_COUNT, offsetof(struct shard, copies), "N", "run so many copies of COMMAND", NULL},
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
	};
	static const struct stage stage = {.setup = setup,
					   .batch = merge_rows,
					   .control = merge_frame,
					   .interrupted = interrupted,
					   .input_end = input_end,
					   .end = end,
					   .close = merge_close};
	struct shard shard = {0};
	return flow_main(argc, argv, &command, &stage, &shard);
}

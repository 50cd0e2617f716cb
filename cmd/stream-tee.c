/* stream-tee: copies standard input to standard output and to named pipes or files. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/flow.h"
#include "flow/split.h"

struct tee {
	struct split split; /* the outputs: standard output first */
};

/* -- records and control frames: to all -- */

/* A format that refuses a record refuses it in every output alike: it is one reject. */
static int copy_rows(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct tee *t = self;
	(void)input;
	uint32_t before = b->reject_count, refused = 0, count = batch_count(b);
	split_set_bounded(&t->split, flow_bounded(f));
	for (uint32_t k = 0; k < t->split.count; k++) {
		int r = output_batch(t->split.outputs[k], b, e);
		if (r)
			return r;
		if (!k)
			refused = b->reject_count - before;
		b->reject_count = before + refused;
	}
	flow_count_out(f, count - refused);
	return 0;
}

static int copy_frame(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		      struct error *e)
{
	struct tee *t = self;
	(void)input;
	split_set_bounded(&t->split, flow_bounded(f));
	return split_control(&t->split, frame->kind, frame->flags & FRAME_CRITICAL, body, e);
}

static int flush(void *self, struct flow *f, struct error *e)
{
	struct tee *t = self;
	split_set_bounded(&t->split, flow_bounded(f));
	return split_flush(&t->split, e);
}

/* Each reader sees the whole stream, and so the whole audit. */
static int finish(void *self, struct flow *f, bool final, struct error *e)
{
	struct tee *t = self;
	struct batch body;
	int r = 0;
	(void) final;
	batch_init(&body);
	flow_end_body(f, false, &body);
	r = split_control(&t->split, FRAME_END, 0, &body, e);
	for (uint32_t k = 0; k < t->split.count && !r; k++)
		r = output_finish(t->split.outputs[k], e);
	batch_release(&body);
	return r;
}

static void release(void *self, bool failed)
{
	struct tee *t = self;
	for (uint32_t k = 0; k < t->split.count; k++) {
		if (failed)
			output_abandon(t->split.outputs[k]);
		output_free(t->split.outputs[k]);
	}
	free(t->split.outputs);
}

static const struct stage copier = {.batch = copy_rows,
				    .control = copy_frame,
				    .idle = flush,
				    .end = finish,
				    .close = release,
				    .refusal = "the readers of stream-tee's copies cannot commit as one; let each read "
					       "the stream as a group of its own"};

/* -- outputs -- */

static void add_output(struct tee *t, struct flow *f, int fd, const char *name)
{
	const struct common_options *common = flow_options(f);
	struct output_options o = {.format = (enum format)common->output, .encode = {.meta = common->meta}};
	struct stat st;
	struct output *out = output_new(fd, name, &o);
	t->split.outputs = mem_resize(t->split.outputs, t->split.count + 1, sizeof *t->split.outputs);
	t->split.outputs[t->split.count++] = out;
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode))
		output_set_patient(out);
	flow_watch_output(f, out, NULL);
}

/* Standard output may be shared with our parent; a pipe is opened anew, so that what we set for it is for us alone. */
static int own_output(void)
{
	struct stat st;
	if (!fstat(STDOUT_FILENO, &st) && S_ISFIFO(st.st_mode)) {
		int fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static int open_path(struct tee *t, struct flow *f, const char *path, struct error *e)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || fstat(fd, &st))
		return error_errno(e, "%s", path);
	if (S_ISREG(st.st_mode) && st.st_size) {
		close(fd);
		return error_set(
			e, ERR_USAGE,
			"%s has something in it already; stream-tee reads standard input and writes to its PATHs",
			path);
	}
	add_output(t, f, fd, path);
	return 0;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct tee *t = self;
	if (!o->count)
		return error_set(e, ERR_USAGE, "PATH is missing: a named pipe or a file for the copy");
	int fd = own_output();
	if (fd < 0)
		return error_errno(e, "standard output");
	flow_become(f, &copier, false);
	add_output(t, f, fd, "standard output");
	for (; o->count; o->items++, o->count--) {
		int r = open_path(t, f, o->items[0], e);
		if (r)
			return r;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct command command = {
		.summary = "copies records to standard output and to named pipes or files",
		.operands = "PATH…",
		.examples =
			"  mkfifo copy; stream-sink dir:all copy & stream-get web | stream-tee copy | stream-filter "
			"'status >= 500'\n"
			"  stream-get web | stream-tee -o frames all.frames | stream-agg -b status count\n",
	};
	static const struct stage stage = {.setup = setup, .close = release};
	struct tee tee = {0};
	return flow_main(argc, argv, &command, &stage, &tee);
}

#include "flow/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/peer.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/flow_private.h"
#include "flow/signals.h"
#include "record/batch_rows.h"

/* -- for callbacks -- */

void flow_select_before(struct batch *b, uint32_t row)
{
	uint32_t count = 0, *rows = arena_array(&b->arena, batch_count(b), sizeof *rows);
	for (uint32_t i = 0; i < batch_count(b) && batch_row(b, i) < row; i++)
		rows[count++] = batch_row(b, i);
	batch_select(b, rows, count);
}

/* --strict: what came behind the first rejected record must not be seen, whatever the size of the batch. */
static void only_before_rejects(struct batch *b)
{
	uint32_t row = UINT32_MAX;
	for (uint32_t i = 0; i < b->reject_count; i++)
		if (b->rejects[i].row < row)
			row = b->rejects[i].row;
	if (b->reject_count)
		flow_select_before(b, row);
}

int flow_emit(struct flow *f, struct batch *b, struct error *e)
{
	f->protocol.changed = true;
	if (f->options.strict)
		only_before_rejects(b);
	uint32_t before = b->reject_count, count = batch_count(b);
	int r = output_batch(f->output, b, e);
	if (r)
		return r;
	uint32_t refused = b->reject_count - before;
	f->own.out += count - refused;
	if (!refused)
		return 0;
	/* Taken here, for the batch need not be one of the loop's. */
	r = flow_take_rejects(f, b, before, e);
	b->reject_count = before;
	return r;
}

bool flow_passes_frames(struct flow *f, uint32_t *from, uint32_t *to)
{
	return f->output && output_passes(f->output, from, to);
}

int flow_emit_frame(struct flow *f, const char *p, uint32_t rows, const char *stream, struct error *e)
{
	f->protocol.changed = true;
	int r = output_frame(f->output, p, stream, strlen(stream), e);
	f->own.out += r ? 0 : rows;
	return r;
}

int flow_control(struct flow *f, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e)
{
	f->protocol.changed = true;
	return f->output ? output_control(f->output, kind, flags, body, e) : 0;
}

int flow_watermark(struct flow *f, int64_t time, struct error *e)
{
	struct field row[] = {
		{"shard", value_null()}, {"time", value_time(time)}, {"state", value_string("active", 6)}};
	batch_reset(&f->control);
	batch_add_row(&f->control, row, 3);
	return flow_control(f, FRAME_WATERMARK, 0, &f->control, e);
}

int flow_reject(struct flow *f, struct batch *b, struct error *e)
{
	int r = flow_take_rejects(f, b, 0, e);
	b->reject_count = 0;
	return r;
}

void flow_text_is_lines(struct flow *f)
{
	f->text = FORMAT_LINES;
}

bool flow_gives_frames(struct flow *f)
{
	return f->output && output_is_frames(f->output);
}

int flow_deliver(struct flow *f, bool *kept, struct error *e)
{
	*kept = false;
	int r = f->bad.fd >= 0 ? side_flush(&f->bad, e) : 0;
	if (!r && f->bad.fd >= 0 && !f->bad.child && fdatasync(f->bad.fd) && errno != EINVAL && errno != EROFS)
		r = error_errno(e, "%s", f->bad.dest);
	return r || !f->output ? r : output_deliver(f->output, kept, e);
}

void flow_count_late(struct flow *f, uint64_t count, bool caught)
{
	f->own.late += count;
	f->own.uncaught += caught ? 0 : count;
	f->lost_late += caught ? 0 : count;
}

void flow_fold(struct flow *f)
{
	f->own.folds = true;
}

void flow_count_out(struct flow *f, uint64_t count)
{
	f->own.out += count;
}

void flow_become(struct flow *f, const struct stage *stage, bool child)
{
	f->stage = stage;
	output_free(f->output); /* closes standard output: it is nobody's, or another process's */
	f->output = NULL;
	f->child = child;
	if (!child)
		return;
	live_begin(&f->live, f->own.command, f->signature, false);
	f->options.stats = false;
	f->options.metrics = NULL;
}

void flow_note_uncaught(struct flow *f)
{
	f->own.uncaught++;
}

void flow_fail_at_end(struct flow *f, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(f->failed.text, sizeof f->failed.text, format, args);
	va_end(args);
	f->failed.code = ERR_FAILED;
}

void flow_timer(struct flow *f, int64_t interval)
{
	f->interval = interval;
	f->next_timer = monotonic_now() + interval;
}

void flow_timer_at(struct flow *f, int64_t at)
{
	f->interval = at == INT64_MAX ? 0 : ONCE;
	f->next_timer = at;
}

void flow_keep_rejects(struct flow *f, const char *dest)
{
	f->options.bad = dest;
}

void flow_wait_for(struct flow *f, int fd)
{
	f->wait_fd = fd;
}

void flow_watch_output(struct flow *f, struct output *out, const char *keeper)
{
	f->watched = mem_resize(f->watched, (size_t)f->watched_count + 1, sizeof *f->watched);
	f->watched[f->watched_count++] = (struct watched){out, keeper};
	output_set_live(out, &f->live);
}

void flow_unwatch_output(struct flow *f, const struct output *out)
{
	int kept = 0;
	for (int i = 0; i < f->watched_count; i++)
		if (f->watched[i].output != out)
			f->watched[kept++] = f->watched[i];
	f->watched_count = kept;
}

void flow_end_body(struct flow *f, bool zero, struct batch *body)
{
	batch_reset(body);
	counts_to_batch(&f->upstream, &f->own, f->final, body);
	if (!zero)
		return;
	for (uint32_t c = 0; c < body->column_count; c++)
		for (uint32_t row = 0; row < body->rows; row++)
			if (body->columns[c].values[row].type == TYPE_INT)
				body->columns[c].values[row].i = 0;
}

const struct common_options *flow_options(const struct flow *f)
{
	return &f->options;
}

enum frame_bounded flow_bounded(const struct flow *f)
{
	return f->bounded;
}

void flow_set_bounded(struct flow *f, enum frame_bounded bounded)
{
	f->bounded = bounded;
	if (f->output)
		output_set_bounded(f->output, bounded);
}

bool flow_is_part(const struct flow *f)
{
	return f->part;
}

size_t flow_part_keys(const struct flow *f, char *const **keys)
{
	*keys = f->part_keys;
	return f->part_key_count;
}

int flow_order(struct flow *f, const struct order_field *fields, size_t count, struct error *e)
{
	if (!f->part_key_count)
		return 0;
	batch_reset(&f->control);
	for (size_t i = 0; i < count; i++) {
		struct field row[] = {{"field", value_string(fields[i].name, strlen(fields[i].name))},
				      {"descending", value_bool(fields[i].descending)}};
		batch_add_row(&f->control, row, 2);
	}
	return flow_control(f, FRAME_ORDER, 0, &f->control, e);
}

bool flow_on_terminal(const struct flow *f)
{
	return f->output && output_is_terminal(f->output);
}

int flow_interrupted(const struct flow *f)
{
	(void)f;
	return signals_interrupted();
}

void flow_warn(const struct flow *f, const char *format, ...)
{
	if (f->options.quiet)
		return;
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	message("%s", text);
}

/* -- a command's life -- */

/* STREAM_OUTPUT is what `-o auto` means. */
static int output_format(struct flow *f, struct error *e)
{
	const char *name = getenv("STREAM_OUTPUT");
	if (f->options.output != FORMAT_AUTO || !name || !*name)
		return 0;
	int at = 0;
	for (const char *p = format_choices_out; *p; at++) {
		size_t len = strcspn(p, " ");
		if (strlen(name) == len && !memcmp(p, name, len)) {
			f->options.output = at;
			return 0;
		}
		p += len + (p[len] == ' ');
	}
	return error_set(e, ERR_USAGE, "STREAM_OUTPUT=%s: there is no such format; there are: %s", name,
			 format_choices_out);
}

static int open_output(struct flow *f, struct error *e)
{
	int r = output_format(f, e);
	if (r || f->command->traits & COMMAND_SINK)
		return r;
	struct output_options o = {
		.format = (enum format)f->options.output,
		.encode = {.meta = f->options.meta, .color = f->options.color == 1},
		.rows = flow_input_options(f).rows,
	};
	if (f->options.color == 0)
		o.encode.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	f->output = output_new(STDOUT_FILENO, "standard output", &o);
	output_set_live(f->output, &f->live);
	return 0;
}

static int prepare(struct flow *f, struct operands *operands, struct error *e)
{
	int r = f->stage->setup ? f->stage->setup(f->self, f, operands, e) : 0;
	if (!r)
		r = flow_open_inputs(f, operands, e);
	if (r)
		return r;
	side_init(&f->bad, f->options.bad);
	r = side_check(&f->bad, e);
	if (r)
		return r;
	if (f->input_count)
		flow_set_bounded(f, flow_inputs_bounded(f));
	f->started = monotonic_now();
	if (f->options.metrics || (f->options.stats && isatty(STDERR_FILENO)))
		f->next_report = f->started + SECOND;
	return 0;
}

/* Records that nobody caught, here or at an earlier stage. */
static uint64_t uncaught(const struct flow *f)
{
	uint64_t n = f->own.uncaught;
	for (size_t i = 0; i < f->upstream.count; i++)
		n += f->upstream.items[i].uncaught;
	return n;
}

static int finish(struct flow *f, int r, struct error *e)
{
	struct error late;
	if (f->next_report && flow_report_live(f, true, &late) && !r) {
		*e = late;
		r = late.code;
	}
	if (r && f->bad.fd >= 0)
		side_abandon(&f->bad, &late);
	if (r && r != ERR_GONE && f->output)
		output_abandon(f->output);
	/* Whoever writes to us is to notice, and not to be asked for more. */
	if (r)
		flow_close_inputs(f);
	if (f->stage->close)
		f->stage->close(f->self, r != 0);
	if (f->options.stats)
		flow_report(f);
	if (!r && f->hidden)
		message("%llu records were rejected", (unsigned long long)f->own.rejected);
	if (!r && f->lost_late && !f->options.quiet)
		message("%llu records came late, when their window had closed; stream-window --late DEST keeps such, "
			"--delay D "
			"waits for them",
			(unsigned long long)f->lost_late);
	int status = r                ? command_fail(e)
		     : f->failed.code ? command_fail(&f->failed)
		     : uncaught(f)    ? error_status(ERR_REJECTED)
				      : 0;
	/* Of a source that has an end it was asked for all. */
	if (!status && f->cut_short && f->bounded == BOUNDED_YES)
		status = 128 + signals_interrupted();
	flow_live(f, false);
	live_end(&f->live, status);
	protocol_release(f);
	flow_close_inputs(f);
	output_free(f->output);
	side_release(&f->bad);
	free(f->signature);
	counts_release(&f->upstream);
	batch_release(&f->control);
	free(f->watch.seen);
	for (size_t i = 0; i < f->part_key_count; i++)
		free(f->part_keys[i]);
	free(f->part_keys);
	free(f->watched);
	return status;
}

/* Standard input is a terminal and there is no FILE: who typed this wants to know how it goes. */
static void show_help(const struct command *c)
{
	struct buf text = BUF_INIT;
	command_help(c, &text);
	ssize_t n = write(STDERR_FILENO, text.data, text.len);
	(void)n;
	buf_release(&text);
}

/* A shell's `<(COMMAND)` is the read end of a pipe, given as /dev/fd/63: an input like standard input. */
static void mark_inputs(const struct command *c, int argc, char **argv)
{
	static const char prefix[] = "/dev/fd/";
	if (!(c->traits & COMMAND_SOURCE))
		peer_mark(STDIN_FILENO);
	for (int i = 1; i < argc; i++) {
		int fd = strncmp(argv[i], prefix, sizeof prefix - 1) ? -1 : atoi(argv[i] + sizeof prefix - 1);
		if (fd > STDERR_FILENO && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
			peer_mark(fd);
	}
}

int flow_main(int argc, char **argv, const struct command *c, const struct stage *s, void *self)
{
	mark_inputs(c, argc, argv);
	struct flow f = {.command = c,
			 .stage = s,
			 .self = self,
			 .wait_fd = -1,
			 .final = true,
			 .bad = {.fd = -1, .owner = {.fd = -1}}};
	struct error e = {0};
	struct operands operands;
	f.own.command = program_invocation_short_name;
	f.own.folds = c->traits & COMMAND_FOLDS;
	batch_init(&f.control);
	signals_catch();
	struct buf signature = BUF_INIT;
	hello_signature(argc, argv, &signature);
	buf_string(&signature);
	f.signature = buf_detach(&signature, &(size_t){0});
	int r = command_parse(c, argc, argv, &f.options, self, &operands, &e);
	if (r > 0)
		return finish(&f, OK, &e);
	live_begin(&f.live, f.own.command, f.signature, c->traits & COMMAND_SOURCE);
	int opened = open_output(&f, r ? NULL : &e);
	if (!r)
		r = opened ? opened : prepare(&f, &operands, &e);
	if (r == ERR_USAGE && !*e.text) {
		show_help(c);
		return finish(&f, r, &e);
	}
	if (!r)
		r = flow_run(&f, &e);
	return finish(&f, r < 0 ? r : OK, &e);
}

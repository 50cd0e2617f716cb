#include "flow/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/peer.h"
#include "base/units.h"

enum {
	FLUSH_SIZE = 256 << 10,
	PIPE_SIZE = 1 << 20,
	DIRECT_ROWS = 2048, /* a batch of so many is a frame of its own */
	PASS_ROWS = 512,    /* a frame of so many is passed on as it is */
	GATHER_BYTES = 1 << 20,
	TABLE_ROWS = 200,        /* more are not small */
	PATIENCE_MAX = 16 << 20, /* bytes kept for a reader that is behind */
};

enum shape_of_output { UNSETTLED, AS_FRAMES, AS_TEXT, AS_TABLE_PERHAPS };

struct output {
	int fd;
	const char *name;
	struct output_options options;
	enum shape_of_output as;
	bool terminal;
	bool started; /* the stream line was written, and said `announced` */
	bool broken;  /* a write failed */
	bool patient; /* what the reader does not take at once is kept */
	enum frame_bounded bounded, announced;
	struct frame_writer *frames;
	struct encoder *encoder;
	struct batch gathered;
	struct buf pending;
	size_t sent; /* bytes at the start of it that were written */
	struct frame_pieces pieces;
};

struct output *output_new(int fd, const char *name, const struct output_options *o)
{
	struct output *out = mem_zero(sizeof *out);
	out->fd = fd;
	out->name = name;
	out->options = *o;
	if (!out->options.rows || out->options.rows > BATCH_ROWS_MAX)
		out->options.rows = BATCH_ROWS;
	batch_init(&out->gathered);
	return out;
}

void output_free(struct output *out)
{
	if (!out)
		return;
	if (out->fd >= 0)
		close(out->fd);
	frame_writer_free(out->frames);
	encoder_free(out->encoder);
	batch_release(&out->gathered);
	buf_release(&out->pending);
	buf_release(&out->pieces.head);
	buf_release(&out->pieces.tail);
	free(out);
}

int output_fd(const struct output *out)
{
	return out->fd;
}

void output_set_bounded(struct output *out, enum frame_bounded bounded)
{
	out->bounded = bounded;
}

/* -- what it is to be -- */

static void become_text(struct output *out, enum format format)
{
	out->as = AS_TEXT;
	out->options.encode.terminal = out->terminal;
	struct winsize size;
	if (out->terminal && !ioctl(out->fd, TIOCGWINSZ, &size))
		out->options.encode.width = size.ws_col;
	out->encoder = encoder_new(format, &out->options.encode);
}

static void become_frames(struct output *out)
{
	/* In a file each frame must be readable by itself, and the disk may damage it. */
	struct stat st;
	bool file = !fstat(out->fd, &st) && S_ISREG(st.st_mode);
	struct frame_writer_options o = {.alone = file, .sums = file};
	out->as = AS_FRAMES;
	out->frames = frame_writer_new(&o);
	fcntl(out->fd, F_SETPIPE_SZ, PIPE_SIZE);
}

static void settle(struct output *out)
{
	if (out->as != UNSETTLED)
		return;
	out->terminal = isatty(out->fd);
	enum format format = out->options.format;
	if (format == FORMAT_FRAMES) {
		become_frames(out);
	} else if (format != FORMAT_AUTO) {
		become_text(out, format);
	} else if (out->terminal) {
		out->as = AS_TABLE_PERHAPS;
	} else if (peer_wait(out->fd, SECOND / 2) == PEER_OURS) {
		become_frames(out);
	} else {
		become_text(out, FORMAT_JSON);
	}
}

bool output_is_terminal(const struct output *out)
{
	return isatty(out->fd);
}

/* -- bytes -- */

/* The reader takes nothing now: keeps the rest if we may (true), else waits. What is kept moves when most before it has gone:
   a byte is not moved for each time that the reader takes a little. */
static bool keep_rest(struct output *out)
{
	size_t rest = out->pending.len - out->sent;
	if (out->patient && rest <= PATIENCE_MAX) {
		if (out->sent < rest)
			return true;
		memcpy(out->pending.data, out->pending.data + out->sent, rest);
		out->pending.len = rest;
		out->sent = 0;
		return true;
	}
	struct pollfd p = {.fd = out->fd, .events = POLLOUT};
	poll(&p, 1, -1);
	return false;
}

static int write_pending(struct output *out, struct error *e)
{
	while (out->sent < out->pending.len) {
		ssize_t n = write(out->fd, out->pending.data + out->sent, out->pending.len - out->sent);
		if (n < 0 && errno == EAGAIN && keep_rest(out))
			return 0;
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			out->broken = true;
			return error_errno(e, "%s", out->name);
		}
		out->sent += n > 0 ? (size_t)n : 0;
	}
	buf_clear(&out->pending);
	out->sent = 0;
	return 0;
}

static int write_when_full(struct output *out, struct error *e)
{
	return out->pending.len - out->sent < FLUSH_SIZE ? 0 : write_pending(out, e);
}

/* At the start, and again when more is known of the source: behind a stream line the reader knows no earlier frame. */
static void write_stream_line(struct output *out)
{
	if (out->started && out->announced == out->bounded)
		return;
	if (out->started)
		frame_writer_restart(out->frames);
	struct stream_line line = {.bounded = out->bounded};
	stream_line_write(&line, &out->pending);
	out->started = true;
	out->announced = out->bounded;
}

/* -- batches -- */

static int write_frame(struct output *out, struct batch *b, struct error *e)
{
	write_stream_line(out);
	int r = frame_write(out->frames, FRAME_DATA, 0, b, NULL, &out->pending, e);
	return r ? r : write_when_full(out, e);
}

static int write_gathered(struct output *out, struct error *e)
{
	if (!out->gathered.rows)
		return 0;
	int r = write_frame(out, &out->gathered, e);
	batch_clear(&out->gathered);
	return r;
}

/* What is sorted stays by itself, for the order is a property of the frame. */
static bool goes_alone(const struct output *out, const struct batch *b)
{
	return b->sorted || (batch_count(b) >= DIRECT_ROWS && batch_count(b) <= out->options.rows);
}

static int batch_to_frames(struct output *out, struct batch *b, struct error *e)
{
	if (goes_alone(out, b)) {
		int r = write_gathered(out, e);
		return r ? r : write_frame(out, b, e);
	}
	for (uint32_t at = 0, count = batch_count(b); at < count;) {
		uint32_t taken = batch_append(&out->gathered, b, at);
		at += taken;
		if (taken && at == count && out->gathered.rows < out->options.rows &&
		    out->gathered.arena.total < GATHER_BYTES)
			break;
		int r = write_gathered(out, e);
		if (r)
			return r;
	}
	return 0;
}

static int batch_to_text(struct output *out, struct batch *b, struct error *e)
{
	int r = out->encoder->ops->encode(out->encoder, b, &out->pending, e);
	return r ? r : write_when_full(out, e);
}

/* A terminal, and the result is not small or has no end in sight: the rows that were held are printed as they come. */
static int give_up_table(struct output *out, struct error *e)
{
	become_text(out, FORMAT_JSON);
	int r = out->gathered.rows ? batch_to_text(out, &out->gathered, e) : 0;
	batch_clear(&out->gathered);
	return r;
}

static int batch_to_table(struct output *out, struct batch *b, struct error *e)
{
	uint32_t count = batch_count(b);
	if (out->gathered.rows + count <= TABLE_ROWS) {
		if (batch_append(&out->gathered, b, 0) < count)
			return error_set(e, ERR_FAILED, "too many fields for a table; say -o json");
		return 0;
	}
	int r = give_up_table(out, e);
	return r ? r : batch_to_text(out, b, e);
}

int output_batch(struct output *out, struct batch *b, struct error *e)
{
	settle(out);
	if (!batch_count(b))
		return 0;
	if (out->as == AS_FRAMES)
		return batch_to_frames(out, b, e);
	return out->as == AS_TEXT ? batch_to_text(out, b, e) : batch_to_table(out, b, e);
}

/* -- frames as they are -- */

bool output_passes(struct output *out, uint32_t *from, uint32_t *to)
{
	settle(out);
	*from = PASS_ROWS;
	*to = out->options.rows;
	return out->as == AS_FRAMES && !out->patient;
}

/* Nothing of it is copied, large as it is. */
static int write_pieces(struct output *out, struct iovec *v, int count, struct error *e)
{
	while (count) {
		ssize_t n = writev(out->fd, v, count);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = out->fd, .events = POLLOUT};
			poll(&p, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			out->broken = true;
			return error_errno(e, "%s", out->name);
		}
		size_t done = n > 0 ? (size_t)n : 0;
		for (; count && done >= v->iov_len; v++, count--)
			done -= v->iov_len;
		if (count)
			*v = (struct iovec){(char *)v->iov_base + done, v->iov_len - done};
	}
	return 0;
}

int output_frame(struct output *out, const char *p, const char *stream, size_t len, struct error *e)
{
	int r = write_gathered(out, e);
	if (r)
		return r;
	write_stream_line(out);
	struct frame_pieces *piece = &out->pieces;
	frame_add_stream(p, stream, len, piece);
	struct iovec v[] = {
		{out->pending.data, out->pending.len},
		{piece->head.data, piece->head.len},
		{(char *)(uintptr_t)piece->body, piece->body_len},
		{piece->tail.data, piece->tail.len},
	};
	r = write_pieces(out, v, sizeof v / sizeof *v, e);
	buf_clear(&out->pending);
	return r;
}

int output_control(struct output *out, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e)
{
	settle(out);
	if (out->as != AS_FRAMES)
		return 0;
	int r = write_gathered(out, e);
	if (r)
		return r;
	write_stream_line(out);
	r = frame_write(out->frames, kind, flags, body, NULL, &out->pending, e);
	return r ? r : write_when_full(out, e);
}

int output_flush(struct output *out, struct error *e)
{
	int r = 0;
	settle(out);
	if (out->as == AS_FRAMES) {
		write_stream_line(out);
		r = write_gathered(out, e);
	} else if (out->as == AS_TABLE_PERHAPS && out->gathered.rows) {
		r = give_up_table(out, e);
	}
	return r ? r : write_pending(out, e);
}

bool output_is_frames(struct output *out)
{
	settle(out);
	return out->as == AS_FRAMES;
}

int output_deliver(struct output *out, bool *kept, struct error *e)
{
	struct stat st;
	int r = output_flush(out, e);
	*kept = !r && !fstat(out->fd, &st) && S_ISREG(st.st_mode);
	return *kept && fdatasync(out->fd) ? error_errno(e, "%s", out->name) : r;
}

static int finish_text(struct output *out, struct error *e)
{
	int r = 0;
	if (out->as == AS_TABLE_PERHAPS && out->gathered.rows) {
		become_text(out, FORMAT_TABLE);
		r = batch_to_text(out, &out->gathered, e);
	}
	if (!r && out->encoder && out->encoder->ops->finish)
		r = out->encoder->ops->finish(out->encoder, &out->pending, e);
	return r;
}

static int write_all(struct output *out, struct error *e)
{
	int r = out->as == AS_FRAMES ? write_gathered(out, e) : finish_text(out, e);
	return r ? r : write_pending(out, e);
}

void output_set_patient(struct output *out)
{
	int flags = fcntl(out->fd, F_GETFL);
	out->patient = flags >= 0 && !fcntl(out->fd, F_SETFL, flags | O_NONBLOCK);
}

size_t output_pending(const struct output *out)
{
	return out->fd < 0 ? 0 : out->pending.len - out->sent;
}

int output_finish(struct output *out, struct error *e)
{
	out->patient = false;
	settle(out);
	int r = write_all(out, e);
	int fd = out->fd;
	out->fd = -1;
	if (close(fd) && !r)
		r = error_errno(e, "%s", out->name);
	return r;
}

void output_abandon(struct output *out)
{
	struct error ignored;
	if (out->fd < 0 || out->broken)
		return;
	settle(out);
	if (out->as == AS_FRAMES)
		write_stream_line(out);
	write_all(out, &ignored);
}

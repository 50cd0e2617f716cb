#include "input/input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "input/sniff.h"

enum { BLOCK_FILE = 512 << 10, BLOCK_PIPE = 1 << 20, SAMPLE_ROWS = 16 };

struct input {
	const char *const *files;
	size_t file_count, file_at; /* file_at: the next to open */
	struct input_options options;
	struct bytes *bytes; /* NULL: between files */

	/* The block: [at, len) is not taken yet. */
	char *block;
	size_t at, len, cap;
	bool ended;   /* no more bytes in this file or member */
	bool started; /* its format is settled */

	enum format format;
	struct decoder *decoder;
	struct frame_reader *frames;
	struct frame frame;
	bool sampled;     /* a frame was loaded with all its fields */
	bool expects_end; /* a stream line was read, and no END yet */
	enum frame_bounded bounded;

	struct batch batch;
	long long taken, total;
};

static long long size_of_files(const char *const *files, size_t count)
{
	long long total = 0;
	for (size_t i = 0; i < count; i++) {
		struct stat st;
		bool standard = !strcmp(files[i], "-");
		if ((standard ? fstat(STDIN_FILENO, &st) : stat(files[i], &st)) || !S_ISREG(st.st_mode))
			return -1;
		total += st.st_size;
	}
	return total;
}

static struct input *create(const struct input_options *o)
{
	struct input *in = mem_zero(sizeof *in);
	in->options = *o;
	if (!in->options.rows || in->options.rows > BATCH_ROWS_MAX)
		in->options.rows = BATCH_ROWS;
	in->total = -1;
	batch_init(&in->batch);
	return in;
}

struct input *input_new(const char *const *files, size_t count, const struct input_options *o)
{
	struct input *in = create(o);
	in->files = files;
	in->file_count = count;
	in->total = size_of_files(files, count);
	in->bounded = in->total >= 0 ? BOUNDED_YES : BOUNDED_UNKNOWN;
	return in;
}

struct input *input_from_fd(int fd, const char *name, const struct input_options *o)
{
	struct input *in = create(o);
	in->bytes = bytes_from_fd(fd, name, &in->options.bytes);
	in->bounded = bytes_regular(in->bytes) ? BOUNDED_YES : BOUNDED_UNKNOWN;
	return in;
}

struct input *input_from_memory(char *data, size_t len, const char *name, const struct input_options *o)
{
	struct input *in = create(o);
	in->bytes = bytes_none(name);
	in->bounded = BOUNDED_YES;
	in->block = data;
	in->len = len;
	in->cap = data ? len + DECODE_SLACK : 0;
	in->taken = in->total = (long long)len;
	in->ended = true;
	return in;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	bytes_close(in->bytes);
	decoder_free(in->decoder);
	frame_reader_free(in->frames);
	batch_release(&in->batch);
	free(in->block);
	free(in);
}

const struct frame *input_frame(const struct input *in)
{
	return &in->frame;
}

int input_fd(const struct input *in)
{
	return in->bytes ? bytes_fd(in->bytes) : -1;
}

void input_want(struct input *in, const char *const *want, size_t count)
{
	in->options.decode.want = want;
	in->options.decode.want_count = count;
}

enum frame_bounded input_bounded(const struct input *in)
{
	return in->bounded;
}

bool input_is_frames(const struct input *in)
{
	return in->format == FORMAT_FRAMES;
}

const char *input_name(const struct input *in)
{
	return in->bytes ? bytes_name(in->bytes) : in->file_at ? in->files[in->file_at - 1] : "stdin";
}

long long input_taken(const struct input *in)
{
	return in->taken;
}

long long input_total(const struct input *in)
{
	return in->total;
}

/* -- the block -- */

/* Brings what is left to the front, which is aligned, and makes room for `need` bytes in all. */
static void make_room(struct input *in, size_t need)
{
	size_t left = in->len - in->at;
	if (need + DECODE_SLACK > in->cap) {
		size_t cap = mem_grow(in->cap, need + DECODE_SLACK);
		char *block = mem_alloc(cap);
		if (left)
			memcpy(block, in->block + in->at, left);
		free(in->block);
		in->block = block;
		in->cap = cap;
	} else if (in->at) {
		memmove(in->block, in->block + in->at, left);
	}
	in->at = 0;
	in->len = left;
}

/* Reads more behind what is left. BYTES_SOME: there is more, or `ended` was set; BYTES_WAIT; or an error. */
static int fill(struct input *in, struct error *e)
{
	size_t left = in->len - in->at;
	size_t file_block = in->options.block ? in->options.block : BLOCK_FILE;
	size_t block = bytes_regular(in->bytes) ? file_block : BLOCK_PIPE;
	/* A record larger than the block doubles it, so that what is looked at again and again stays in proportion. */
	make_room(in, left * 2 > block ? left * 2 : block);
	size_t n;
	int r = bytes_read(in->bytes, in->block + in->len, in->cap - DECODE_SLACK - in->len, &n, e);
	if (r == BYTES_END) {
		in->ended = true;
		return BYTES_SOME;
	}
	if (r == BYTES_SOME) {
		in->len += n;
		in->taken += (long long)n;
	}
	return r;
}

/* -- files and members -- */

static void forget_format(struct input *in)
{
	decoder_free(in->decoder);
	in->decoder = NULL;
	in->format = FORMAT_AUTO;
	in->started = in->ended = false;
	in->at = in->len = 0;
	batch_reset(&in->batch);
}

/* Goes to the next member or file. 1: there is one; 0: that was all. */
static int next_file(struct input *in, struct error *e)
{
	if (in->bytes) {
		int r = bytes_next(in->bytes, e);
		if (r) {
			forget_format(in);
			return r;
		}
	}
	if (in->file_at == in->file_count)
		return 0;
	bytes_close(in->bytes);
	in->bytes = NULL;
	int r = bytes_open(in->files[in->file_at++], &in->options.bytes, &in->bytes, e);
	if (r)
		return r;
	forget_format(in);
	return 1;
}

/* -- format -- */

static int start(struct input *in, struct error *e)
{
	enum format format = in->options.format;
	if (format == FORMAT_AUTO)
		format = sniff_format(in->block + in->at, in->len - in->at, in->ended, bytes_name(in->bytes));
	if (format == FORMAT_AUTO)
		return 0;
	if (in->options.format == FORMAT_AUTO && format != FORMAT_FRAMES && in->options.text != FORMAT_AUTO)
		format = in->options.text;
	in->format = format;
	in->started = true;
	in->expects_end = false;
	if (format != FORMAT_FRAMES) {
		in->decoder = decoder_new(format, &in->options.decode);
		return 0;
	}
	if (!in->frames)
		in->frames = frame_reader_new();
	if (in->at == in->len && in->ended)
		return error_set(e, ERR_UPSTREAM, "%s: ended before the first frame: the process upstream died",
				 input_name(in));
	return 0;
}

/* A frame has all its names; of text, the block still begins where it began, and a fresh decoder tells. */
void input_sample(const struct input *in, struct batch *to)
{
	if (!in->decoder) {
		for (uint32_t c = 0; c < in->batch.column_count; c++)
			if (in->batch.columns[c].name)
				batch_column(to, in->batch.columns[c].name, in->batch.columns[c].name_len);
		return;
	}
	struct decode_options all = {0};
	struct decoder *d = decoder_new(in->format, &all);
	struct error ignored;
	size_t used;
	d->ops->decode(d, in->block, in->len, in->ended, SAMPLE_ROWS, to, &used, &ignored);
	decoder_free(d);
}

/* -- frames -- */

/* A segment of a store has no END: it is a file, and ends where it ends. */
static bool is_segment(const struct stream_line *l)
{
	static const char store[] = "store/";
	return l->source && l->source_len > strlen(store) && !memcmp(l->source, store, strlen(store));
}

static int take_stream_line(struct input *in, struct error *e)
{
	struct stream_line line;
	error_set(e, OK, "%s", "");
	long n = stream_line_read(in->block + in->at, in->len - in->at, &line, e);
	if (n < 0)
		return e->code ? error_prefix(e, "%s", input_name(in))
			       : error_set(e, ERR_FAILED, "%s: no frames here: the stream line is missing",
					   input_name(in));
	if (n == 0)
		return BYTES_WAIT;
	frame_reader_restart(in->frames);
	in->at += (size_t)n;
	in->expects_end = !is_segment(&line);
	if (!bytes_regular(in->bytes) || in->file_count == 0)
		in->bounded = line.bounded;
	return BYTES_SOME;
}

/* Frames are read where they lie, so they must lie at a multiple of 8. */
static void align(struct input *in)
{
	if (in->at % 8)
		make_room(in, in->len - in->at);
}

/* An event; or *more is set: more bytes are needed. */
static int next_frame(struct input *in, bool *more, struct batch **b, struct error *e)
{
	*more = false;
	while (in->at < in->len && in->block[in->at] == '#') {
		int r = take_stream_line(in, e);
		if (r < 0)
			return r;
		if (r == BYTES_WAIT) {
			*more = true;
			return 0;
		}
	}
	align(in);
	int r = frame_peek(in->block + in->at, in->len - in->at, &in->frame, e);
	if (r < 0)
		return error_prefix(e, "%s", input_name(in));
	if (!r) {
		*more = true;
		return 0;
	}
	const char *body = in->block + in->at;
	in->at += in->frame.size;
	/* The first is loaded whole, so that input_sample knows what else there is. */
	bool data = in->frame.kind == FRAME_DATA, part = data && in->sampled;
	in->sampled |= data;
	r = frame_load(in->frames, body, &in->frame, part ? in->options.decode.want : NULL,
		       part ? in->options.decode.want_count : 0, &in->batch, e);
	if (r)
		return error_prefix(e, "%s", input_name(in));
	if (in->frame.kind == FRAME_END)
		in->expects_end = false;
	in->batch.source = input_name(in);
	*b = &in->batch;
	return data ? INPUT_BATCH : INPUT_CONTROL;
}

/* -- text -- */

static int next_rows(struct input *in, bool *more, struct batch **b, struct error *e)
{
	size_t used = 0, left = in->len - in->at;
	batch_clear(&in->batch);
	int r = in->decoder->ops->decode(in->decoder, in->block + in->at, left, in->ended, in->options.rows, &in->batch,
					 &used, e);
	if (r)
		return error_prefix(e, "%s", input_name(in));
	in->at += used;
	*more = !in->batch.rows && !in->batch.reject_count;
	in->batch.source = input_name(in);
	*b = &in->batch;
	return INPUT_BATCH;
}

/* -- all of it -- */

/* What the end of a file means: the next one, or the end, or that somebody died. */
static int file_ended(struct input *in, bool *go_on, struct error *e)
{
	if (in->format == FORMAT_FRAMES && (in->expects_end || in->at < in->len))
		return INPUT_CUT;
	int r = next_file(in, e);
	if (r < 0)
		return r;
	*go_on = r > 0;
	return INPUT_END;
}

int input_next(struct input *in, struct batch **b, struct error *e)
{
	for (;;) {
		bool more = true;
		if (!in->bytes) {
			int r = next_file(in, e);
			if (r <= 0)
				return r ? r : INPUT_END;
		}
		if (!in->started && (in->at < in->len || in->ended)) {
			int r = start(in, e);
			if (r)
				return r;
		}
		if (in->started && (in->at < in->len || in->ended)) {
			int r = in->format == FORMAT_FRAMES ? in->at == in->len ? 0 : next_frame(in, &more, b, e)
							    : next_rows(in, &more, b, e);
			if (r < 0 || !more)
				return r;
		}
		if (in->ended) {
			bool go_on = false;
			int r = file_ended(in, &go_on, e);
			if (r < 0 || !go_on)
				return r;
			continue;
		}
		int r = fill(in, e);
		if (r < 0)
			return r;
		if (r == BYTES_WAIT)
			return INPUT_WAIT;
	}
}

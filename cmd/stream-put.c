/* stream-put: appends records to a stream, and ends with status 0 only when all of them are durable. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "flow/flow.h"
#include "record/batch_rows.h"
#include "store/commit/redo.h"
#include "store/write/writer.h"

struct put {
	const char *key_text;
	bool blob;

	struct expr *key;
	struct stream stream; /* until it is known how it is written: */
	bool opened;
	struct store_writer *writer; /* as records come, or */
	struct redo *redo;           /* all at a checkpoint */
	bool synced;
};

/* -- opening -- */

static int create(const char *name, const char *key, struct error *e)
{
	struct catalog c;
	int r = catalog_init(&c, 1, HASH_XXH3, e);
	if (!r) {
		c.key = key ? mem_copy(key, strlen(key)) : NULL;
		r = stream_create(&files_real, name, &c, e);
	}
	catalog_release(&c);
	return r < 0 ? r : 0;
}

/* The stream has a key of its own unless -k says another; a new stream remembers that of its first writer. */
static int open_stream(struct put *put, struct flow *f, const char *name, struct error *e)
{
	int r = put->key_text ? expr_parse(put->key_text, strlen(put->key_text), &put->key, e) : 0;
	if (!r)
		r = create(name, put->key_text, e);
	if (!r)
		r = stream_open(&put->stream, &files_real, name, e);
	if (r)
		return r;
	put->opened = true;
	const char *own = put->stream.catalog.key;
	if (own && put->key_text && strcmp(own, put->key_text))
		flow_warn(f, "%s is keyed by `%s`; these records are by `%s`", name, own, put->key_text);
	return own && !put->key ? expr_parse(own, strlen(own), &put->key, e) : 0;
}

/* The first record of a plain pipeline, or its end. */
static int begin_writing(struct put *put, struct error *e)
{
	if (put->writer)
		return 0;
	put->opened = false; /* the writer takes it over */
	return store_writer_open(&put->writer, &put->stream, e);
}

/* -- blobs: a file is a record -- */

/* Appends all that fd has; it may be a pipe. */
static int read_all(int fd, const char *path, struct buf *out, struct error *e)
{
	enum { PIECE = 1 << 20 };
	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, PIECE), PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "%s", path);
		if (!n)
			return 0;
		out->len += (size_t)n;
		if (out->len > FRAME_SIZE_MAX)
			return error_set(e, ERR_FAILED, "%s is too large for a record: %d bytes are the limit", path,
					 FRAME_SIZE_MAX);
	}
}

static int read_file(const char *path, struct buf *out, struct error *e)
{
	if (!strcmp(path, "-"))
		return read_all(STDIN_FILENO, path, out, e);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "%s", path);
	int r = read_all(fd, path, out, e);
	close(fd);
	return r;
}

static int put_batch(struct put *put, struct batch *b, struct error *e);

static int put_blobs(struct put *put, struct flow *f, struct operands *o, struct error *e)
{
	struct batch b;
	struct buf bytes = BUF_INIT;
	const char *path;
	int r = o->count ? 0 : error_set(e, ERR_USAGE, "--blob wants FILEs");
	batch_init(&b);
	while (!r && o->count && !(r = operand_take(o, "FILE", &path, e))) {
		buf_clear(&bytes);
		r = read_file(path, &bytes, e);
		if (r)
			break;
		struct field row[] = {{"file", value_string(path, strlen(path))},
				      {"data", value_text(TYPE_BYTES, bytes.data, bytes.len)}};
		batch_clear(&b);
		batch_add_row(&b, row, 2);
		r = put_batch(put, &b, e);
		if (!r && b.reject_count)
			r = error_set(e, ERR_FAILED, "%s: %s", path, b.rejects[0].reason);
		if (!r)
			flow_count_out(f, 1);
	}
	if (!r)
		r = store_writer_sync(put->writer, e);
	buf_release(&bytes);
	batch_release(&b);
	return r ? r : 1;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct put *put = self;
	const char *name, *const *fields;
	files_allow_many();
	int r = operand_take(o, "STREAM", &name, e);
	if (!r)
		r = open_stream(put, f, name, e);
	if (r)
		return r;
	if (put->blob)
		return put_blobs(put, f, o, e);
	if (put->key && put->key_text) {
		size_t count = expr_fields(put->key, &fields);
		flow_fields(f, fields, count);
	}
	return 0;
}

/* -- records -- */

/* Rows whose key could not be computed are rejected, and no more selected. */
static void drop_errors(struct batch *b, const struct value *keys)
{
	uint32_t count = batch_count(b), kept = 0, *rows = arena_array(&b->arena, count, sizeof *rows);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = batch_row(b, i);
		if (keys[row].type == TYPE_ERROR)
			batch_reject_row(b, row, "%.*s", (int)keys[row].len, keys[row].s);
		else
			rows[kept++] = row;
	}
	if (kept < count)
		batch_select(b, rows, kept);
}

static struct column compute_key(struct put *put, struct batch *b)
{
	const char *field = expr_bare_field(put->key);
	if (field)
		return *batch_field(b, field, strlen(field));
	struct value *keys = arena_array(&b->arena, b->rows, sizeof *keys);
	expr_eval(put->key, b, NULL, b->rows, keys);
	drop_errors(b, keys);
	return (struct column){.form = COLUMN_VALUES, .values = keys};
}

static int put_batch(struct put *put, struct batch *b, struct error *e)
{
	struct column key = {0};
	int r = put->redo ? 0 : begin_writing(put, e);
	if (r)
		return r;
	put->synced = false;
	if (put->key)
		key = compute_key(put, b);
	const struct column *by = put->key ? &key : NULL;
	return put->redo ? redo_append(put->redo, b, by, e) : store_writer_append(put->writer, b, by, e);
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct put *put = self;
	(void)input;
	int r = put_batch(put, b, e);
	for (const char *warning; put->key && (warning = expr_warning(put->key));)
		flow_warn(f, "%s", warning);
	if (!r)
		flow_count_out(f, batch_count(b));
	return r;
}

/* What steers processing upstream has no meaning in a store: time is there in the records. */
static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	(void)self;
	(void)f;
	(void)input;
	(void)body;
	if (frame->flags & FRAME_CRITICAL && frame->kind != FRAME_WINDOW)
		return error_set(e, ERR_UPSTREAM, "a critical control frame of kind %d, which is not known here",
				 (int)frame->kind);
	return 0;
}

static int sync_all(void *self, struct flow *f, struct error *e)
{
	struct put *put = self;
	if (put->synced || put->redo)
		return 0;
	int r = store_writer_sync(put->writer, e);
	put->synced = !r;
	const char *trouble = f ? store_writer_trouble(put->writer) : NULL;
	if (trouble)
		flow_warn(f, "%s", trouble);
	return r;
}

static int end(void *self, struct flow *f, bool final, struct error *e)
{
	struct put *put = self;
	(void) final;
	/* Also who has no record is told if he could not have written one. */
	int r = put->redo ? redo_end(put->redo, e) : begin_writing(put, e);
	return r ? r : sync_all(self, f, e);
}

/* -- in a checkpointed flow -- */

static int recover(void *self, struct flow *f, const char *flow, uint64_t epoch, struct flow_commit *last,
		   struct error *e)
{
	struct put *put = self;
	struct redo_commit done;
	(void)f;
	put->opened = false; /* the redo takes it over */
	int r = redo_open(&put->redo, &put->stream, flow, epoch, &done, e);
	if (!r)
		*last = (struct flow_commit){done.n, done.epoch, done.state, done.len};
	return r;
}

static int commit(void *self, struct flow *f, uint64_t n, const char *state, size_t len, struct error *e)
{
	struct put *put = self;
	(void)f;
	return redo_commit(put->redo, n, state, len, e);
}

static void release(void *self, bool failed)
{
	struct put *put = self;
	/* What came before the failure is good; if it can't be kept either, the status says so already. */
	if (failed && put->writer)
		sync_all(put, NULL, NULL);
	store_writer_close(put->writer);
	redo_close(put->redo);
	if (put->opened)
		stream_close(&put->stream);
	expr_free(put->key);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'k', "key", OPT_TEXT, offsetof(struct put, key_text), "FIELD|EXPR",
		 "the partition key: records of one key keep their order", NULL},
		{0, "blob", OPT_FLAG, offsetof(struct put, blob), NULL,
		 "each FILE is one record: its bytes as `data`, its name as `file`", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "appends records to a stream, and ends with 0 when all of them are durable",
		.operands = "STREAM [FILE…]",
		.examples = "  stream-put -k client web access.json\n"
			    "  stream-tail -g agent access.log | stream-parse combined | stream-put -k client web\n",
		.options = options,
		.traits = COMMAND_SINK,
	};
	static const struct end_ops last = {.recover = recover, .commit = commit};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .idle = sync_all,
					   .end = end,
					   .close = release,
					   .last = &last};
	struct put put = {.synced = true};
	return flow_main(argc, argv, &command, &stage, &put);
}

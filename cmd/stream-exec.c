/* stream-exec: gives batches of records to a command as JSON lines, and takes back what it prints as records. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "codec/hash.h"
#include "exec/exec.h"
#include "exec/output.h"
#include "flow/flow.h"
#include "key/spec.h"
#include "record/batch_rows.h"

enum { BACKOFF_MAX_SECONDS = 30 };

struct command_batches {
	int64_t rows, wait, parallel, retries, backoff, timeout, limit;
	const char *key_text, *dead;
	bool unordered;

	char **argv;
	struct exec *exec;
	struct key_spec key;
	struct key_list keys;
	struct batch given_up; /* the record that is reported */
	bool told;             /* one failure was shown */
};

/* -- options -- */

/* Nobody needs STREAM_TEST_SEED but tests. */
static uint64_t seed(void)
{
	const char *text = getenv("STREAM_TEST_SEED");
	uint64_t n = (uint64_t)timestamp_now();
	if (text)
		return strtoull(text, NULL, 10);
	return getrandom(&n, sizeof n, GRND_NONBLOCK) == (ssize_t)sizeof n ? n : (uint64_t)timestamp_now();
}

static int check_options(const struct command_batches *c, struct flow *f, struct error *e)
{
	if (!c->rows || c->rows > UINT32_MAX)
		return error_set(e, ERR_USAGE, "-n %lld: a batch has 1 to %u records", (long long)c->rows, UINT32_MAX);
	if (!c->parallel || c->parallel > EXEC_SLOTS_MAX)
		return error_set(e, ERR_USAGE, "-P %lld: 1 to %d batches at once", (long long)c->parallel,
				 EXEC_SLOTS_MAX);
	if (c->dead && flow_options(f)->bad)
		return error_set(e, ERR_USAGE,
				 "--dead and --bad are one: records that cannot be read and records that "
				 "cannot be delivered; give one of them");
	return 0;
}

static int take_command(struct command_batches *c, struct operands *o, struct error *e)
{
	if (!o->count)
		return error_set(e, ERR_USAGE, "COMMAND is missing: stream-exec [OPTION…] -- COMMAND…");
	c->argv = mem_array((size_t)o->count + 1, sizeof *c->argv);
	memcpy(c->argv, o->items, (size_t)o->count * sizeof *c->argv);
	c->argv[o->count] = NULL;
	o->count = 0;
	return 0;
}

static int setup(void *self, struct flow *f, struct operands *o, struct error *e)
{
	struct command_batches *c = self;
	batch_init(&c->given_up);
	int r = check_options(c, f, e);
	if (!r)
		r = take_command(c, o, e);
	if (!r && c->key_text)
		r = key_spec_parse(c->key_text, KEY_PLAIN, &c->key, e);
	if (r)
		return r;
	if (c->key_text)
		flow_fields(f, c->key.fields, c->key.field_count);
	if (c->dead)
		flow_keep_rejects(f, c->dead);
	struct exec_options options = {
		.run = {.argv = c->argv,
			.timeout = c->timeout,
			.output_max = (size_t)c->limit,
			.errors = STDERR_FILENO},
		.rows = (uint32_t)c->rows,
		.wait = c->wait,
		.slots = (uint32_t)c->parallel,
		.lanes = c->key_text && c->parallel > 1,
		.unordered = c->unordered,
		.meta = flow_options(f)->meta,
		.retries = (uint64_t)c->retries,
		.backoff = {.first = c->backoff, .most = BACKOFF_MAX_SECONDS * SECOND, .state = seed()},
	};
	r = exec_new(&options, &c->exec, e);
	if (!r)
		flow_wait_for(f, exec_fd(c->exec));
	return r;
}

/* -- what comes of it -- */

static int emit_output(struct flow *f, struct buf *output, struct error *e)
{
	struct input *in = output_input(output);
	struct batch *b;
	int event, r = 0;
	while (!r && ((event = input_next(in, &b, e)) == INPUT_BATCH || event == INPUT_CONTROL)) {
		if (event == INPUT_CONTROL)
			continue;
		/* What it printed and is no record is rejected. */
		r = b->reject_count ? flow_reject(f, b, e) : 0;
		if (!r && batch_count(b))
			r = flow_emit(f, b, e);
	}
	input_free(in);
	return r ? r : event < 0 ? event : 0;
}

static int reject_dead(struct command_batches *c, struct flow *f, const struct exec_result *dead, struct error *e)
{
	struct batch *b = &c->given_up;
	batch_reset(b);
	int r = records_row(dead->records, dead->record, b, e);
	if (r)
		return r;
	batch_reject_row(b, 0, "%s", dead->reason);
	b->rejects[0].attempts = dead->attempts;
	return flow_reject(f, b, e);
}

static int take(struct command_batches *c, struct flow *f, const struct exec_result *result, struct error *e)
{
	switch (result->kind) {
	case EXEC_OUTPUT: return emit_output(f, result->output, e);
	case EXEC_DEAD: return reject_dead(c, f, result, e);
	case EXEC_CONTROL: return flow_control(f, result->control, result->flags, result->body, e);
	case EXEC_NOTHING: break;
	}
	return 0;
}

static void tell_failure(struct command_batches *c, struct flow *f)
{
	const char *failure = exec_failure(c->exec);
	if (!failure || (c->told && !flow_options(f)->verbose))
		return;
	flow_warn(f, "%s%s", failure, flow_options(f)->verbose ? "" : " (-v shows each such failure)");
	c->told = true;
}

/* Passes on what is there; returns whether there was something, or an error. */
static int take_all(struct command_batches *c, struct flow *f, struct error *e)
{
	struct exec_result result;
	for (int some = 0;; some = 1) {
		exec_take(c->exec, &result);
		if (result.kind == EXEC_NOTHING)
			return some;
		int r = take(c, f, &result, e);
		if (r)
			return r;
	}
}

/* Looks at the commands; what was taken makes room for more of them. */
static int work(void *self, struct flow *f, struct error *e)
{
	struct command_batches *c = self;
	int r;
	do {
		r = exec_work(c->exec, monotonic_now(), e);
		tell_failure(c, f);
		if (!r)
			r = take_all(c, f, e);
	} while (r > 0);
	flow_hold_input(f, 0, exec_is_full(c->exec));
	flow_timer_at(f, exec_due(c->exec));
	return r;
}

/* -- what comes -- */

/* Equal keys, one lane. */
static const uint32_t *lanes(struct command_batches *c, struct batch *b)
{
	key_spec_apply(&c->key, b, &c->keys);
	uint32_t count = batch_count(b), *of = arena_array(&b->arena, count, sizeof *of);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t hash = hash64(key_bytes(&c->keys, i), key_len(&c->keys, i)) >> 32;
		of[i] = (uint32_t)(hash * (uint64_t)c->parallel >> 32);
	}
	return of;
}

static int batch(void *self, struct flow *f, int input, struct batch *b, struct error *e)
{
	struct command_batches *c = self;
	(void)input;
	const uint32_t *of = c->key_text && c->parallel > 1 ? lanes(c, b) : NULL;
	int r = batch_count(b) ? exec_add(c->exec, b, of, monotonic_now(), e) : 0;
	return r ? r : work(c, f, e);
}

static int control(void *self, struct flow *f, int input, const struct frame *frame, struct batch *body,
		   struct error *e)
{
	struct command_batches *c = self;
	(void)input;
	exec_control(c->exec, frame->kind, frame->flags & FRAME_CRITICAL, body);
	return work(c, f, e);
}

static int drain(void *self, struct flow *f, struct error *e)
{
	struct command_batches *c = self;
	exec_finish(c->exec);
	int r = work(c, f, e);
	return r ? r : exec_is_empty(c->exec) ? FLOW_DONE : FLOW_WAIT;
}

/* -- checkpoints: nothing is under way at a barrier, so that there is nothing to keep but how many records came -- */

static int save(void *self, struct flow *f, struct snapshot *s, struct error *e)
{
	struct command_batches *c = self;
	struct batch b;
	(void)f;
	batch_init(&b);
	batch_add_row(&b, &(struct field){"records", value_int((int64_t)exec_records(c->exec))}, 1);
	int r = snapshot_add(s, &b, e);
	batch_release(&b);
	return r;
}

static int load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct command_batches *c = self;
	(void)f;
	struct value records = b ? batch_get(b, 0, "records") : value_int(0);
	if (records.type != TYPE_INT)
		return error_set(e, ERR_FAILED, "the snapshot makes no sense");
	if (b)
		exec_resume(c->exec, (uint64_t)records.i);
	return 0;
}

static void release(void *self, bool failed)
{
	struct command_batches *c = self;
	(void)failed;
	exec_free(c->exec);
	key_spec_release(&c->key);
	key_list_release(&c->keys);
	batch_release(&c->given_up);
	free(c->argv);
}

int main(int argc, char **argv)
{
	static const struct opt options[] = {
		{'n', "count", OPT_COUNT, offsetof(struct command_batches, rows), "N",
		 "so many records in a batch, 100 by default", NULL},
		{'w', "wait", OPT_DURATION, offsetof(struct command_batches, wait), "D",
		 "a batch waits so long to be full, 5s by default", NULL},
		{'P', "parallel", OPT_COUNT, offsetof(struct command_batches, parallel), "N",
		 "so many batches at once, 1 by default", NULL},
		{'k', "key", OPT_TEXT, offsetof(struct command_batches, key_text), "FIELD",
		 "records with the same value stay in order", NULL},
		{0, "retries", OPT_COUNT, offsetof(struct command_batches, retries), "N",
		 "try a batch that failed so many times more, 3 by default", NULL},
		{0, "backoff", OPT_DURATION, offsetof(struct command_batches, backoff), "D",
		 "wait at most so long before the first of them, 100ms by default", NULL},
		{0, "timeout", OPT_DURATION, offsetof(struct command_batches, timeout), "D",
		 "a run that takes longer has failed", NULL},
		{0, "limit", OPT_SIZE, offsetof(struct command_batches, limit), "SIZE",
		 "a run that prints more has failed, 64M by default", NULL},
		{0, "unordered", OPT_FLAG, offsetof(struct command_batches, unordered), NULL,
		 "pass on what a batch gives as soon as it is there", NULL},
		{0, "dead", OPT_TEXT, offsetof(struct command_batches, dead), "DEST",
		 "keep the records at fault in a file or stream:NAME", NULL},
		{0},
	};
	static const struct command command = {
		.summary = "gives batches of records to a command, and takes back what it prints",
		.operands = "[--] COMMAND…",
		.examples = "  stream-get web | stream-exec -n 500 -P 4 -k client -- ./deliver\n"
			    "  stream-get web | stream-exec --dead failed.json -- 'curl -sf --data-binary @- "
			    "http://localhost:8080/'\n"
			    "  stream-get web | stream-exec -n 10000 -- jq -c '{path, status}'\n",
		.options = options,
		.traits = COMMAND_FOLDS | COMMAND_RUNS,
	};
	static const struct checkpoint_ops checkpoint = {.version = 1, .settle = drain, .save = save, .load = load};
	static const struct stage stage = {.setup = setup,
					   .batch = batch,
					   .control = control,
					   .ready = work,
					   .timer = work,
					   .drain = drain,
					   .close = release,
					   .checkpoint = &checkpoint};
	struct command_batches batches = {.rows = 100,
					  .wait = 5 * SECOND,
					  .parallel = 1,
					  .retries = 3,
					  .backoff = 100 * MILLISECOND,
					  .limit = 64 << 20};
	return flow_main(argc, argv, &command, &stage, &batches);
}

/* stream-merge in a checkpointed flow: the records that wait for others, input by input, and how far each has come. */
#include "merge.h"

static int add(void *self, const struct batch *b, struct error *e)
{
	return snapshot_add(self, b, e);
}

int merging_save(void *self, struct flow *f, struct snapshot *to, struct error *e)
{
	struct merge *m = self;
	(void)f;
	const struct state_out out = {.add = add, .self = to};
	const struct field sent = {"sent", value_int(m->sent)};
	int r = state_part(&out, "merge", 0, &sent, 1, e);
	for (int i = 0; i < m->count && !r; i++) {
		const struct source *s = &m->sources[i];
		const struct field head[] = {
			{"input", value_int(i)}, {"told", value_int(s->told)}, {"at", value_int(m->whole.at[i])}};
		r = queue_save(&s->queue, &out, head, 3, e);
	}
	return r;
}

static int load_source(struct merge *m, const struct batch *head, struct error *e)
{
	int64_t input, at;
	if (state_int(head, 0, "input", &input, e))
		return e->code;
	if (input < 0 || input >= m->count)
		return error_set(e, ERR_FAILED, "the snapshot is of another number of inputs");
	m->input = (int)input;
	if (state_int(head, 0, "told", &m->sources[input].told, e) || state_int(head, 0, "at", &at, e))
		return e->code;
	watermark_inputs_advance(&m->whole, (uint32_t)input, at);
	return 0;
}

static int load_head(struct merge *m, const struct batch *head, struct error *e)
{
	if (state_is(&m->in, "merge"))
		return state_int(head, 0, "sent", &m->sent, e);
	int r = state_is(&m->in, "queue") ? load_source(m, head, e) : 0;
	return r ? r : queue_load_head(&m->sources[m->input].queue, &m->in, head, e);
}

static int finish(struct merge *m)
{
	for (int i = 0; i < m->count; i++)
		queue_load_end(&m->sources[i].queue);
	return 0;
}

int merging_load(void *self, struct flow *f, struct batch *b, struct error *e)
{
	struct merge *m = self;
	(void)f;
	if (!b)
		return finish(m);
	int r = state_take(&m->in, b, e);
	return r < 0 ? r : r ? load_head(m, b, e) : queue_load_rows(&m->sources[m->input].queue, &m->in, b, e);
}

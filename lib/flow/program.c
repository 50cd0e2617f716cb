#include "flow/program.h"

int program_start(struct program *p, const char *name, char *const *argv, enum format format, struct flow *f,
		  struct error *e)
{
	int r = spawn_command(argv, SPAWN_INPUT, &p->process, e);
	if (r)
		return r;
	struct output_options o = {.format = format};
	p->name = name;
	p->ours = format == FORMAT_FRAMES;
	p->pipe = output_new(p->process.input, p->name, &o);
	flow_watch_output(f, p->pipe, p->name);
	return 0;
}

/* A reader that went away is no quiet end here: it was to keep the records. */
static int died(struct program *p, int r, struct error *e)
{
	if (r != ERR_GONE)
		return r;
	int status = 0;
	output_free(p->pipe);
	p->pipe = NULL;
	if (!spawn_wait(p->process.pid, &status, e))
		error_set(e, ERR_FAILED, "%s ended with status %d before it had all", p->name, status);
	p->process.pid = 0;
	return e->code;
}

int program_batch(struct program *p, struct flow *f, struct batch *b, struct error *e)
{
	uint32_t before = b->reject_count;
	int r = died(p, output_batch(p->pipe, b, e), e);
	if (!r)
		flow_count_out(f, batch_count(b) - (b->reject_count - before));
	return r;
}

int program_control(struct program *p, enum frame_kind kind, unsigned flags, const struct batch *body, struct error *e)
{
	return died(p, output_control(p->pipe, kind, flags, body, e), e);
}

int program_flush(struct program *p, struct error *e)
{
	return died(p, output_flush(p->pipe, e), e);
}

int program_end(struct program *p, struct flow *f, struct error *e)
{
	struct batch body;
	batch_init(&body);
	flow_end_body(f, false, &body);
	int r = program_control(p, FRAME_END, 0, &body, e);
	if (!r)
		r = died(p, output_finish(p->pipe, e), e);
	batch_release(&body);
	if (r)
		return r;
	flow_unwatch_output(f, p->pipe);
	output_free(p->pipe);
	p->pipe = NULL;
	int status;
	r = spawn_wait(p->process.pid, &status, e);
	p->process.pid = 0;
	if (!r && p->ours && status == error_status(ERR_REJECTED))
		flow_note_uncaught(f);
	else if (!r && status)
		r = error_set(e, ERR_FAILED, "%s ended with status %d", p->name, status);
	return r;
}

void program_abandon(struct program *p)
{
	output_free(p->pipe);
	p->pipe = NULL;
	int status;
	if (p->process.pid)
		spawn_wait(p->process.pid, &status, NULL);
	p->process.pid = 0;
}

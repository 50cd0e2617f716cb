#include "sort/pane_parts.h"

static int save_window(const struct panes *p, const struct state_out *o, struct error *e)
{
	struct batch b;
	batch_init(&b);
	window_write(&p->spec, &b);
	int r = state_batch(o, "window", NULL, 0, &b, e);
	batch_release(&b);
	return r;
}

int pane_parts_save(const struct panes *p, const struct state_out *o, struct error *e)
{
	struct batch b;
	uint32_t from = 0;
	int r = p->windowed ? save_window(p, o, e) : 0;
	batch_init(&b);
	do {
		batch_clear(&b);
		from += panes_save(p, from, &b);
		if (!r)
			r = state_batch(o, "panes", NULL, 0, &b, e);
	} while (!r && from < p->count);
	batch_release(&b);
	return r;
}

int pane_parts_load(struct panes *p, const struct state_in *in, const struct batch *b, const char *command,
		    struct error *e)
{
	if (state_is(in, "window"))
		return panes_window(p, b, command, e) ? e->code : 1;
	if (state_is(in, "panes"))
		return panes_load(p, b, e) ? e->code : 1;
	return 0;
}

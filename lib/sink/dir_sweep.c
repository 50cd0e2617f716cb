/* What flows that are no more have left in a directory. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sink/dir_flow.h"

static const char PREFIX[] = ".stream-";

static void look(void *arg, const char *name)
{
	struct buf *flows = arg;
	size_t prefix = sizeof PREFIX - 1;
	if (!strncmp(name, PREFIX, prefix) && name[prefix])
		buf_append(flows, name + prefix, strlen(name + prefix) + 1);
}

/* Takes it over, and so carries out its last commit; nobody will do so after us. */
static int end_flow(const struct dir_flow *w, const char *flow, uint64_t epoch)
{
	struct dir_flow other;
	struct ledger_entry last;
	int r = dir_flow_open(&other, w->io, w->fixed, flow, epoch, &last, NULL);
	ledger_entry_release(&last);
	if (!r)
		r = path_remove(w->io, other.work, NULL);
	dir_flow_release(&other);
	return r;
}

static void sweep_one(const struct dir_flow *w, const char *flow, bool (*gone)(const char *state, size_t len))
{
	struct ledger_entry x;
	char *work = file_path("%s/%s%s", w->fixed, PREFIX, flow);
	bool over = strcmp(work, w->work) && !ledger_look(w->io, work, "commit", &x, NULL);
	if (over) {
		if (x.len && gone(x.state, x.len))
			end_flow(w, flow, x.epoch + 1);
		ledger_entry_release(&x);
	}
	free(work);
}

void dir_flow_sweep(const struct dir_flow *w, bool (*gone)(const char *state, size_t len))
{
	struct buf flows = BUF_INIT;
	if (!path_list(w->io, w->fixed, look, &flows, NULL))
		for (size_t at = 0; at < flows.len; at += strlen(flows.data + at) + 1)
			sweep_one(w, flows.data + at, gone);
	buf_release(&flows);
}

/* What flows that are no more have left in a directory. */
#include <fcntl.h>
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

/* What a flow that has committed nothing says of itself. */
static void read_origin(const struct dir_flow *w, const char *work, struct buf *out)
{
	enum { ORIGIN_MAX = 1 << 16 };
	struct file f;
	char *path = file_path("%s/%s", work, DIR_ORIGIN);
	if (file_find(&f, w->io, path, O_RDONLY, NULL) > 0) {
		ssize_t n = file_read(&f, buf_reserve(out, ORIGIN_MAX), ORIGIN_MAX, 0, NULL);
		out->len = n > 0 ? (size_t)n : 0;
		file_close(&f);
	}
	free(path);
}

static void sweep_one(const struct dir_flow *w, const char *flow, bool (*gone)(const char *state, size_t len))
{
	struct ledger_entry x;
	struct buf origin = BUF_INIT;
	char *work = file_path("%s/%s%s", w->fixed, PREFIX, flow);
	if (strcmp(work, w->work) && !ledger_look(w->io, work, "commit", &x, NULL)) {
		if (!x.len)
			read_origin(w, work, &origin);
		if (x.len ? gone(x.state, x.len) : gone(origin.data, origin.len))
			end_flow(w, flow, x.epoch + 1);
		ledger_entry_release(&x);
	}
	buf_release(&origin);
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

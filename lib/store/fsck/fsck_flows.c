/* What flows have committed in the stream (store/commit/redo.h): decided and durable, whether it is in the shards already or not. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/home.h"
#include "store/commit/redo.h"
#include "store/fsck/fsck_private.h"

/* Entries are FLOW.SEQ; drafts, which nobody was promised, have a + in front of the dot. */
static void look_at_name(void *arg, const char *name)
{
	struct name_list *flows = arg;
	size_t len = strcspn(name, ".+");
	const char *seq = name + len + 1;
	if (name[len] != '.' || !*seq || seq[strspn(seq, "0123456789")])
		return;
	for (size_t i = 0; i < flows->count; i++)
		if (!strncmp(flows->items[i], name, len) && !flows->items[i][len])
			return;
	char *flow = mem_copy(name, len);
	name_list_add(flows, flow);
	free(flow);
}

/* The newest entry: 1 if it is well or there is none, 0 and why if not. `seq` is its number. */
static int look_at_entry(struct fsck *f, const char *directory, const char *flow, uint64_t *seq, struct error *why)
{
	struct ledger_entry x;
	int r = ledger_newest(f->io, directory, flow, seq, why);
	if (r)
		return r;
	r = ledger_look(f->io, directory, flow, &x, why);
	if (!r) {
		struct stream s = {.io = f->io, .directory = (char *)(uintptr_t)f->directory};
		*seq = x.seq;
		r = ledger_entry_check(&x, why);
		if (!r)
			r = redo_check(&s, flow, &x, why);
		ledger_entry_release(&x);
	}
	return r == ERR_FAILED ? 0 : r ? r : 1;
}

/* An entry never changes, so what is wrong with one is damage, unless it has been superseded and removed under us. */
static int check_flow(struct fsck *f, const char *directory, const char *flow, struct error *e)
{
	struct error why;
	uint64_t seq, newest;
	int tries = 10, r;
	do {
		r = look_at_entry(f, directory, flow, &seq, &why);
		if (r < 0)
			return error_set(e, r, "%s", why.text);
		if (r > 0)
			return OK;
		r = ledger_newest(f->io, directory, flow, &newest, e);
	} while (!r && newest != seq && --tries);
	if (!r && newest == seq) {
		char *path = file_path("%s/%s.%" PRIu64, directory, flow, seq);
		fsck_fault(f, -1, path, NULL, "%s", why.text);
		free(path);
	}
	return r;
}

int fsck_flows(struct fsck *f, struct error *e)
{
	struct name_list flows = {0};
	struct file there;
	char *directory = file_path("%s/flows", f->directory);
	int r = file_find(&there, f->io, directory, O_RDONLY | O_DIRECTORY, e);
	if (r > 0) {
		file_close(&there);
		r = path_list(f->io, directory, look_at_name, &flows, e);
	}
	for (size_t i = 0; !r && i < flows.count; i++)
		r = check_flow(f, directory, flows.items[i], e);
	name_list_release(&flows);
	free(directory);
	return r;
}

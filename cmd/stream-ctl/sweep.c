/* What flows that are no more have left behind: whoever resets or deletes a group clears it away, in all streams of the home. */
#include "store/commit/sweep.h"

#include <string.h>

#include "ctl.h"
#include "flow/gone.h"
#include "store/group/group.h"
#include "store/group/slot.h"

void ctl_flows_of(const struct stream *s, const char *group, struct name_list *ids)
{
	struct group g;
	struct slot_view v;
	if (group_find(&g, s, group, NULL))
		return;
	for (uint32_t k = 0; k < g.slots; k++) {
		if (!slot_look(&v, &g, k, NULL))
			name_list_add(ids, v.flow);
		slot_view_release(&v);
	}
	group_close(&g);
}

void ctl_flows_of_all(const struct stream *s, struct name_list *ids)
{
	struct name_list groups = {0};
	group_list(s, &groups, NULL);
	for (size_t i = 0; i < groups.count; i++)
		ctl_flows_of(s, groups.items[i], ids);
	name_list_release(&groups);
}

/* By its id, if we have just ended it: it may have died before its first commit. Else by where its state was. */
static bool is_gone(void *arg, const char *flow, const char *state, size_t len)
{
	const struct name_list *ids = arg;
	for (size_t i = 0; i < ids->count; i++)
		if (!strcmp(ids->items[i], flow))
			return true;
	return len && gone_flow(state, len);
}

int ctl_sweep(const struct stream *s, const struct name_list *ids, struct error *e)
{
	return sweep_flows(s, &(struct sweep){is_gone, (void *)(uintptr_t)ids}, e);
}

/* What fails here fails for another reason than what was asked for, and is tried again by the next one. */
void ctl_sweep_home(const struct name_list *ids)
{
	struct name_list names = {0};
	struct stream s;
	int r = home_list(&files_real, &names, NULL);
	for (size_t i = 0; !r && i < names.count; i++) {
		if (stream_open(&s, &files_real, names.items[i], NULL))
			continue;
		ctl_sweep(&s, ids, NULL);
		stream_close(&s);
	}
	name_list_release(&names);
}

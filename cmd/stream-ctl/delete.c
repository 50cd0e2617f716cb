/* delete: a stream goes, whole; or one group of it. */
#include "ctl.h"
#include "store/group/group.h"
#include "store/stream/remove.h"

int ctl_delete(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	const char *group = NULL;
	struct name_list ended = {0};
	int r = ctl_open(o, &s, e);
	if (!r && o->count)
		r = operand_take(o, "GROUP", &group, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r && group)
		ctl_flows_of(&s, group, &ended);
	else if (!r)
		ctl_flows_of_all(&s, &ended);
	if (!r)
		r = group ? group_delete(&s, group, e) : stream_remove(&s, c->force, e);
	stream_close(&s);
	if (!r)
		ctl_sweep_home(&ended);
	name_list_release(&ended);
	return r ? r : 1;
}

/* reset: a group goes to another place, and the state of its pipelines is dropped. */
#include "ctl.h"
#include "store/group/group.h"

int ctl_reset(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	struct group g = {0};
	struct name_list ended = {0};
	const char *name;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = operand_take(o, "GROUP", &name, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r && !c->from)
		r = error_set(e, ERR_USAGE, "reset: where to? --from start, end, a time or a @seq");
	if (!r)
		r = group_find(&g, &s, name, e);
	if (!r)
		ctl_flows_of(&s, name, &ended);
	if (!r)
		r = group_reset(&g, &s, c->from, e);
	if (!r)
		ctl_sweep_home(&ended);
	name_list_release(&ended);
	group_close(&g);
	stream_close(&s);
	return r;
}

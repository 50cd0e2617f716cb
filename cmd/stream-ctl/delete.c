/* delete: a stream goes, whole; or one group of it. */
#include "ctl.h"
#include "store/group.h"
#include "store/remove.h"

int ctl_delete(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	const char *group = NULL;
	int r = ctl_open(o, &s, e);
	if (!r && o->count)
		r = operand_take(o, "GROUP", &group, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r)
		r = group ? group_delete(&s, group, e) : stream_remove(&s, c->force, e);
	stream_close(&s);
	if (!r)
		ctl_sweep_home();
	return r ? r : 1;
}

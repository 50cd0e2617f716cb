/* delete: a stream goes, whole. */
#include "ctl.h"
#include "store/remove.h"

int ctl_delete(struct ctl *c, struct operands *o, struct error *e)
{
	struct stream s;
	int r = ctl_open(o, &s, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r)
		r = stream_remove(&s, c->force, e);
	stream_close(&s);
	return r ? r : 1;
}

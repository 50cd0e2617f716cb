/* What flows that are no more have left behind: whoever resets or deletes a group clears it away, in all streams of the home. */
#include "store/sweep.h"

#include "ctl.h"
#include "flow/gone.h"
#include "store/home.h"

int ctl_sweep(const struct stream *s, struct error *e)
{
	return sweep_flows(s, gone_flow, e);
}

/* What fails here fails for another reason than what was asked for, and is tried again by the next one. */
void ctl_sweep_home(void)
{
	struct name_list names = {0};
	struct stream s;
	int r = home_list(&files_real, &names, NULL);
	for (size_t i = 0; !r && i < names.count; i++) {
		if (stream_open(&s, &files_real, names.items[i], NULL))
			continue;
		ctl_sweep(&s, NULL);
		stream_close(&s);
	}
	name_list_release(&names);
}

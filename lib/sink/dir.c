#include "sink/dir.h"
int dir_sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e)
{
	(void)o; *out = NULL;
	return error_set(e, ERR_FAILED, "%s", url);
}

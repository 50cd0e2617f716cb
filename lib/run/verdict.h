/*
 * What became of a pipeline, out of what became of its processes. A process that dies takes others along: upstream they find their
 * reader gone (141), downstream their input cut off (4). The cause is the first one, from upstream, that ended in another way.
 */
#ifndef STREAM_RUN_VERDICT_H
#define STREAM_RUN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "run/stages.h"

struct verdict {
	int status; /* of the whole */
	bool again; /* it may go better another time: not if it is done, its reader went away, or it is wrong as it stands */
	char text[256]; /* who failed, and how; empty: nobody */
};

/*
 * `shell` is the status that the shell ended with; `statuses` those of the last pipeline that it ran, from upstream, as it wrote them
 * (NULL: it did not). Commands of ours that the shell knows no status of, such as those in <( ), have it in their pages.
 */
struct verdict verdict_of(int shell, const char *statuses, const struct stages *s);

#endif

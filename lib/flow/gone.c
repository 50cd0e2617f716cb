#include "flow/gone.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/state_file.h"

static bool is_empty(const char *path)
{
	DIR *d = opendir(path);
	size_t names = 0;
	if (!d)
		return true;
	while (names < 3 && readdir(d))
		names++;
	closedir(d);
	return names < 3; /* itself, and the one above */
}

bool gone_directory(const char *directory)
{
	if (!access(directory, F_OK) || errno != ENOENT)
		return false;
	char *above = mem_copy(directory, strlen(directory));
	int r = -1, levels = 0;
	for (char *slash; r && (slash = strrchr(above, '/')) && slash != above;) {
		*slash = 0;
		levels++;
		r = access(above, F_OK);
		if (r && errno != ENOENT)
			break;
	}
	/* The folder that it was in may be left empty by a reset. */
	bool gone = !r && (levels == 1 || !is_empty(above));
	free(above);
	return gone;
}

bool gone_flow(const char *state, size_t len)
{
	struct buf lines = BUF_INIT;
	char *word, *rest;
	bool gone = false;
	buf_append(&lines, state, len);
	for (size_t at = 0; state_line(&lines, &at, &word, &rest);)
		gone |= !strcmp(word, "at") && gone_directory(rest);
	buf_release(&lines);
	return gone;
}

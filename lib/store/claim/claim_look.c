#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/mem.h"
#include "store/claim/claim.h"
#include "store/claim/claim_files.h"

/* Looking at runs from outside. */

/* The state letter of a process, as /proc has it; 0 if it has none. */
static char process_state(const struct files *io, int64_t pid)
{
	char text[512];
	struct file f;
	char *path = file_path("/proc/%" PRId64 "/stat", pid);
	ssize_t n = 0;
	if (file_find(&f, io, path, O_RDONLY, NULL) > 0) {
		n = file_read(&f, text, sizeof text - 1, 0, NULL);
		file_close(&f);
	}
	free(path);
	text[n > 0 ? n : 0] = 0;
	const char *behind = strrchr(text, ')');
	return behind && behind[1] == ' ' ? behind[2] : 0;
}

/* A process id means something on this machine alone, until it starts anew. */
static bool is_ours(const struct files *io, const char *boot)
{
	uint8_t id[BOOT_ID_SIZE];
	char text[2 * BOOT_ID_SIZE + 1];
	if (io->boot(io, id))
		return false;
	for (int i = 0; i < BOOT_ID_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	return !strcmp(text, boot);
}

static int read_run(struct claim_view *v, struct file *run, struct error *e)
{
	char text[256], boot[33] = "";
	ssize_t n = file_read(run, text, sizeof text - 1, 0, e);
	if (n < 0)
		return (int)n;
	text[n] = 0;
	if (sscanf(text, "pid %" SCNd64 "\nsince %39s\nboot %32s", &v->pid, v->since, boot) < 1)
		v->pid = 0;
	int r = file_try_lock(run, e);
	if (r < 0)
		return r;
	v->held = !r;
	char state = v->held && v->pid && is_ours(run->io, boot) ? process_state(run->io, v->pid) : 0;
	v->stopped = state == 'T' || state == 't';
	return OK;
}

int claim_look(struct claim_view *v, const struct files *io, const char *directory, struct error *e)
{
	struct claim_files files;
	struct file run = FILE_CLOSED;
	*v = (struct claim_view){0};
	int r = claim_files_read(&files, io, directory, e);
	v->epoch = files.epoch;
	if (r || !files.epoch)
		return r;
	char *path = claim_path(directory, files.epoch);
	r = file_find(&run, io, path, O_RDONLY, e);
	if (r > 0)
		r = read_run(v, &run, e);
	free(path);
	file_close(&run);
	return r;
}

void claim_holder_text(const struct claim_view *v, char out[128])
{
	if (v->pid)
		snprintf(out, 128, "process %" PRId64 ", since %s%s", v->pid, v->since,
			 v->stopped ? " (it is stopped)" : "");
	else
		snprintf(out, 128, "a process that did not say who it is");
}

int claim_watch(const struct files *io, const char *directory, int fd, struct error *e)
{
	struct claim_files files;
	int r = claim_files_read(&files, io, directory, e);
	if (r || !files.epoch)
		return r;
	/* Who writes the file is its run alone; when it is removed, there is a newer one. */
	char *path = claim_path(directory, files.epoch);
	io->watch(io, fd, path, IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF);
	free(path);
	return OK;
}

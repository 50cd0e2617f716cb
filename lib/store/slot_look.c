#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/slot.h"
#include "store/slot_files.h"

/* Looking at slots from outside, and waiting for one. */

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

static int read_run(struct slot_view *v, struct file *run, struct error *e)
{
	char text[256], boot[33] = "";
	ssize_t n = file_read(run, text, sizeof text - 1, 0, e);
	if (n < 0)
		return (int)n;
	text[n] = 0;
	if (sscanf(text, "pid %" SCNd64 "\nsince %39s\nboot %32s", &v->pid, v->since, boot) < 1)
		v->pid = 0;
	int r = slot_lock(run, e);
	if (r < 0)
		return r;
	v->held = !r;
	char state = v->held && v->pid && is_ours(run->io, boot) ? process_state(run->io, v->pid) : 0;
	v->stopped = state == 'T' || state == 't';
	return OK;
}

int slot_look(struct slot_view *v, const struct group *g, uint32_t k, struct error *e)
{
	struct slot_files files;
	struct file run = FILE_CLOSED;
	char *directory = slot_directory(g, k);
	*v = (struct slot_view){0};
	int r = slot_newest(g->io, directory, &files, &v->positions, v->flow, e);
	v->epoch = files.epoch;
	v->n = files.n;
	if (!r && files.epoch) {
		char *path = slot_run_path(directory, files.epoch);
		r = file_find(&run, g->io, path, O_RDONLY, e);
		if (r > 0)
			r = read_run(v, &run, e);
		free(path);
	}
	file_close(&run);
	free(directory);
	return r;
}

void slot_view_release(struct slot_view *v)
{
	positions_release(&v->positions);
}

void slot_holder_text(const struct slot_view *v, char out[128])
{
	if (v->pid)
		snprintf(out, 128, "process %" PRId64 ", since %s%s", v->pid, v->since,
			 v->stopped ? " (it is stopped)" : "");
	else
		snprintf(out, 128, "a process that did not say who it is");
}

/* -- waiting -- */

int slot_wait_open(const struct group *g, int *fd, struct error *e)
{
	*fd = g->io->notify(g->io);
	return *fd < 0 ? OK : slot_wait_again(g, *fd, e);
}

int slot_wait_again(const struct group *g, int fd, struct error *e)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	while (fd >= 0 && read(fd, events, sizeof events) > 0)
		;
	for (uint32_t k = 0; fd >= 0 && k < g->slots; k++) {
		struct slot_files files;
		char *directory = slot_directory(g, k);
		int r = slot_files_read(&files, g->io, directory, e);
		char *path = slot_run_path(directory, files.epoch);
		/* Who writes the file is its run alone; when it is removed, there is a newer one. */
		if (!r && files.epoch)
			g->io->watch(g->io, fd, path, IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF);
		free(path);
		free(directory);
		if (r)
			return r;
	}
	return OK;
}

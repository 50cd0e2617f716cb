#include "store/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "store/slot_files.h"

int flow_id_make(char id[FLOW_ID_LENGTH + 1], struct error *e)
{
	uint64_t n[2];
	if (getrandom(n, sizeof n, 0) != (ssize_t)sizeof n)
		return error_errno(e, "no random number is to be had");
	snprintf(id, FLOW_ID_LENGTH + 1, "%016" PRIx64 "%016" PRIx64, n[0], n[1]);
	return OK;
}

/* Whether the newest run is over: 1, or 0 if its process lives; 2: its file went away, look again. */
static int run_is_over(struct file *run, const struct files *io, const char *directory, uint64_t epoch, struct error *e)
{
	char *path = slot_run_path(directory, epoch);
	int r = file_find(run, io, path, O_RDONLY, e);
	free(path);
	return r < 0 ? r : !r ? 2 : slot_lock(run, e);
}

/* Who we are, for people. */
static int sign(struct slot *s, struct error *e)
{
	struct buf text = BUF_INIT;
	uint8_t boot[BOOT_ID_SIZE] = {0};
	char now[32];
	s->io->boot(s->io, boot);
	now[timestamp_text(timestamp_now(), now)] = 0;
	buf_printf(&text, "pid %ld\nsince %s\nboot ", (long)getpid(), now);
	for (int i = 0; i < BOOT_ID_SIZE; i++)
		buf_printf(&text, "%02x", boot[i]);
	buf_byte(&text, '\n');
	int r = file_write(&s->run, text.data, text.len, 0, e);
	buf_release(&text);
	return r;
}

/*
 * Makes the file of the next epoch: the fence. 1: we have it. 0: somebody else was faster. He may have looked into our
 * file before we locked it, and gone on from there.
 */
static int raise_epoch(struct slot *s, struct error *e)
{
	struct slot_files files;
	char *path = slot_run_path(s->directory, s->epoch);
	int r = file_open(&s->run, s->io, path, O_RDWR | O_CREAT | O_EXCL, e);
	free(path);
	if (r)
		return errno == EEXIST ? 0 : r;
	r = slot_lock(&s->run, e);
	if (r > 0 && !(r = sign(s, e)) && !(r = path_sync(s->io, s->directory, e)) &&
	    !(r = slot_files_read(&files, s->io, s->directory, e)))
		r = files.epoch == s->epoch;
	if (r <= 0)
		file_close(&s->run);
	return r;
}

static int try_once(struct slot *s, uint64_t least, bool steal, struct error *e)
{
	struct slot_files files;
	struct file before = FILE_CLOSED;
	int r = slot_files_read(&files, s->io, s->directory, e);
	if (r)
		return r;
	r = !files.epoch || steal ? 1 : run_is_over(&before, s->io, s->directory, files.epoch, e);
	if (r == 1) {
		s->epoch = files.epoch + 1 > least ? files.epoch + 1 : least;
		r = raise_epoch(s, e);
	}
	file_close(&before);
	return r == 2 ? 0 : r;
}

int slot_try(struct slot *s, const struct group *g, uint32_t k, uint64_t least, bool steal, struct error *e)
{
	*s = (struct slot){
		.io = g->io,
		.directory = slot_directory(g, k),
		.stream = g->stream,
		.group = g->name,
		.index = k,
		.run = FILE_CLOSED,
	};
	route_part(k, g->slots, &s->from, &s->to);
	int r = try_once(s, least, steal, e);
	if (r <= 0)
		slot_release(s);
	return r;
}

void slot_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = MILLISECOND}, NULL);
}

int slot_take(struct slot *s, const struct group *g, uint32_t k, uint64_t least, bool steal, struct error *e)
{
	int r = slot_try(s, g, k, least, steal, e);
	for (int i = 1; !r && i < SLOT_TRIES; i++) {
		slot_pause();
		r = slot_try(s, g, k, least, steal, e);
	}
	return r;
}

void slot_release(struct slot *s)
{
	if (!s->directory)
		return;
	file_close(&s->run);
	positions_release(&s->positions);
	free(s->directory);
	*s = (struct slot){0};
}

static int fenced(const struct slot *s, struct error *e)
{
	return error_set(e, ERR_UPSTREAM, "%s: another process has taken slot %" PRIu32 " of group %s", s->stream,
			 s->index, s->group);
}

int slot_check(const struct slot *s, struct error *e)
{
	struct slot_files files;
	int r = slot_files_read(&files, s->io, s->directory, e);
	return r ? r : files.epoch > s->epoch ? fenced(s, e) : OK;
}

/* Writes our snapshot n. It counts only if no newer epoch was there afterwards: whoever raised it later has seen it. */
int slot_write(struct slot *s, uint64_t n, const struct positions *p, struct error *e)
{
	struct error newer;
	char *name = slot_snapshot_name(n, s->epoch);
	int r = positions_save(p, s->flow, s->io, s->directory, name, e);
	int checked = slot_check(s, r ? &newer : e);
	if (checked == ERR_UPSTREAM) {
		char *path = file_path("%s/%s", s->directory, name);
		path_remove(s->io, path, NULL);
		free(path);
		if (r && e)
			*e = newer;
	}
	free(name);
	return checked == ERR_UPSTREAM || !r ? checked : r;
}

int slot_commit(struct slot *s, uint64_t n, const struct positions *p, struct error *e)
{
	int r = slot_write(s, n, p, e);
	if (r)
		return r;
	if (n != s->n) {
		char *name = slot_snapshot_name(s->n, s->epoch), *path = file_path("%s/%s", s->directory, name);
		path_remove(s->io, path, NULL); /* else the next taker does */
		free(path);
		free(name);
	}
	s->n = n;
	if (p != &s->positions)
		positions_copy(&s->positions, p);
	return OK;
}

int slot_load(const struct slot *s, uint64_t n, uint64_t epoch, struct positions *p, struct error *e)
{
	char flow[FLOW_ID_LENGTH + 1];
	char *name = slot_snapshot_name(n, epoch), *path = file_path("%s/%s", s->directory, name);
	int r = positions_load(p, flow, s->io, path, e);
	free(path);
	free(name);
	return r;
}

int slot_newest(const struct files *io, const char *directory, struct slot_files *files, struct positions *p,
		char flow[FLOW_ID_LENGTH + 1], struct error *e)
{
	/* A holder may put a newer one in its place while we look. */
	enum { TRIES = 100 };
	int r = 0;
	for (int i = 0; !r && i < TRIES; i++) {
		r = slot_files_read(files, io, directory, e);
		if (r)
			return r;
		if (!files->any)
			continue;
		char *name = slot_snapshot_name(files->n, files->n_epoch), *path = file_path("%s/%s", directory, name);
		r = positions_load(p, flow, io, path, e);
		free(path);
		free(name);
	}
	return r < 0 ? r
	       : r   ? OK
		     : error_set(e, ERR_FAILED, "%s has lost its positions: set them by `stream-ctl reset`", directory);
}

int slot_resume(struct slot *s, struct error *e)
{
	struct slot_files files;
	int r = slot_newest(s->io, s->directory, &files, &s->positions, s->flow, e);
	if (!r && files.n_epoch != s->epoch)
		r = slot_write(s, files.n, &s->positions, e);
	s->n = files.n;
	return r ? r : slot_files_clean(s->io, s->directory, s->epoch, e);
}

/* The state is removed by the name of the flow that it belonged to, after the commit that ended that flow: so a run that
   is stopped here for long takes away nothing that a later one has made. */
int slot_restart(struct slot *s, const struct positions *p, struct error *e)
{
	struct slot_files files;
	struct positions unused = {0};
	char *state = NULL;
	if (!slot_newest(s->io, s->directory, &files, &unused, s->flow, NULL))
		state = slot_state_path(s);
	positions_release(&unused);
	int r = flow_id_make(s->flow, e);
	if (!r)
		r = slot_commit(s, 0, p, e);
	if (!r && state)
		r = path_remove(s->io, state, e);
	free(state);
	return r ? r : slot_files_clean(s->io, s->directory, s->epoch, e);
}

char *slot_state_path(const struct slot *s)
{
	return file_path("%s/state/%s", s->directory, s->flow);
}

char *slot_receipt_path(const struct slot *s)
{
	return file_path("%s/receipt.%" PRIu64, s->directory, s->epoch);
}

int slot_create(const struct files *io, const char *directory, const struct positions *p, struct error *e)
{
	char flow[FLOW_ID_LENGTH + 1];
	char *name = slot_snapshot_name(0, 0);
	int r = path_mkdirs(io, directory, e);
	if (!r)
		r = flow_id_make(flow, e);
	if (!r)
		r = positions_save(p, flow, io, directory, name, e);
	free(name);
	return r;
}

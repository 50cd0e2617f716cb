#include "store/claim/claim.h"

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
#include "store/claim/claim_files.h"
#include "store/disk/sealed.h"

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
	char *path = claim_path(directory, epoch);
	int r = file_find(run, io, path, O_RDONLY, e);
	free(path);
	return r < 0 ? r : !r ? 2 : file_try_lock(run, e);
}

/* Who we are, for people. */
static int sign(struct claim *c, struct error *e)
{
	struct buf text = BUF_INIT;
	uint8_t boot[BOOT_ID_SIZE] = {0};
	char now[32];
	c->io->boot(c->io, boot);
	now[timestamp_text(timestamp_now(), now)] = 0;
	buf_printf(&text, "pid %ld\nsince %s\nboot ", (long)getpid(), now);
	for (int i = 0; i < BOOT_ID_SIZE; i++)
		buf_printf(&text, "%02x", boot[i]);
	buf_byte(&text, '\n');
	int failed = file_write(&c->file, text.data, text.len, 0, e);
	buf_release(&text);
	return failed;
}

/*
 * Makes the file of the next epoch: the fence. 1: we have it. 0: somebody else was faster. He may have looked into our
 * file before we locked it, and gone on from there.
 */
static int raise_epoch(struct claim *c, struct error *e)
{
	struct claim_files files;
	char *path = claim_path(c->directory, c->epoch);
	int r = file_open(&c->file, c->io, path, O_RDWR | O_CREAT | O_EXCL, e);
	free(path);
	if (r)
		return errno == EEXIST ? 0 : r;
	r = file_try_lock(&c->file, e);
	if (r > 0 && !(r = sign(c, e)) && !(r = path_sync(c->io, c->directory, e)) &&
	    !(r = claim_files_read(&files, c->io, c->directory, e)))
		r = files.epoch == c->epoch;
	if (r <= 0)
		file_close(&c->file);
	return r;
}

static int try_once(struct claim *c, uint64_t least, bool steal, struct error *e)
{
	struct claim_files files;
	struct file before = FILE_CLOSED;
	int r = claim_files_read(&files, c->io, c->directory, e);
	if (r)
		return r;
	r = !files.epoch || steal ? 1 : run_is_over(&before, c->io, c->directory, files.epoch, e);
	if (r == 1) {
		c->epoch = files.epoch + 1 > least ? files.epoch + 1 : least;
		r = raise_epoch(c, e);
	}
	file_close(&before);
	return r == 2 ? 0 : r;
}

int claim_try(struct claim *c, const struct files *io, const char *directory, uint64_t least, bool steal,
	      struct error *e)
{
	*c = (struct claim){.io = io, .directory = mem_copy(directory, strlen(directory)), .file = FILE_CLOSED};
	int r = try_once(c, least, steal, e);
	if (r <= 0)
		claim_release(c);
	return r;
}

void claim_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = MILLISECOND}, NULL);
}

int claim_take(struct claim *c, const struct files *io, const char *directory, uint64_t least, bool steal,
	       struct error *e)
{
	int r = claim_try(c, io, directory, least, steal, e);
	for (int i = 1; !r && i < CLAIM_TRIES; i++) {
		claim_pause();
		r = claim_try(c, io, directory, least, steal, e);
	}
	return r;
}

void claim_release(struct claim *c)
{
	if (!c->directory)
		return;
	file_close(&c->file);
	free(c->directory);
	*c = (struct claim){.file = FILE_CLOSED};
}

int claim_check(const struct claim *c, struct error *e)
{
	struct claim_files files;
	int r = claim_files_read(&files, c->io, c->directory, e);
	return r ? r : files.epoch <= c->epoch;
}

void claim_forget(const struct claim *c, uint64_t n)
{
	char *path = claim_snapshot_path(c->directory, n, c->epoch);
	path_remove(c->io, path, NULL);
	free(path);
}

/* It counts only if no newer epoch was there afterwards: whoever raised it later has seen it. */
int claim_keep(const struct claim *c, uint64_t n, struct buf *text, struct error *e)
{
	struct error later;
	char *name = claim_snapshot_name(n, c->epoch);
	int r = sealed_save(text, c->io, c->directory, name, e);
	free(name);
	int ours = claim_check(c, r ? &later : e);
	if (!ours)
		claim_forget(c, n);
	return !ours ? 0 : r ? r : ours;
}

int claim_clean(const struct claim *c, struct error *e)
{
	return claim_clean_but(c, 0, e);
}

int claim_clean_but(const struct claim *c, uint64_t epoch, struct error *e)
{
	return claim_files_clean(c->io, c->directory, c->epoch, epoch, e);
}

int claim_forget_below(const struct claim *c, uint64_t n, struct error *e)
{
	return claim_files_forget(c->io, c->directory, c->epoch, n, e);
}

int claim_find(const struct claim *c, uint64_t n, uint64_t epoch, uint64_t *found_n, uint64_t *found_epoch,
	       struct error *e)
{
	return claim_files_find(c->io, c->directory, n, epoch, found_n, found_epoch, e);
}

int claim_newest(const struct claim *c, uint64_t *n, uint64_t *epoch, struct error *e)
{
	struct claim_files files;
	int r = claim_files_read(&files, c->io, c->directory, e);
	*n = files.n;
	*epoch = files.n_epoch;
	return r ? r : files.any;
}

char *claim_snapshot(const struct claim *c, uint64_t n, uint64_t epoch)
{
	return claim_snapshot_path(c->directory, n, epoch);
}

#include "flow/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "flow/gone.h"
#include "flow/state_file.h"

enum { STEP_MS = 5 };

/* -- names -- */

/* The file need not be there; its directory must. Malloced. */
static char *resolve(const char *file, struct error *e)
{
	char *whole = realpath(file, NULL);
	if (whole)
		return whole;
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	char *above = !slash ? mem_copy(".", 1) : mem_copy(file, slash == file ? 1 : (size_t)(slash - file));
	char *directory = realpath(above, NULL);
	if (directory)
		whole = state_path("%s/%s", directory[1] ? directory : "", name);
	else
		error_errno(e, "%s", file);
	free(directory);
	free(above);
	return whole;
}

/* From the root, links as they are. Malloced. */
static char *absolute(const char *file)
{
	char *here = *file == '/' ? NULL : getcwd(NULL, 0);
	char *whole = here ? state_path("%s/%s", here, file) : mem_copy(file, strlen(file));
	free(here);
	return whole;
}

static char *mark_path(const char *whole)
{
	const char *name = strrchr(whole, '/') + 1;
	return state_path("%.*s.%s.owner", (int)(name - whole), whole, name);
}

/* -- what a mark says -- */

struct mark_text {
	struct buf text; /* the others point into it */
	const char *flow, *place, *directory, *who;
	uint64_t epoch, pid;
};

/* One that is empty, for whoever made it died, says nothing. */
static int read_mark(const char *path, struct mark_text *m, struct error *e)
{
	char *word, *rest;
	*m = (struct mark_text){.text = BUF_INIT, .flow = "", .place = "", .directory = "", .who = ""};
	char *slash = strrchr(path, '/'), *directory = mem_copy(path, (size_t)(slash - path));
	struct stat st;
	int r = stat(path, &st) || !st.st_size ? 0 : state_load(directory, slash + 1, &m->text, e);
	free(directory);
	for (size_t at = 0; r > 0 && state_line(&m->text, &at, &word, &rest);) {
		if (!strcmp(word, "epoch"))
			m->epoch = strtoull(rest, NULL, 10);
		else if (!strcmp(word, "flow"))
			m->flow = rest;
		else if (!strcmp(word, "place"))
			m->place = rest;
		else if (!strcmp(word, "directory"))
			m->directory = rest;
		else if (!strcmp(word, "who"))
			m->who = rest;
		else if (!strcmp(word, "pid"))
			m->pid = strtoull(rest, NULL, 10);
	}
	return r < 0 ? r : 0;
}

/* A text of one size, whatever the epoch: a power cut leaves no mixture of two that differ in anything else. */
static int write_mark(const struct owner *o, struct error *e)
{
	struct buf text = BUF_INIT;
	buf_printf(&text, "owner 1\nepoch %020" PRIu64 "\npid %010ld\nflow %s\nplace %s\ndirectory %s\nwho %s\n",
		   o->id.epoch, (long)getpid(), o->id.flow, o->id.place, o->id.directory, o->id.who);
	state_check(&text);
	struct stat st;
	bool failed = fstat(o->fd, &st) || ((size_t)st.st_size != text.len && ftruncate(o->fd, 0)) ||
		      pwrite(o->fd, text.data, text.len, 0) != (ssize_t)text.len || fdatasync(o->fd);
	int r = failed ? error_errno(e, "%s", o->path) : 0;
	buf_release(&text);
	return r;
}

/* -- the lock -- */

static int is_held(const struct owner *o, struct error *e)
{
	struct mark_text m;
	int r = read_mark(o->path, &m, e);
	buf_release(&m.text);
	return r ? r
		 : error_set(e, ERR_FAILED,
			     "%s: process %" PRIu64
			     " is in the midst of writing to it and does not go on; end it, or let it go on",
			     o->file, m.pid);
}

static int lock(struct owner *o, struct error *e)
{
	for (int64_t until = monotonic_now() + OWNER_PATIENCE * SECOND; flock(o->fd, LOCK_EX | LOCK_NB);) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(e, "%s", o->path);
		if (monotonic_now() > until)
			return is_held(o, e);
		poll(NULL, 0, STEP_MS);
	}
	return 0;
}

void owner_unlock(struct owner *o)
{
	flock(o->fd, LOCK_UN);
}

static int fenced(const struct owner *o, struct error *e)
{
	return error_set(e, ERR_UPSTREAM, "a later run has taken over %s; nothing was written to it", o->file);
}

int owner_lock(struct owner *o, struct error *e)
{
	struct mark_text m;
	int r = lock(o, e);
	if (r)
		return r;
	r = read_mark(o->path, &m, e);
	if (!r && (strcmp(m.flow, o->id.flow) || strcmp(m.place, o->id.place) || m.epoch != o->id.epoch))
		r = fenced(o, e);
	buf_release(&m.text);
	if (r)
		owner_unlock(o);
	return r;
}

/* -- taking it -- */

static int belongs_to(const char *file, const struct mark_text *m, struct error *e)
{
	return error_set(e, ERR_USAGE,
			 "%s belongs to stage %.*s of %s, which cuts it back to its last checkpoint when it goes on: "
			 "give each its own",
			 file, (int)strcspn(m->place, " "), m->place, m->who);
}

/* Whether the one who has it is us, nobody any more, or another. */
static int judge(const struct owner *o, const struct mark_text *m, struct error *e)
{
	bool ours = !strcmp(m->flow, o->id.flow) && !strcmp(m->place, o->id.place);
	if (ours && m->epoch > o->id.epoch)
		return fenced(o, e);
	if (ours ? m->epoch < o->id.epoch : !*m->flow || gone_directory(m->directory))
		return 0;
	return belongs_to(o->file, m, e);
}

static int open_mark(struct owner *o, struct error *e)
{
	o->fd = open(o->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	return o->fd < 0 ? error_errno(e, "%s", o->path) : 0;
}

int owner_take(struct owner *o, const char *file, const struct owner_id *id, struct error *e)
{
	struct mark_text m = {.text = BUF_INIT};
	*o = (struct owner){
		.id = *id, .fd = -1, .file = resolve(file, e), .place = mem_copy(id->place, strlen(id->place))};
	o->id.place = o->place;
	o->name = absolute(file);
	if (!o->file)
		return e->code;
	o->path = mark_path(o->file);
	int r = open_mark(o, e);
	if (!r)
		r = lock(o, e);
	if (r)
		return r;
	r = read_mark(o->path, &m, e);
	if (!r)
		r = judge(o, &m, e);
	if (!r)
		r = write_mark(o, e);
	if (!r) {
		char *directory = mem_copy(o->path, (size_t)(strrchr(o->path, '/') - o->path) + 1);
		r = state_sync_directory(directory, e);
		free(directory);
	}
	buf_release(&m.text);
	owner_unlock(o);
	return r;
}

void owner_release(struct owner *o)
{
	if (o->path && o->fd >= 0)
		close(o->fd);
	free(o->path);
	free(o->file);
	free(o->place);
	free(o->name);
	*o = (struct owner){.fd = -1};
}

int owner_refuse(const char *file, struct error *e)
{
	struct mark_text m;
	char *whole = resolve(file, e);
	if (!whole)
		return e->code;
	char *path = mark_path(whole);
	int r = read_mark(path, &m, e);
	if (!r && *m.flow && !gone_directory(m.directory))
		r = belongs_to(whole, &m, e);
	buf_release(&m.text);
	free(path);
	free(whole);
	return r;
}

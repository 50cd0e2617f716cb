#include "flow/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "flow/flow_private.h"
#include "flow/state_file.h"

_Static_assert(sizeof(struct live_page) <= LIVE_SIZE, "it is written as a whole");

/* -- the page -- */

/* Written before it is mapped: a store into a page that a full disk has no room for would kill us. */
static struct live_page *map_page(const char *path)
{
	static const char zeros[LIVE_SIZE];
	void *p = MAP_FAILED;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	if (write(fd, zeros, sizeof zeros) == (ssize_t)sizeof zeros)
		p = mmap(NULL, LIVE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static void put_text(char *to, size_t room, const char *text)
{
	snprintf(to, room, "%s", text);
}

static uint64_t pipe_of(int fd)
{
	struct stat st;
	return !fstat(fd, &st) && S_ISFIFO(st.st_mode) ? st.st_ino : 0;
}

void live_begin(struct live *l, const char *command, const char *arguments, bool source)
{
	const char *directory = getenv("STREAM_RUN");
	/* A parent's is the parent's. */
	if (l->page)
		munmap(l->page, LIVE_SIZE);
	l->page = NULL;
	if (!directory || !*directory)
		return;
	char *path = state_path("%s/%ld", directory, (long)getpid());
	struct live_page *p = l->page = map_page(path);
	free(path);
	if (!p)
		return;
	p->pid = getpid();
	p->group = getpgrp();
	p->started = monotonic_now();
	p->source = source;
	p->input = pipe_of(STDIN_FILENO);
	p->output = pipe_of(STDOUT_FILENO);
	put_text(p->command, sizeof p->command, command);
	put_text(p->arguments, sizeof p->arguments, arguments);
	atomic_store(&p->since, p->started);
	atomic_thread_fence(memory_order_release);
	memcpy(p->magic, LIVE_MAGIC, sizeof p->magic);
}

void live_set(const struct live *l, enum live_state state, uint64_t detail)
{
	struct live_page *p = l->page;
	if (!p || (state != LIVE_WORKS && atomic_load_explicit(&p->state, memory_order_relaxed) == (unsigned)state &&
		   atomic_load_explicit(&p->detail, memory_order_relaxed) == detail))
		return;
	atomic_store_explicit(&p->detail, detail, memory_order_relaxed);
	atomic_store_explicit(&p->since, monotonic_now(), memory_order_relaxed);
	atomic_store_explicit(&p->state, (unsigned)state, memory_order_release);
}

void live_end(struct live *l, int status)
{
	live_set(l, LIVE_ENDED, (uint64_t)status);
	if (l->page)
		munmap(l->page, LIVE_SIZE);
	l->page = NULL;
}

/* -- a flow's -- */

static void take_counts(struct live_page *p, const struct counts *c)
{
	atomic_store_explicit(&p->in, c->in, memory_order_relaxed);
	atomic_store_explicit(&p->out, c->out, memory_order_relaxed);
	atomic_store_explicit(&p->rejected, c->rejected, memory_order_relaxed);
	atomic_store_explicit(&p->late, c->late, memory_order_relaxed);
	atomic_store_explicit(&p->folds, c->folds, memory_order_relaxed);
}

/* The source and the end know what is committed; those between only that a barrier came. */
static void take_checkpoint(struct live_page *p, const struct protocol *protocol)
{
	uint64_t n = protocol->origin ? protocol->receipt.n : protocol->last.n;
	if (protocol->state != PROTOCOL_RUNS || (!protocol->origin && !protocol->ends))
		return;
	if (!p->restored_known)
		atomic_store_explicit(&p->restored, n, memory_order_relaxed);
	else if (n != atomic_load_explicit(&p->checkpoint, memory_order_relaxed))
		atomic_store_explicit(&p->committed_at, timestamp_now(), memory_order_relaxed);
	p->restored_known = true;
	atomic_store_explicit(&p->checkpoint, n, memory_order_relaxed);
}

static bool has_pending(const struct flow *f)
{
	for (int i = 0; i < f->watched_count; i++)
		if (output_pending(f->watched[i].output))
			return true;
	return false;
}

/* Which input is read; *only: it is one of several, and the others are not. -1: none is. */
static int read_input(const struct flow *f, bool *only)
{
	int found = -1, count = 0;
	for (int i = 0; i < f->input_count; i++)
		if (flow_reads_input(f, i)) {
			found = i;
			count++;
		}
	*only = count == 1 && f->input_count > 1;
	return found;
}

static enum live_state source_waits(const struct flow *f, uint64_t *detail)
{
	const struct protocol *p = &f->protocol;
	if (!p->origin || (p->state == PROTOCOL_RUNS && p->n == p->receipt.n))
		return LIVE_RECORDS;
	*detail = p->state == PROTOCOL_RUNS ? p->n : 0;
	return LIVE_RECEIPT;
}

static enum live_state stage_waits(const struct flow *f, uint64_t *detail)
{
	bool only;
	int input = read_input(f, &only);
	if (input < 0)
		return LIVE_OWN;
	*detail = only ? (uint64_t)input + 1 : 0;
	return protocol_aligns(f) ? LIVE_BARRIER : f->protocol.state == PROTOCOL_HELLO ? LIVE_RESTORE : LIVE_INPUT;
}

void flow_live(const struct flow *f, bool waits)
{
	struct live_page *p = f->live.page;
	uint64_t detail = 0;
	if (!p)
		return;
	take_counts(p, &f->own);
	take_checkpoint(p, &f->protocol);
	enum live_state state = !waits              ? LIVE_WORKS
				: has_pending(f)    ? LIVE_OUTPUT
				: f->stage->produce ? source_waits(f, &detail)
						    : stage_waits(f, &detail);
	live_set(&f->live, state, detail);
}

/* -- what stages say of themselves -- */

void flow_says_waiting(struct flow *f, const char *reason)
{
	if (f->live.page)
		put_text(f->live.page->reason, LIVE_SHORT, reason);
}

void flow_says_reading(struct flow *f, const char *stream, const char *group, uint32_t slot)
{
	struct live_page *p = f->live.page;
	char *path = strchr(stream, '/') ? realpath(stream, NULL) : NULL;
	size_t len = p ? strlen(p->reads) : 0;
	int n = p ? snprintf(p->reads + len, LIVE_READS - len, "%u %s %s\n", slot, group, path ? path : stream) : 0;
	/* One that is cut would be another. */
	if (p && (size_t)n >= LIVE_READS - len)
		p->reads[len] = 0;
	free(path);
}

/* -- whoever looks -- */

int live_load(const char *path, struct live_page *page, struct error *e)
{
	union {
		struct live_page page;
		char bytes[LIVE_SIZE];
	} whole;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(e, "%s", path);
	ssize_t n = read(fd, whole.bytes, LIVE_SIZE);
	int r = n < 0 ? error_errno(e, "%s", path)
		      : n == LIVE_SIZE && !memcmp(whole.bytes, LIVE_MAGIC, sizeof LIVE_MAGIC);
	close(fd);
	if (r <= 0)
		return r;
	*page = whole.page;
	page->command[LIVE_SHORT - 1] = page->reason[LIVE_SHORT - 1] = 0;
	page->arguments[LIVE_TEXT - 1] = page->reads[LIVE_READS - 1] = 0;
	return 1;
}

void live_save(const char *path, const struct live_page *page)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : pwrite(fd, page, sizeof *page, 0);
	(void)n;
	if (fd >= 0)
		close(fd);
}

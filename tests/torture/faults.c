/*
 * The n-th call of the file layer fails, for every n that an operation reaches: creating, appending and syncing,
 * reading, splitting, merging, scaling; with each of several errors, once and from then on; and all calls move a part
 * of what they are asked for, or are interrupted.
 *
 *   faults [--seed N] [--time SECONDS] [--quick]
 *
 * The disk is in memory (disk.h), which is what makes it fast. A sync that fails leaves nothing certain. After each:
 * what was acknowledged is there once, in order, the rest at most once; a read that succeeded was whole, or told what
 * it could not read; new records are taken; after a power cut that takes all that is not certain, the same holds.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "disk.h"
#include "records.h"
#include "store/reshard/reshard.h"
#include "store/upkeep/compact.h"
#include "store/write/writer_private.h"

static const char stream_path[] = "/d/s";

/* The simulated machine is one thread; what a writer would do in its slack is done here by name. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	(void)thread, (void)attributes, (void)run, (void)arg;
	return EAGAIN;
}

/* -- a layer that fails -- */

struct faulty {
	struct files io; /* first */
	struct disk *disk;
	long count, fail_at; /* 0: never */
	int error;
	bool sticky, fired, parts;
	uint64_t dice;
};

static struct faulty *faulty_of(const struct files *io)
{
	return (struct faulty *)(uintptr_t)io;
}

static bool strikes(const struct files *io)
{
	struct faulty *f = faulty_of(io);
	f->count++;
	if (!f->fail_at || f->count < f->fail_at || (f->count > f->fail_at && !f->sticky))
		return false;
	f->fired = true;
	errno = f->error;
	return true;
}

/* Whether a call that may be interrupted is. */
static bool interrupted(const struct files *io)
{
	struct faulty *f = faulty_of(io);
	if (!f->parts || dice(&f->dice, 3))
		return false;
	f->fired = true;
	errno = EINTR;
	return true;
}

static size_t part(const struct files *io, size_t len)
{
	struct faulty *f = faulty_of(io);
	return f->parts && len > 1 ? 1 + dice(&f->dice, (uint32_t)len) : len;
}

#define UNDER(io) (&faulty_of(io)->disk->io)

static int faulty_open(const struct files *io, const char *path, int flags, mode_t mode)
{
	return strikes(io) || interrupted(io) ? -1 : UNDER(io)->open(UNDER(io), path, flags, mode);
}

static void faulty_close(const struct files *io, int fd)
{
	UNDER(io)->close(UNDER(io), fd);
}

static ssize_t faulty_pread(const struct files *io, int fd, void *p, size_t len, int64_t at)
{
	return strikes(io) || interrupted(io) ? -1 : UNDER(io)->pread(UNDER(io), fd, p, part(io, len), at);
}

static ssize_t faulty_pwrite(const struct files *io, int fd, const void *p, size_t len, int64_t at)
{
	if (interrupted(io))
		return -1;
	if (strikes(io)) {
		/* What fails has often done a part of its work. */
		int saved = errno;
		if (len > 256)
			UNDER(io)->pwrite(UNDER(io), fd, p, len / 2, at);
		errno = saved;
		return -1;
	}
	return UNDER(io)->pwrite(UNDER(io), fd, p, part(io, len), at);
}

static int faulty_sync(const struct files *io, int fd)
{
	if (!strikes(io))
		return UNDER(io)->sync(UNDER(io), fd);
	struct disk *d = faulty_of(io)->disk;
	int saved = errno;
	d->sync_failures = 1;
	d->io.sync(&d->io, fd);
	d->sync_failures = 0;
	errno = saved;
	return -1;
}

static int faulty_truncate(const struct files *io, int fd, int64_t size)
{
	return strikes(io) || interrupted(io) ? -1 : UNDER(io)->truncate(UNDER(io), fd, size);
}

static int faulty_size(const struct files *io, int fd, int64_t *size)
{
	return strikes(io) ? -1 : UNDER(io)->size(UNDER(io), fd, size);
}

static int faulty_linked(const struct files *io, int fd, const char *path)
{
	return strikes(io) ? -1 : UNDER(io)->linked(UNDER(io), fd, path);
}

static int faulty_lock(const struct files *io, int fd, int operation)
{
	return strikes(io) || interrupted(io) ? -1 : UNDER(io)->lock(UNDER(io), fd, operation);
}

static int faulty_rename(const struct files *io, const char *from, const char *to)
{
	return strikes(io) ? -1 : UNDER(io)->rename(UNDER(io), from, to);
}

static int faulty_rename_new(const struct files *io, const char *from, const char *to)
{
	return strikes(io) ? -1 : UNDER(io)->rename_new(UNDER(io), from, to);
}

static int faulty_link(const struct files *io, const char *from, const char *to)
{
	return strikes(io) ? -1 : UNDER(io)->link(UNDER(io), from, to);
}

static int faulty_mkdir(const struct files *io, const char *path, mode_t mode)
{
	return strikes(io) ? -1 : UNDER(io)->mkdir(UNDER(io), path, mode);
}

static int faulty_remove(const struct files *io, const char *path)
{
	return strikes(io) ? -1 : UNDER(io)->remove(UNDER(io), path);
}

static int faulty_list(const struct files *io, const char *path, void (*each)(void *, const char *), void *arg)
{
	return strikes(io) ? -1 : UNDER(io)->list(UNDER(io), path, each, arg);
}

static int faulty_boot(const struct files *io, uint8_t id[BOOT_ID_SIZE])
{
	return strikes(io) ? -1 : UNDER(io)->boot(UNDER(io), id);
}

static int faulty_notify(const struct files *io)
{
	return UNDER(io)->notify(UNDER(io));
}

static int faulty_watch(const struct files *io, int fd, const char *path, uint32_t mask)
{
	return UNDER(io)->watch(UNDER(io), fd, path, mask);
}

static const struct files faulty_io = {
	.open = faulty_open,
	.close = faulty_close,
	.pread = faulty_pread,
	.pwrite = faulty_pwrite,
	.datasync = faulty_sync,
	.sync = faulty_sync,
	.truncate = faulty_truncate,
	.size = faulty_size,
	.linked = faulty_linked,
	.lock = faulty_lock,
	.rename = faulty_rename,
	.rename_new = faulty_rename_new,
	.link = faulty_link,
	.mkdir = faulty_mkdir,
	.remove = faulty_remove,
	.list = faulty_list,
	.boot = faulty_boot,
	.notify = faulty_notify,
	.watch = faulty_watch,
};

/* -- operations -- */

struct run {
	struct promises promises;
	uint64_t seed;
	int next[RECORDS_WRITERS];
	bool wrong;    /* it said that it succeeded, and did not */
	long reported; /* reads that told what they lack */
};

static int create(const struct files *io)
{
	struct catalog c;
	struct error e;
	int r = catalog_init(&c, 2, HASH_XXH3, &e);
	if (!r)
		r = stream_create(io, stream_path, &c, &e);
	catalog_release(&c);
	return r < 0 ? r : OK;
}

/* Appends and syncs some times as writer `number`; stops at the first error, as stream-put does. */
static int put(const struct files *io, struct run *run, int number, int times, struct error *e)
{
	struct stream s;
	struct store_writer *w = NULL;
	struct batch b;
	int r = stream_open(&s, io, stream_path, e);
	if (!r)
		r = store_writer_open(&w, &s, e);
	batch_init(&b);
	for (int i = 0; !r && i < times; i++) {
		int first = number * RECORDS_EACH + run->next[number], count = 1 + (int)((run->seed + (uint64_t)i) % 5);
		run->next[number] += count;
		for (size_t k = 0; k < w->lane_count; k++)
			w->lanes[k]->shard.segment_size = 700;
		records_make(&b, first, count);
		memset(run->promises.of + first, BEGUN, (size_t)count);
		r = store_writer_append(w, &b, batch_field(&b, "key", 3), e);
		if (!r && !(r = store_writer_sync(w, e)))
			memset(run->promises.of + first, ACKED, (size_t)count);
	}
	batch_release(&b);
	store_writer_close(w);
	return r;
}

static int do_put(const struct files *io, struct run *run)
{
	struct error e;
	return put(io, run, 1, 8, &e);
}

/* What the disk cannot read is told as lost, with its place: that is no silence. */
static int do_read(const struct files *io, struct run *run)
{
	static struct view v, whole;
	struct error e;
	char text[200];
	struct promises told = run->promises;
	int r = view_read(&v, true, io, stream_path, &e);
	if (!r && v.damages && !view_read(&whole, true, UNDER(io), stream_path, &e)) {
		run->reported++;
		view_excuse(&v, &whole, &told);
	}
	if (!r && *view_fault(&v, &told, text)) {
		fprintf(stderr, "a read that failed in silence: %s\n", text);
		run->wrong = true;
	}
	return r;
}

static int reshard(const struct files *io, int (*change)(struct stream *s, struct error *e))
{
	struct stream s;
	struct error e;
	int r = stream_open(&s, io, stream_path, &e);
	if (r)
		return r;
	r = change(&s, &e);
	stream_close(&s);
	return r;
}

static int split(struct stream *s, struct error *e)
{
	return reshard_split(s, 0, NULL, e);
}

static int merge(struct stream *s, struct error *e)
{
	return reshard_merge(s, 0, 1, e);
}

static int scale(struct stream *s, struct error *e)
{
	return reshard_scale(s, 3, e);
}

static int do_split(const struct files *io, struct run *run)
{
	(void)run;
	return reshard(io, split);
}

static int do_merge(const struct files *io, struct run *run)
{
	(void)run;
	return reshard(io, merge);
}

static int do_scale(const struct files *io, struct run *run)
{
	(void)run;
	return reshard(io, scale);
}

static int do_create(const struct files *io, struct run *run)
{
	(void)run;
	return create(io);
}

static int do_compact(const struct files *io, struct run *run)
{
	struct stream s;
	struct error e;
	struct tidy_options o = {.wait = false};
	struct compacted done;
	(void)run;
	int r = stream_open(&s, io, stream_path, &e);
	if (r)
		return r;
	for (uint32_t i = 0; !r && i < 2; i++)
		r = compact(&s, i, &o, &done, &e);
	if (r && faulty_of(io)->parts)
		fprintf(stderr, "compact: %s\n", e.text);
	stream_close(&s);
	return r;
}

static const struct operation {
	const char *name;
	int (*run)(const struct files *io, struct run *run);
} operations[] = {{"create", do_create}, {"put", do_put},     {"read", do_read},      {"split", do_split},
		  {"merge", do_merge},   {"scale", do_scale}, {"compact", do_compact}};

static const struct fault {
	const char *name;
	int error;
} faults[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EMFILE", EMFILE},
	      {"EAGAIN", EAGAIN}, {"EACCES", EACCES}, {"ENOLCK", ENOLCK}};

static long failures, injected, refused, survived, reported;
static uint64_t seed = 1;

static const char *after(struct disk *d, struct run *run, char text[200])
{
	static struct view v;
	struct error e = {0};
	if (create(&d->io))
		return "it cannot be made any more";
	if (view_read(&v, true, &d->io, stream_path, &e))
		return snprintf(text, 200, "read: %.150s", e.text), text;
	if (*view_fault(&v, &run->promises, text))
		return text;
	if (put(&d->io, run, 2, 3, &e))
		return snprintf(text, 200, "append: %.150s", e.text), text;
	if (view_read(&v, true, &d->io, stream_path, &e))
		return snprintf(text, 200, "read again: %.150s", e.text), text;
	return view_fault(&v, &run->promises, text);
}

/* One fault in one operation; false if it was not reached. */
static bool inject(const struct operation *o, const struct fault *fault, bool sticky, long at)
{
	static struct run run;
	struct disk d, later;
	struct fate lost[DISK_CHANGES_MAX + 1];
	struct error e;
	char text[200] = "";
	memset(&run, 0, sizeof run);
	run.seed = seed;
	disk_init(&d, seed);
	if (o->run != do_create && (create(&d.io) || put(&d.io, &run, 0, 6, &e)))
		exit(1);
	struct faulty f = {.io = faulty_io,
			   .disk = &d,
			   .fail_at = at,
			   .error = fault ? fault->error : 0,
			   .sticky = sticky,
			   .parts = !fault,
			   .dice = seed + (uint64_t)at};
	if (!fault)
		f.fail_at = 0;
	int r = o->run(&f.io, &run);
	refused += r < 0;
	survived += r >= 0;
	reported += run.reported;
	const char *why = run.wrong ? "a read that failed in silence" : after(&d, &run, text);
	if (!fault && r < 0 && !*why)
		why = "interrupted calls and short counts are no reason to fail";
	for (size_t i = 0; i < d.change_count; i++)
		lost[i] = (struct fate){FATE_LOST, 0};
	if (!*why) {
		disk_cut_power(&later, &d, lost);
		why = after(&later, &run, text);
		disk_release(&later);
	}
	if (*why && failures++ < 5)
		fprintf(stderr, "FAIL: %s, %s%s at call %ld: %s (faults --seed %llu)\n", o->name,
			fault ? fault->name : "parts", sticky ? " from then on" : "", at, why,
			(unsigned long long)seed);
	injected += f.fired;
	disk_release(&d);
	return f.fired;
}

static void round_of_faults(bool quick)
{
	for (size_t o = 0; o < sizeof operations / sizeof *operations; o++) {
		long reached = 0;
		for (size_t i = 0; i < (quick ? 2 : sizeof faults / sizeof *faults); i++)
			for (int sticky = 0; sticky < 2; sticky++)
				for (long n = 1; inject(&operations[o], &faults[i], sticky, n); n++)
					reached = n;
		for (long n = 1; n <= 20; n++)
			inject(&operations[o], NULL, false, n);
		if (reached < 10 && failures++ < 5)
			fprintf(stderr, "FAIL: %s makes %ld calls only\n", operations[o].name, reached);
	}
}

int main(int argc, char **argv)
{
	bool quick = false;
	long seconds = 60, rounds = 0;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--quick"))
			quick = true;
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--time") && i + 1 < argc)
			seconds = atol(argv[++i]);
		else
			return fprintf(stderr, "faults: what is `%s`?\n", argv[i]), 2;
	time_t until = time(NULL) + seconds;
	uint64_t first = seed;
	do
		round_of_faults(quick);
	while (seed++, rounds++, !quick && time(NULL) < until);
	if (!reported && failures++ < 5)
		fprintf(stderr, "FAIL: no read ever told what it lacks\n");
	printf("faults: seed %llu, %ld rounds, %ld faults: %ld operations refused, %ld went on, of which %ld told what "
	       "they could not read; %ld failures\n",
	       (unsigned long long)first, rounds, injected, refused, survived, reported, failures);
	return failures || !injected;
}

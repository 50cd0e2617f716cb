/*
 * Crash states: the store on a disk in memory (disk.h), written by several processes at once (actors.h), and the
 * machine stopped after each change of the disk, in every way in which a disk may be left.
 *
 *   states [--seed N] [--workload W] [--time SECONDS] [--quick]
 *
 * A workload is some writers, with small segments, that append records of mixed sizes and sync now and then, and a
 * reader that follows them; some are killed on the way, some syncs fail, some writes are short or find no space. After
 * each change come the states: all kept (a kill of everything; the same boot), also with damaged heads; and of what is not
 * certain: all lost, each lost, each alone kept, each prefix and suffix, sizes without data, the last write torn at each
 * byte or in each sector (front, front and zeros, tail), and random mixtures; and resets, where what is kept is still
 * uncertain, for it is in the cache of the disk alone. Of each state that is new:
 *
 *   1. reading gives each acknowledged record once and in order, the others once or not at all, none altered, and
 *      reports no damage; a record that any reader was shown before the crash counts as acknowledged;
 *   2. new records go into each shard, and are read back behind the same old ones;
 *   3. after a power cut that takes all that recovery did not sync, and yet another start, the same is read;
 *   4. of some states, step 2 itself is stopped after each change in some of these ways, and 1 to 3 hold again.
 *
 * Time and random numbers come from the seed: a failure prints what to run to see it again. First of all, disks that
 * lie (a sync of files, or of directories, that does nothing) must be found out.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "actors.h"
#include "base/mem.h"
#include "codec/hash.h"
#include "records.h"
#include "store/reshard/reshard.h"
#include "store/shard/shard_private.h"
#include "store/upkeep/compact.h"
#include "store/write/writer_private.h"

enum {
	SHARDS_MAX = 3,
	HASHES = 1 << 12,
	FAILURES_MAX = 5,
	SHARE = 4,
	QUICK_SHARE = 12,
	QUICK_WORKLOADS = 15,
	RECOVERER = RECORDS_WRITERS - 3
};

static const char stream_path[] = "/d/s";

/* The simulated machine is one thread; what a writer would do in its slack is done here by name. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	(void)thread, (void)attributes, (void)run, (void)arg;
	return EAGAIN;
}

/* -- time and chance, by the seed -- */

static uint64_t chance = 1;
static int64_t now = 1700000000000000000;

ssize_t getrandom(void *p, size_t len, unsigned flags)
{
	(void)flags;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)p)[i] = (uint8_t)dice(&chance, 256);
	return (ssize_t)len;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	now += dice(&chance, 100000);
	if (!dice(&chance, 200))
		now -= 1000000000; /* somebody set the clock */
	*t = (struct timespec){now / 1000000000, now % 1000000000};
	return 0;
}

/* What a killed process had in memory is lost, as it is in life. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* -- what is counted -- */

/* How the machine came to start again: every process is killed, without or with damage to the heads (both: the same boot
   of the kernel); the kernel dies; the power goes. */
enum stop { STOP_KILL, STOP_HEADS, STOP_RESET, STOP_POWER, STOP_COUNT };

static struct counts {
	uint64_t points, states, by_stop[STOP_COUNT], nested, known, by_fate[FATE_COUNT];
	uint64_t failures;
} counts;

static struct {
	uint64_t reshards, compacted, kills, failed_syncs, short_writes, no_space, faults;
} totals;

static uint64_t seed = 1;
static bool quiet, quick;

/* -- a workload -- */

struct world {
	struct crew crew; /* first: the disk's hooks get it */
	struct disk disk;
	struct promises promises;
	uint64_t dice;
	int shards, workload, depth;
	enum stop stop;            /* the last that was tried */
	bool uncertain;            /* it started with what may not be durable, and no head to tell */
	int next[RECORDS_WRITERS]; /* the number that a writer begins with next */
	int64_t segment_size;      /* the same for all: a full segment stays full */
	bool reshards;             /* writers don't know the shards: they change */
	bool created;
	uint64_t faults; /* of this workload */
	uint64_t hashes[HASHES];
	uint64_t known_before; /* of the promises that the hashes belong to */
};

/* How a writer reaches the store: through store_writer, or by its shards, where frames can be many to a sync. */
struct pen {
	struct world *world;
	struct store_writer *writer; /* NULL: by the shards */
	struct shard shards[SHARDS_MAX];
	struct batch batch;
	int number; /* the writer's */
	int acked;  /* its records below are */
};

static int pen_open(struct pen *p, struct world *w, int number, struct error *e)
{
	int r = OK;
	*p = (struct pen){.world = w, .number = number, .acked = w->next[number]};
	batch_init(&p->batch);
	if (w->reshards) {
		struct stream s;
		r = stream_open(&s, &w->disk.io, stream_path, e);
		return r ? r : store_writer_open(&p->writer, &s, e);
	}
	for (int i = 0; !r && i < w->shards; i++) {
		r = shard_open(&p->shards[i], &w->disk.io, stream_path, (uint32_t)i, e);
		p->shards[i].segment_size = w->segment_size;
	}
	return r;
}

static void pen_close(struct pen *p)
{
	batch_release(&p->batch);
	store_writer_close(p->writer);
	for (int i = 0; i < SHARDS_MAX; i++)
		shard_close(&p->shards[i]);
}

static void set_sizes(struct pen *p)
{
	for (size_t i = 0; p->writer && i < p->writer->lane_count; i++)
		p->writer->lanes[i]->shard.segment_size = p->world->segment_size;
}

static int pen_append(struct pen *p, int count, struct error *e)
{
	struct world *w = p->world;
	int first = p->number * RECORDS_EACH + w->next[p->number], shard = w->next[p->number] / 3 % w->shards;
	w->next[p->number] += count;
	memset(w->promises.of + first, BEGUN, (size_t)count);
	records_make(&p->batch, first, count);
	set_sizes(p);
	return p->writer ? store_writer_append(p->writer, &p->batch, batch_field(&p->batch, "key", 3), e)
			 : shard_append(&p->shards[shard], &p->batch, e);
}

static int pen_sync(struct pen *p, struct error *e)
{
	struct world *w = p->world;
	set_sizes(p);
	int r = p->writer ? store_writer_sync(p->writer, e) : OK;
	for (int i = 0; !r && !p->writer && i < w->shards; i++)
		r = shard_sync(&p->shards[i], e);
	if (!r) {
		memset(w->promises.of + p->number * RECORDS_EACH + p->acked, ACKED,
		       (size_t)(w->next[p->number] - p->acked));
		p->acked = w->next[p->number];
	}
	return r;
}

static int writer_life(struct actor *a)
{
	struct world *w = a->arg;
	struct pen p;
	struct error e = {0};
	int r = pen_open(&p, w, a->number, &e);
	for (int steps = 12; !r && steps && w->next[a->number] < RECORDS_EACH - 10; steps--)
		r = dice(&w->dice, 3) ? pen_append(&p, 1 + (int)dice(&w->dice, 5), &e) : pen_sync(&p, &e);
	if (!r)
		r = pen_sync(&p, &e);
	pen_close(&p);
	return r;
}

static int reshard_once(const struct files *io, uint64_t *chance_of, struct error *e)
{
	struct stream s;
	int r = stream_open(&s, io, stream_path, e);
	if (r)
		return r;
	const struct catalog_shard *any = &s.catalog.shards[dice(chance_of, (uint32_t)s.catalog.shard_count)];
	const struct catalog_shard *other = &s.catalog.shards[dice(chance_of, (uint32_t)s.catalog.shard_count)];
	switch (dice(chance_of, 4)) {
	case 0: r = reshard_merge(&s, any->id, other->id, e); break;
	case 1: r = reshard_scale(&s, 1 + dice(chance_of, 3), e); break;
	default: r = reshard_split(&s, any->id, NULL, e);
	}
	stream_close(&s);
	return r;
}

static int resharder_life(struct actor *a)
{
	struct world *w = a->arg;
	struct error e;
	for (int i = 0; i < 6; i++)
		totals.reshards += reshard_once(&w->disk.io, &w->dice, &e) >= 0;
	return 0;
}

static bool any_writer(const struct world *w)
{
	for (int i = 0; i < w->crew.count; i++)
		if (w->crew.actors[i].run == writer_life && w->crew.actors[i].alive)
			return true;
	return false;
}

/* Segments that were rewritten, or an error. */
static int compact_all(const struct files *io, struct error *e)
{
	struct stream s;
	struct tidy_options o = {.wait = false};
	int r = stream_open(&s, io, stream_path, e), count = 0;
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++) {
		struct compacted done = {0};
		r = tidy_roll(&s, s.catalog.shards[i].id, INT64_MAX, e);
		if (!r)
			r = compact(&s, s.catalog.shards[i].id, &o, &done, e);
		count += (int)(done.segments_before - done.segments_after);
	}
	stream_close(&s);
	return r < 0 ? r : count;
}

static int compacter_life(struct actor *a)
{
	struct world *w = a->arg;
	struct error e;
	for (int i = 0; i < 30 && any_writer(w); i++) {
		int r = compact_all(&w->disk.io, &e);
		if (r > 0)
			totals.compacted += (uint64_t)r;
	}
	return 0;
}

/* What it was shown, nobody may miss later. */
static int follower_life(struct actor *a)
{
	static struct view v; /* too large for a stack; one follower at a time */
	struct world *w = a->arg;
	struct store_reader_options o = {.follow = true};
	struct store_reader *reader;
	struct store_item item;
	struct error e;
	const char *name = stream_path;
	memset(&v, 0, sizeof v);
	v.keyed = w->reshards;
	int r = store_reader_open(&reader, &w->disk.io, &name, 1, &o, &e);
	for (int idle = 0; !r && idle < 200 && any_writer(w);) {
		int got = store_reader_next(reader, &item, &e);
		if (got < 0) {
			r = got;
		} else if (got > 0) {
			view_add(&v, item.batch, item.shard);
			for (int i = 0; i < RECORDS; i++)
				if (v.seen[i])
					w->promises.of[i] = ACKED;
		} else {
			idle++;
		}
	}
	if (!r)
		store_reader_close(reader);
	return r;
}

static int create(const struct files *io, int shards, struct error *e)
{
	struct catalog c;
	int r = catalog_init(&c, (uint32_t)shards, HASH_XXH3, e);
	c.sync = 20 * 1000 * 1000;
	if (!r)
		r = stream_create(io, stream_path, &c, e);
	catalog_release(&c);
	return r < 0 ? r : OK;
}

/* -- one state -- */

static const char *const stops[] = {"kill", "damaged heads", "reset", "power cut"};

static void fail(struct world *w, const struct fate *fates, const char *what, const char *why)
{
	w->faults++;
	if (quiet)
		return;
	counts.failures++;
	fprintf(stderr,
		"FAIL: %s, %s: %s\n  again: states%s --seed %llu --workload %d (point %llu, state %llu, depth %d)\n",
		stops[w->stop], what, why, quick ? " --quick" : "", (unsigned long long)seed, w->workload,
		(unsigned long long)counts.points, (unsigned long long)counts.states, w->depth);
	disk_print(&w->disk, fates);
	if (counts.failures >= FAILURES_MAX)
		exit(1);
}

static void each_state(struct world *w, bool few);

static void changed_again(void *arg)
{
	struct world *w = arg;
	each_state(w, true);
}

static bool same(const struct view *a, const struct view *b, int from)
{
	for (int i = 0; i < RECORDS; i++)
		if (i / RECORDS_EACH != from / RECORDS_EACH && a->seen[i] != b->seen[i])
			return false;
	return true;
}

/* The first record of a that b lacks; -1: none. */
static int missing(const struct view *a, const struct view *b)
{
	for (int i = 0; i < RECORDS; i++)
		if (a->seen[i] > b->seen[i])
			return i;
	return -1;
}

static int append_to_all(struct world *w, int writer, struct error *e)
{
	struct pen p;
	int r = pen_open(&p, w, writer, e);
	for (int i = 0; !r && i < w->shards; i++)
		r = pen_append(&p, 3, e);
	if (!r)
		r = pen_sync(&p, e);
	pen_close(&p);
	return r;
}

static void promise_seen(struct world *w, const struct view *v)
{
	for (int i = 0; i < RECORDS; i++)
		if (v->seen[i])
			w->promises.of[i] = ACKED;
}

/* Every shard has recovered; those that are closed are sealed. */
static int recover_all(struct world *w, struct error *e)
{
	struct stream s;
	int r = stream_open(&s, &w->disk.io, stream_path, e);
	for (size_t i = 0; !r && i < s.catalog.shard_count; i++) {
		struct shard one;
		if ((r = shard_open(&one, &w->disk.io, stream_path, s.catalog.shards[i].id, e)))
			break;
		one.segment_size = w->segment_size;
		if (s.catalog.shards[i].closed)
			r = shard_seal(&one, e);
		else if (!(r = shard_lock_ready(&one, e)))
			shard_unlock(&one);
		shard_close(&one);
	}
	stream_close(&s);
	return r;
}

/* Of each shard's head one slot is damaged, or both, or it is empty, or it is as it was. */
static void damage_heads(struct disk *d, uint64_t *chance_of)
{
	static const char junk[HEAD_SIZE] = {42, 1};
	for (uint32_t id = 0; id < RECORDS_SHARDS; id++) {
		char *directory = shard_directory(stream_path, id), *path = file_path("%s/head", directory);
		int fd = d->io.open(&d->io, path, O_RDWR, 0);
		uint32_t what = dice(chance_of, 5);
		if (fd >= 0 && what == 0)
			d->io.truncate(&d->io, fd, 0);
		if (fd >= 0 && (what == 1 || what == 3))
			d->io.pwrite(&d->io, fd, junk, 96, 0);
		if (fd >= 0 && (what == 2 || what == 3))
			d->io.pwrite(&d->io, fd, junk, 96, 128);
		if (fd >= 0)
			d->io.close(&d->io, fd);
		free(path);
		free(directory);
	}
}

static void stop_machine(struct disk *disk, struct world *w, const struct fate *fates, enum stop stop)
{
	if (stop == STOP_POWER)
		disk_cut_power(disk, &w->disk, fates);
	else if (stop == STOP_RESET)
		disk_reset(disk, &w->disk, fates);
	else
		disk_copy(disk, &w->disk);
	if (stop == STOP_HEADS)
		damage_heads(disk, &w->dice);
}

/* The machine has started again with w's disk. `fates` and `above`: how it came to that, for the report. */
static void check(struct world *w, struct world *above, const struct fate *fates, enum stop stop, bool stop_again)
{
	static struct view views[2][3]; /* by depth: the first reading, the second, the third */
	struct view *v = views[w->depth - 1];
	struct error e = {0};
	struct disk later;
	struct fate lost[DISK_CHANGES_MAX + 1];
	char text[200];
	if (!w->created) {
		/* Nobody was told that it is there; that it can be made is all. */
		w->shards = 1;
		if (create(&w->disk.io, w->shards, &e))
			return fail(above, fates, "create", e.text);
	}
	if (view_read(&v[0], w->reshards, &w->disk.io, stream_path, &e))
		return fail(above, fates, "read", e.text);
	if (*view_fault(&v[0], &w->promises, text))
		return fail(above, fates, "read", text);
	/* What was found by searching counts when its shard has recovered. */
	if (!w->uncertain)
		promise_seen(w, &v[0]);
	if (stop_again)
		w->disk.changed = changed_again;
	int writer = RECOVERER + w->depth - 1, r = OK;
	/* What is appended takes what was there with it when it is synced: not always, so that recovery does that itself. */
	if (!w->uncertain || dice(&w->dice, 2))
		r = append_to_all(w, writer, &e);
	if (!r && w->reshards && !dice(&w->dice, 3) && reshard_once(&w->disk.io, &w->dice, &e) == ERR_FAILED)
		r = ERR_FAILED;
	if (!r && !dice(&w->dice, 3) && compact_all(&w->disk.io, &e) < 0)
		r = ERR_FAILED;
	if (!r && w->uncertain && !(r = recover_all(w, &e)))
		promise_seen(w, &v[0]);
	w->disk.changed = NULL;
	if (r)
		return fail(above, fates, "append", e.text);
	if (view_read(&v[1], w->reshards, &w->disk.io, stream_path, &e))
		return fail(above, fates, "read again", e.text);
	/* What was written and not synced may be promised later: but not after a new start, where all there is counts. */
	if (*view_fault(&v[1], &w->promises, text) ||
	    (stop >= STOP_RESET && !same(&v[0], &v[1], writer * RECORDS_EACH)))
		return fail(above, fates, "read again", *text ? text : "not the same");
	for (size_t i = 0; i < w->disk.change_count; i++)
		lost[i] = (struct fate){FATE_LOST, 0};
	disk_cut_power(&later, &w->disk, lost);
	r = view_read(&v[2], w->reshards, &later.io, stream_path, &e);
	disk_release(&later);
	/* There may be more than before: what a killed writer wrote, and the kernel wrote back. */
	if (!r && !*view_fault(&v[2], &w->promises, text) && missing(&v[1], &v[2]) >= 0)
		snprintf(text, sizeof text, "record %d was there before", missing(&v[1], &v[2]));
	if (r || *text)
		fail(above, fates, "read after the next start", r ? e.text : text);
}

static void try(struct world *w, const struct fate *fates, enum stop stop)
{
	static struct world after[2]; /* by depth; worlds are large */
	struct world *next = &after[w->depth];
	struct disk disk;
	w->stop = stop;
	stop_machine(&disk, w, fates, stop);
	uint64_t hash = disk_hash(&disk) * STOP_COUNT + stop;
	uint64_t *known = &w->hashes[hash % HASHES];
	if (*known == hash) {
		counts.known++;
		disk_release(&disk);
		return;
	}
	*known = hash;
	counts.states++;
	counts.by_stop[stop]++;
	counts.nested += w->depth > 0;
	next->disk = disk;
	next->disk.io = disk.io;
	next->disk.arg = next;
	next->promises = w->promises;
	memcpy(next->next, w->next, sizeof next->next);
	next->dice = w->dice;
	next->depth = w->depth + 1;
	next->uncertain = stop == STOP_HEADS || stop == STOP_RESET || (stop == STOP_KILL && w->uncertain);
	next->shards = w->shards;
	next->created = w->created;
	next->reshards = w->reshards;
	next->workload = w->workload;
	next->segment_size = w->segment_size;
	next->faults = 0;
	check(next, w, fates, stop, !w->depth && !dice(&w->dice, quick ? 400 : 150));
	w->faults += next->faults;
	disk_release(&next->disk);
}

static void set_all(struct fate *fates, size_t count, enum fate_kind kind)
{
	for (size_t i = 0; i < count; i++)
		fates[i] = (struct fate){kind, 0};
}

/* The write torn in all its ways, with the others kept or lost. */
static void tear(struct world *w, struct fate *fates, size_t which)
{
	size_t count = w->disk.change_count, len = w->disk.changes[which].len;
	bool each = len <= 128 && !dice(&w->dice, quick ? 40 : 8);
	for (int others = FATE_KEPT; others <= FATE_LOST; others++) {
		set_all(fates, count, (enum fate_kind)others);
		for (size_t i = 1; i < (each ? len : 9) && len > 1; i++) {
			uint32_t cut = each ? (uint32_t)i
				       : i % 2 || len <= 512
					       ? 1 + dice(&w->dice, (uint32_t)len - 1)
					       : (uint32_t)(i * 512 - (size_t)w->disk.changes[which].at % 512);
			for (int kind = FATE_FRONT; kind <= FATE_TAIL; kind++) {
				fates[which] = (struct fate){(enum fate_kind)kind, cut % (uint32_t)len};
				counts.by_fate[kind]++;
				try(w, fates, STOP_POWER);
			}
		}
	}
}

static struct fate any_fate(struct world *w, size_t i)
{
	size_t len = w->disk.changes[i].len;
	enum fate_kind kind = (enum fate_kind)dice(&w->dice, 2);
	if (len && !dice(&w->dice, 4))
		kind = (enum fate_kind)dice(&w->dice, FATE_COUNT);
	counts.by_fate[kind]++;
	return (struct fate){kind, len ? dice(&w->dice, (uint32_t)len) : 0};
}

static void mixtures(struct world *w, struct fate *fates, int count)
{
	while (count--) {
		for (size_t i = 0; i < w->disk.change_count; i++)
			fates[i] = any_fate(w, i);
		try(w, fates, dice(&w->dice, 4) ? STOP_POWER : STOP_RESET);
	}
}

/* Each alone lost, and each alone kept, and with sizes that got there before data. */
static void singles(struct world *w, struct fate *fates)
{
	static const enum fate_kind pairs[][2] = {
		{FATE_KEPT, FATE_LOST}, {FATE_LOST, FATE_KEPT}, {FATE_KEPT, FATE_ZEROS}, {FATE_LOST, FATE_ZEROS}};
	size_t count = w->disk.change_count;
	for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
		for (size_t i = 0; i < count; i++) {
			set_all(fates, count, pairs[p][0]);
			fates[i].kind = pairs[p][1];
			counts.by_fate[pairs[p][1]]++;
			try(w, fates, STOP_POWER);
		}
	for (size_t i = 1; i < count; i++)
		for (int suffix = 0; suffix < 2; suffix++) {
			set_all(fates, i, suffix ? FATE_LOST : FATE_KEPT);
			set_all(fates + i, count - i, suffix ? FATE_KEPT : FATE_LOST);
			try(w, fates, STOP_POWER);
		}
}

static void each_state(struct world *w, bool few)
{
	struct fate fates[DISK_CHANGES_MAX + 1];
	size_t count = w->disk.change_count;
	counts.points++;
	/* What was a good state may be none for newer promises. */
	uint64_t known = hash64(w->promises.of, sizeof w->promises.of);
	if (known != w->known_before)
		memset(w->hashes, 0, sizeof w->hashes);
	w->known_before = known;
	set_all(fates, count, FATE_KEPT);
	try(w, fates, STOP_KILL);
	try(w, fates, STOP_HEADS);
	try(w, fates, STOP_RESET);
	try(w, fates, STOP_POWER);
	set_all(fates, count, FATE_LOST);
	try(w, fates, STOP_POWER);
	if (!few) {
		set_all(fates, count, FATE_ZEROS);
		try(w, fates, STOP_POWER);
		singles(w, fates);
		for (size_t i = count; i-- > 0;)
			if (w->disk.changes[i].kind == CHANGE_WRITE && !w->disk.changes[i].certain) {
				tear(w, fates, i);
				break;
			}
	}
	mixtures(w, fates, few ? 3 : 10);
}

static void changed(void *arg)
{
	struct world *w = arg;
	/* Rather some moments of many workloads than all of a few. */
	if (!w->disk.failing && dice(&w->dice, quick ? QUICK_SHARE : SHARE))
		return;
	/* The crash is not seen by those who go on. */
	struct actor *running = w->crew.running;
	w->crew.running = NULL;
	each_state(w, false);
	w->crew.running = running;
}

/* -- workloads -- */

static void run_workload(int number, enum disk_lie lie)
{
	static struct world w;
	struct error e = {0};
	memset(&w, 0, sizeof w);
	chance = seed * 1000003 + (uint64_t)number;
	now = 1700000000000000000;
	w.dice = chance ^ 0x5851f42d;
	w.workload = number;
	w.reshards = number % 2;
	w.segment_size = 400 + 400 * (number % 5);
	w.shards = 1 + number % SHARDS_MAX;
	disk_init(&w.disk, chance ^ 0x14057b7e);
	w.disk.lie = lie;
	crew_init(&w.crew, &w.disk, chance ^ 0xda3e39cb);
	w.disk.changed = changed;
	if (create(&w.disk.io, w.shards, &e))
		fail(&w, NULL, "create", e.text);
	w.created = true;
	w.disk.sync_failures = number % 3 == 1 ? 8 : 0;
	w.disk.short_writes = number % 4 > 1 ? 10 : 0;
	w.disk.full = number % 5 == 4 ? 25 : 0;
	w.crew.kill_one_in = number % 4 ? 120 : 0;
	int writers = 1 + number / 2 % 3;
	for (int i = 0; i < writers; i++)
		crew_add(&w.crew, writer_life, &w, 3);
	if (w.reshards)
		crew_add(&w.crew, resharder_life, &w, 2);
	if (number % 3 != 2)
		crew_add(&w.crew, compacter_life, &w, 2);
	crew_add(&w.crew, follower_life, &w, 1);
	crew_run(&w.crew);
	if (w.crew.stuck)
		fail(&w, NULL, "run", "all wait for locks");
	changed(&w);
	totals.kills += w.crew.kills;
	totals.failed_syncs += w.disk.failed;
	totals.short_writes += w.disk.shortened;
	totals.no_space += w.disk.refused;
	totals.faults = w.faults;
	crew_release(&w.crew);
	disk_release(&w.disk);
}

/* A disk that forgets what it said it had must be found out. */
static void prove(enum disk_lie lie, const char *name)
{
	quiet = true;
	run_workload(3, lie);
	quiet = false;
	printf("states: a disk that lies about %s: %llu states found it out\n", name,
	       (unsigned long long)totals.faults);
	if (!totals.faults) {
		fprintf(stderr, "FAIL: a disk that lies about %s is not noticed\n", name);
		counts.failures++;
	}
}

static void report(int workloads)
{
	printf("states: seed %llu, %d workloads, %llu crash points, %llu states (%llu kills, %llu with damaged heads, "
	       "%llu "
	       "resets, %llu power cuts; %llu of them while recovering), %llu met again and skipped\n",
	       (unsigned long long)seed, workloads, (unsigned long long)counts.points,
	       (unsigned long long)counts.states, (unsigned long long)counts.by_stop[STOP_KILL],
	       (unsigned long long)counts.by_stop[STOP_HEADS], (unsigned long long)counts.by_stop[STOP_RESET],
	       (unsigned long long)counts.by_stop[STOP_POWER], (unsigned long long)counts.nested,
	       (unsigned long long)counts.known);
	printf("states: in the workloads %llu processes killed, %llu splits and merges, %llu segments compacted away, "
	       "%llu failed syncs, %llu short "
	       "counts, %llu times no"
	       " space; torn %llu, without data %llu\n",
	       (unsigned long long)totals.kills, (unsigned long long)totals.reshards,
	       (unsigned long long)totals.compacted, (unsigned long long)totals.failed_syncs,
	       (unsigned long long)totals.short_writes, (unsigned long long)totals.no_space,
	       (unsigned long long)(counts.by_fate[FATE_FRONT] + counts.by_fate[FATE_FRONT_ZEROS] +
				    counts.by_fate[FATE_TAIL]),
	       (unsigned long long)counts.by_fate[FATE_ZEROS]);
	if (workloads >= 12 && (!totals.kills || !totals.reshards || !totals.compacted || !totals.failed_syncs ||
				!totals.short_writes || !totals.no_space)) {
		fprintf(stderr, "FAIL: something that should have gone wrong never did\n");
		counts.failures++;
	}
	printf("states: %llu failures\n", (unsigned long long)counts.failures);
}

int main(int argc, char **argv)
{
	setlinebuf(stdout);
	time_t until = time(NULL) + 60;
	int only = -1, workloads = 0;
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(argv[i], "--quick")) {
			quick = true;
			continue;
		}
		if (!strcmp(argv[i], "--seed"))
			seed = strtoull(value, NULL, 10);
		else if (!strcmp(argv[i], "--workload"))
			only = atoi(value);
		else if (!strcmp(argv[i], "--time"))
			until = time(NULL) + atoi(value);
		else
			return fprintf(stderr, "states: what is `%s`?\n", argv[i]), 2;
		i++;
	}
	prove(LIE_FILES, "files");
	prove(LIE_DIRECTORIES, "directories");
	memset(&counts, 0, offsetof(struct counts, failures));
	memset(&totals, 0, sizeof totals);
	if (only >= 0) {
		run_workload(only, LIE_NONE);
		workloads = 1;
	} else {
		for (; time(NULL) < until && !(quick && workloads == QUICK_WORKLOADS); workloads++)
			run_workload(workloads, LIE_NONE);
	}
	report(workloads);
	return counts.failures != 0;
}

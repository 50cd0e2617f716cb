/*
 * Flows that commit into a stream, on a machine in memory (tests/torture/actors.h, disk.h): runs of a flow that are killed
 * at any of their steps or overtaken by the next while they go on; other flows and plain writers; shards that are split
 * and merged, segments that are compacted meanwhile; syncs that fail, and no space. And at any moment the power goes.
 *
 * What holds: each record of a committed checkpoint is there once, in the order of its key; of others, none, never.
 *
 * Each number is a world with a seed of its own: store_redo [FIRST [COUNT]].
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "../torture/actors.h"
#include "../torture/records.h"
#include "base/mem.h"
#include "store/commit/redo_private.h"
#include "store/reshard/reshard.h"
#include "store/shard/shard.h"
#include "store/upkeep/compact.h"
#include "test.h"

enum { FLOWS = 2, PLAIN = FLOWS, WORLDS = 120, STATES_MAX = 60 };

static const char stream_path[] = "/d/s";
static const char *const flow_names[FLOWS] = {"f0f0", "a1a1"};

/* Of what there was in all worlds: a storm that does not blow shows nothing. */
static struct {
	long commits, overtaken, taken, reshards, compacted, kills, failed_syncs, refused, states, plain, linked;
} seen;

/* -- time and chance, by the seed -- */

static uint64_t chance = 1;
static int64_t now;

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
	*t = (struct timespec){now / 1000000000, now % 1000000000};
	return 0;
}

/* What a killed process had in memory is lost, as it is in life. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* -- a world -- */

struct world {
	struct crew crew; /* first: the disk's hooks get it */
	struct disk disk;
	uint64_t dice;
	int number;
	uint64_t epochs[FLOWS];
	int acked[FLOWS], tried[FLOWS]; /* positions that were, or may have been, committed */
	struct promises plain;          /* of the plain writer's records */
	int next_plain, states;
	char fault[1200];
};

static void fault(struct world *w, const char *what, const char *why)
{
	if (!*w->fault)
		snprintf(w->fault, sizeof w->fault, "%s: %s", what, why);
}

static int first_of(int flow)
{
	return flow * RECORDS_EACH;
}

/* -- runs of a flow; what it commits as state is how many of its records are -- */

static int position_of(const char *state, size_t len)
{
	char text[32] = "";
	memcpy(text, state ? state : "", len < sizeof text ? len : 0);
	return atoi(text);
}

static int begin_run(struct world *w, const struct files *io, int flow, struct redo **r, int *position, struct error *e)
{
	struct stream s;
	struct redo_commit last;
	int code = stream_open(&s, io, stream_path, e), least = w->acked[flow];
	if (code)
		return code;
	code = redo_open(r, &s, flow_names[flow], ++w->epochs[flow], &last, e);
	*position = position_of(last.state, last.len);
	free(last.state);
	if (code)
		return code;
	(*r)->direct = w->number % 4 ? 4 : (*r)->direct;
	/* Parts of all sizes, linked or copied. */
	(*r)->held_max = w->number % 3 ? (size_t)dice(&w->dice, 3) * 400 : (*r)->held_max;
	(*r)->link_part = w->number % 6 ? SEGMENT_SIZE : (*r)->link_part;
	(*r)->part_size = w->number % 9 ? 600 : (*r)->part_size;
	if (*position < least || *position > w->tried[flow])
		fault(w, "recover", *position < least ? "a commit is gone" : "a commit that nobody made");
	if (*position > w->acked[flow])
		w->acked[flow] = *position;
	return OK;
}

static int collect(struct redo *r, int first, int count, struct error *e)
{
	struct batch b;
	batch_init(&b);
	records_make(&b, first, count);
	int code = redo_append(r, &b, batch_field(&b, "key", 3), e);
	batch_release(&b);
	return code;
}

static int commit(struct world *w, struct redo *r, int flow, int position, struct error *e)
{
	char state[16];
	size_t len = (size_t)snprintf(state, sizeof state, "%d", position);
	if (position > w->tried[flow])
		w->tried[flow] = position;
	int code = redo_commit(r, r->n + 1, state, len, e);
	if (!code && position > w->acked[flow])
		w->acked[flow] = position;
	seen.commits += !code;
	seen.overtaken += code == ERR_UPSTREAM;
	return code;
}

static int flow_life(struct actor *a)
{
	struct world *w = a->arg;
	struct redo *r = NULL;
	struct error e = {0};
	int flow = a->number % FLOWS, at = 0, code = begin_run(w, &w->disk.io, flow, &r, &at, &e);
	seen.taken += !code;
	for (int commits = 8; !code && commits && at < RECORDS_EACH - 30; commits--) {
		for (int batches = (int)dice(&w->dice, 4); !code && batches; batches--) {
			int count = 1 + (int)dice(&w->dice, 9);
			code = collect(r, first_of(flow) + at, count, &e);
			at += count;
		}
		if (!code)
			code = commit(w, r, flow, at, &e);
	}
	if (!code && dice(&w->dice, 2))
		code = redo_end(r, &e);
	redo_close(r);
	return code;
}

/* -- the others -- */

static bool any_flow(const struct world *w)
{
	for (int i = 0; i < w->crew.count; i++)
		if (w->crew.actors[i].run == flow_life && w->crew.actors[i].alive)
			return true;
	return false;
}

static int plain_life(struct actor *a)
{
	struct world *w = a->arg;
	struct error e = {0};
	for (int i = 0; i < 6 && any_flow(w); i++) {
		struct stream s;
		struct store_writer *writer = NULL;
		struct batch b;
		int first = w->next_plain, count = 1 + (int)dice(&w->dice, 6);
		if (first + count > RECORDS_EACH)
			break;
		w->next_plain += count;
		memset(w->plain.of + first_of(PLAIN) + first, BEGUN, (size_t)count);
		batch_init(&b);
		records_make(&b, first_of(PLAIN) + first, count);
		int r = stream_open(&s, &w->disk.io, stream_path, &e);
		if (!r)
			r = store_writer_open(&writer, &s, &e);
		if (!r)
			r = store_writer_append(writer, &b, batch_field(&b, "key", 3), &e);
		if (!r)
			r = store_writer_sync(writer, &e);
		if (!r)
			memset(w->plain.of + first_of(PLAIN) + first, ACKED, (size_t)count);
		seen.plain += !r;
		store_writer_close(writer);
		batch_release(&b);
	}
	return 0;
}

static int reshard_once(const struct files *io, uint64_t *dice_of, struct error *e)
{
	struct stream s;
	int r = stream_open(&s, io, stream_path, e);
	if (r)
		return r;
	uint32_t count = (uint32_t)s.catalog.shard_count;
	uint32_t any = s.catalog.shards[dice(dice_of, count)].id, other = s.catalog.shards[dice(dice_of, count)].id;
	switch (dice(dice_of, 4)) {
	case 0: r = reshard_merge(&s, any, other, e); break;
	case 1: r = reshard_scale(&s, 1 + dice(dice_of, 3), e); break;
	default: r = reshard_split(&s, any, NULL, e);
	}
	stream_close(&s);
	return r;
}

static int resharder_life(struct actor *a)
{
	struct world *w = a->arg;
	struct error e;
	for (int i = 0; i < 12 && any_flow(w); i++)
		seen.reshards += reshard_once(&w->disk.io, &w->dice, &e) >= 0;
	return 0;
}

static int compacter_life(struct actor *a)
{
	struct world *w = a->arg;
	struct tidy_options o = {.wait = false};
	struct error e;
	for (int i = 0; i < 40 && any_flow(w); i++) {
		struct stream s;
		int r = stream_open(&s, &w->disk.io, stream_path, &e);
		for (size_t k = 0; !r && k < s.catalog.shard_count; k++) {
			struct compacted done = {0};
			r = tidy_roll(&s, s.catalog.shards[k].id, INT64_MAX, &e);
			if (!r)
				r = compact(&s, s.catalog.shards[k].id, &o, &done, &e);
			seen.compacted += (long)(done.segments_before - done.segments_after);
		}
		stream_close(&s);
	}
	return 0;
}

/* -- what must be there -- */

/* Anybody who comes, not the flow itself, carries out what was decided. */
static int finish(const struct files *io, struct error *e)
{
	struct stream s;
	int r = stream_open(&s, io, stream_path, e);
	if (!r)
		r = redo_finish(&s, e);
	stream_close(&s);
	return r;
}

static int look(const struct files *io, int flow, int *position, struct error *e)
{
	struct ledger_entry x;
	char directory[32];
	struct file there;
	snprintf(directory, sizeof directory, "%s/flows", stream_path);
	*position = 0;
	int r = file_find(&there, io, directory, O_RDONLY | O_DIRECTORY, e);
	if (r <= 0)
		return r;
	file_close(&there);
	r = ledger_look(io, directory, flow_names[flow], &x, e);
	if (!r)
		*position = position_of(x.state, x.len);
	ledger_entry_release(&x);
	return r;
}

/* What the ledgers say, and no more; what nobody has carried out yet may be missing if `pending`. */
static const char *check(struct world *w, const struct files *io, bool pending, char text[200], struct error *e)
{
	static struct view v;
	struct promises p = w->plain;
	memset(&v, 0, sizeof v);
	v.keyed = true;
	for (int flow = 0; flow < FLOWS; flow++) {
		int position = 0;
		if (look(io, flow, &position, e))
			return e->text;
		if (position < w->acked[flow] || position > w->tried[flow])
			return "the ledger says something else";
		memset(p.of + first_of(flow), pending ? BEGUN : ACKED, (size_t)position);
	}
	if (view_read(&v, true, io, stream_path, e))
		return e->text;
	return view_fault(&v, &p, text);
}

/* The machine has started again: what is there is right, somebody carries out the rest, and each flow goes on. */
static const char *go_on(struct world *w, struct disk *d, char text[200], struct error *e)
{
	struct world later = *w;
	const char *why = check(w, &d->io, true, text, e);
	*later.fault = 0;
	if (*why)
		return why;
	if (dice(&w->dice, 2) && finish(&d->io, e))
		return e->text;
	for (int flow = 0; flow < FLOWS; flow++) {
		struct redo *r;
		int at, code = begin_run(&later, &d->io, flow, &r, &at, e);
		if (code)
			return e->text;
		why = check(&later, &d->io, true, text, e);
		if (*why)
			return why;
		code = collect(r, first_of(flow) + at, 5, e);
		if (!code)
			code = commit(&later, r, flow, at + 5, e);
		redo_close(r);
		if (code)
			return e->text;
	}
	return *later.fault ? strcpy(text, later.fault) : check(&later, &d->io, false, text, e);
}

static void try(struct world *w, const struct fate *fates, bool power)
{
	struct disk d;
	struct error e = {0};
	char text[300];
	if (power)
		disk_cut_power(&d, &w->disk, fates);
	else
		disk_copy(&d, &w->disk);
	const char *why = go_on(w, &d, text, &e);
	if (*why)
		fault(w, power ? "the power went" : "all were killed", why);
	seen.states++;
	disk_release(&d);
}

static void changed(void *arg)
{
	struct world *w = arg;
	struct fate fates[DISK_CHANGES_MAX + 1];
	if (w->states >= STATES_MAX || *w->fault || dice(&w->dice, 40))
		return;
	struct actor *running = w->crew.running;
	w->crew.running = NULL;
	w->states += 4;
	for (uint32_t how = 0; how < 4; how++) {
		for (size_t i = 0; i < w->disk.change_count; i++)
			fates[i] = (struct fate){how == 0 ? FATE_LOST : (enum fate_kind)dice(&w->dice, 2), 0};
		try(w, fates, how < 3);
	}
	w->crew.running = running;
}

/* -- worlds -- */

static int create(const struct files *io, uint32_t shards, struct error *e)
{
	struct catalog c;
	int r = catalog_init(&c, shards, HASH_XXH3, e);
	if (!r)
		r = stream_create(io, stream_path, &c, e);
	catalog_release(&c);
	return r < 0 ? r : OK;
}

static void populate(struct world *w)
{
	int number = w->number;
	crew_add(&w->crew, flow_life, w, 4);
	crew_add(&w->crew, flow_life, w, number % 2 ? 3 : 1);
	if (number % 3)
		crew_add(&w->crew, flow_life, w, 4); /* of the first flow: they overtake each other */
	if (number % 5 < 2)
		crew_add(&w->crew, plain_life, w, 2);
	if (number % 4 > 1)
		crew_add(&w->crew, resharder_life, w, 2);
	if (number % 4 % 2)
		crew_add(&w->crew, compacter_life, w, 2);
	w->crew.kill_one_in = number % 7 ? 150 : 0;
	w->disk.sync_failures = number % 6 == 5 ? 12 : 0;
	w->disk.short_writes = number % 5 == 4 ? 10 : 0;
	w->disk.full = number % 10 == 3 ? 40 : 0;
}

static void run(int number)
{
	static struct world w;
	struct error e = {0};
	char text[300];
	memset(&w, 0, sizeof w);
	chance = 1000003u * (unsigned)number + 17;
	now = 1700000000000000000;
	w.number = number;
	w.dice = chance ^ 0x5851f42d;
	disk_init(&w.disk, chance ^ 0x14057b7e);
	crew_init(&w.crew, &w.disk, chance ^ 0xda3e39cb);
	CHECK(!create(&w.disk.io, 1 + (uint32_t)number % 3, &e));
	populate(&w);
	w.disk.changed = changed;
	crew_run(&w.crew);
	w.disk.changed = NULL;
	seen.kills += (long)w.crew.kills;
	seen.failed_syncs += (long)w.disk.failed;
	seen.refused += (long)w.disk.refused;
	seen.linked += (long)w.disk.linked;
	w.disk.sync_failures = w.disk.full = 0;
	if (w.crew.stuck)
		fault(&w, "run", "all wait for locks");
	if (finish(&w.disk.io, &e))
		fault(&w, "finish", e.text);
	const char *why = check(&w, &w.disk.io, false, text, &e);
	if (*why)
		fault(&w, "in the end", why);
	CHECK(!*w.fault);
	if (*w.fault)
		fprintf(stderr, "  store_redo %d 1: %s\n", number, w.fault);
	crew_release(&w.crew);
	disk_release(&w.disk);
}

int main(int argc, char **argv)
{
	int first = argc > 1 ? atoi(argv[1]) : 0, count = argc > 2 ? atoi(argv[2]) : test_repeat(WORLDS);
	for (int i = 0; i < count; i++)
		run(first + i);
	printf("%ld commits (%ld more were overtaken), %ld runs, %ld plain writers, %ld splits and merges, %ld "
	       "segments "
	       "compacted away, %ld killed, %ld failed syncs, %ld times no space, %ld parts linked, %ld states\n",
	       seen.commits, seen.overtaken, seen.taken, seen.plain, seen.reshards, seen.compacted, seen.kills,
	       seen.failed_syncs, seen.refused, seen.linked, seen.states);
	CHECK(count < WORLDS / 5 || (seen.commits && seen.overtaken && seen.plain && seen.reshards && seen.compacted &&
				     seen.kills && seen.failed_syncs && seen.refused && seen.linked && seen.states));
	return test_done();
}

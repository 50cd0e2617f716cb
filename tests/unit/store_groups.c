/*
 * Groups and slots: whatever call fails, and whoever is stopped, killed or wakes up late, a slot's positions are what
 * was committed last, and it can be taken.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "store/group/slot.h"
#include "store_fault.h"

static struct stream stream;

static void new_stream(void)
{
	struct error e;
	struct store_writer *w;
	stream_close(&stream);
	path_remove(&files_real, "s", NULL);
	w = test_writer(&files_real, "./s", 2, SYNC_DEFAULT, &e);
	if (!w || test_append(w, 0, 100, 10, &e) || store_writer_sync(w, &e))
		exit(1);
	store_writer_close(w);
	if (stream_open(&stream, &files_real, "./s", &e))
		exit(1);
}

static void new_group(struct group *g, const char *name, uint32_t slots)
{
	struct error e = {0};
	CHECK(group_create(&stream, name, slots, "start", &e) == 1);
	CHECK(!group_find(g, &stream, name, &e));
}

/* Commits `value` as the position of shard 0. */
static int commit(struct slot *s, uint64_t value, struct error *e)
{
	struct positions p = {0};
	positions_copy(&p, &s->positions);
	positions_set(&p, 0, value, false);
	int r = slot_commit(s, s->n + 1, &p, e);
	positions_release(&p);
	return r;
}

static uint64_t value_of(const struct positions *p)
{
	const struct position *one = positions_get(p, 0);
	return one ? one->next : UINT64_MAX;
}

static uint64_t newest(const struct group *g)
{
	struct slot_view v;
	struct error e = {0};
	int r = slot_look(&v, g, 0, &e);
	uint64_t value = r ? UINT64_MAX : value_of(&v.positions);
	if (r)
		fprintf(stderr, "%s\n", e.text);
	slot_view_release(&v);
	return value;
}

/* -- what groups are -- */

static void test_group(void)
{
	struct group g;
	struct error e = {0};
	struct slot a, b;
	new_stream();
	CHECK(group_open(&g, &stream, "none", &e) == 0);
	CHECK(group_open(&g, &stream, "a/b", &e) == ERR_USAGE);
	CHECK(group_create(&stream, "web", 0, "start", &e) == ERR_USAGE);
	CHECK(group_create(&stream, "web", 2, "soon", &e) == ERR_USAGE);
	CHECK(group_create(&stream, "web", 2, "seq:101", &e) == ERR_USAGE);
	new_group(&g, "web", 2);
	CHECK(group_create(&stream, "web", 3, "end", &e) == 0);
	CHECK(g.slots == 2 && !strcmp(g.from, "start"));
	CHECK(slot_take(&a, &g, 0, 0, false, &e) == 1 && !slot_resume(&a, &e));
	CHECK(slot_take(&b, &g, 0, 0, false, &e) == 0);
	CHECK(slot_take(&b, &g, 1, 7, false, &e) == 1 && b.epoch == 7 && !slot_resume(&b, &e));
	/* two shards, two slots: each overlaps one */
	CHECK(a.positions.count == 1 && b.positions.count == 1 && positions_get(&b.positions, 1));
	CHECK(strcmp(a.flow, b.flow) != 0);
	CHECK(group_reset(&g, &stream, "end", &e) == ERR_USAGE && strstr(e.text, "held by process"));
	CHECK(group_delete(&stream, "web", &e) == ERR_USAGE);
	char flow[FLOW_ID_LENGTH + 1];
	memcpy(flow, a.flow, sizeof flow);
	slot_release(&a);
	slot_release(&b);
	CHECK(!group_reset(&g, &stream, "5", &e));
	CHECK(newest(&g) == 5);
	CHECK(slot_take(&a, &g, 0, 0, false, &e) == 1 && !slot_resume(&a, &e) && strcmp(a.flow, flow) != 0);
	slot_release(&a);
	group_close(&g);
	CHECK(group_find(&g, &stream, "wep", &e) == ERR_USAGE && strstr(e.text, "is it `web`"));
	CHECK(!group_delete(&stream, "web", &e));
	CHECK(group_open(&g, &stream, "web", &e) == 0);
}

/* The state of a flow goes with it, and with nothing else. */
static void test_state(void)
{
	struct group g;
	struct error e = {0};
	struct slot s;
	new_stream();
	new_group(&g, "g", 1);
	CHECK(slot_take(&s, &g, 0, 0, false, &e) == 1 && !slot_resume(&s, &e));
	char *state = slot_state_path(&s), *receipt = slot_receipt_path(&s);
	CHECK(!path_mkdirs(&files_real, state, &e));
	CHECK(!file_replace(&files_real, state, "1.1", "x", 1, &e));
	CHECK(!file_replace(&files_real, s.directory, strrchr(receipt, '/') + 1, "x", 1, &e));
	slot_release(&s);
	CHECK(slot_take(&s, &g, 0, 0, false, &e) == 1 && !slot_resume(&s, &e));
	CHECK(!access(state, F_OK) && access(receipt, F_OK));
	slot_release(&s);
	CHECK(!group_reset(&g, &stream, "start", &e));
	CHECK(access(state, F_OK));
	free(state);
	free(receipt);
	group_close(&g);
}

/* -- the n-th call fails -- */

struct run {
	uint64_t acked, begun;
};

/* Makes the group, takes the slot three times, commits rising values. */
static struct run work(const struct files *io, struct run out)
{
	struct error e;
	struct group g;
	struct slot s;
	struct stream mine = stream;
	mine.io = io;
	if (group_create(&mine, "g", 1, "start", &e) < 0 || group_find(&g, &mine, "g", &e))
		return out;
	for (int i = 0; i < 3; i++) {
		if (slot_take(&s, &g, 0, 0, false, &e) <= 0)
			break;
		int r = slot_resume(&s, &e);
		CHECK(r || (value_of(&s.positions) >= out.acked && value_of(&s.positions) <= out.begun));
		for (int j = 0; !r && j < 3; j++) {
			r = commit(&s, ++out.begun, &e);
			if (!r)
				out.acked = out.begun;
		}
		slot_release(&s);
	}
	group_close(&g);
	return out;
}

static void fail_each(unsigned calls, int error, bool sticky, bool stops)
{
	long n = 1, fired = 0;
	for (;; n++) {
		struct faulty f;
		new_stream();
		faulty_init(&f, 1);
		f.calls = calls;
		f.fail_at = n;
		f.error = error;
		f.sticky = sticky;
		f.stops = stops;
		struct run first = work(&f.io, (struct run){0});
		bool done = !f.fired;
		fired += f.fired;
		faulty_release(&f);
		struct run second = work(&files_real, first);
		bool good = second.acked == second.begun && second.begun == first.begun + 9;
		CHECK(good);
		if (done || !good)
			break;
	}
	CHECK(fired > 10);
}

static void test_faults(void)
{
	fail_each(CALL_ALL, EIO, false, false);
	fail_each(CALL_ALL, EIO, true, false);
	fail_each(CALL_ALL, EIO, false, true);
	fail_each(CALL_WRITE | CALL_CHANGE | CALL_SYNC | CALL_OPEN, ENOSPC, false, false);
}

static void test_halves(void)
{
	struct faulty f;
	new_stream();
	faulty_init(&f, 1);
	f.halves = true;
	struct run r = work(&f.io, (struct run){0});
	CHECK(r.acked == 9);
	faulty_release(&f);
}

/* -- processes -- */

struct shared {
	atomic_ulong acked; /* the last value whose commit succeeded */
	atomic_int inside, both, lost;
};

static struct shared *shared_new(void)
{
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		exit(1);
	return s;
}

static void commit_for_ever(const struct group *g, struct shared *shared)
{
	struct error e;
	struct slot s;
	if (slot_take(&s, g, 0, 0, false, &e) <= 0 || slot_resume(&s, &e))
		_exit(100);
	for (uint64_t value = value_of(&s.positions) + 1;; value++) {
		int r = commit(&s, value, &e);
		if (r)
			_exit(error_status(r));
		atomic_store(&shared->acked, value);
	}
}

static void pause_for(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* A holder is stopped somewhere in its commits, its slot is stolen, it wakes up. */
static void test_zombies(int rounds, unsigned seed)
{
	struct shared *shared = shared_new();
	struct group g;
	struct error e = {0};
	struct slot s;
	int stale = 0, unseen = 0, overwritten = 0, refused = 0;
	new_stream();
	new_group(&g, "g", 1);
	for (int i = 0; i < rounds; i++) {
		uint64_t before = atomic_load(&shared->acked);
		pid_t child = fork();
		if (!child)
			commit_for_ever(&g, shared);
		for (int wait = 0; atomic_load(&shared->acked) == before && wait < 10000; wait++)
			pause_for(20000);
		pause_for(rand_r(&seed) % 100000);
		int status;
		kill(child, SIGSTOP);
		waitpid(child, &status, WUNTRACED);
		if (slot_take(&s, &g, 0, 0, true, &e) <= 0 || slot_resume(&s, &e)) {
			refused++;
			fprintf(stderr, "%s\n", e.text);
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			break;
		}
		uint64_t acked = atomic_load(&shared->acked), base = value_of(&s.positions);
		unseen += base < acked;
		/* Half of the time it wakes before we have committed anything. */
		if (i % 2)
			kill(child, SIGCONT);
		uint64_t ours = base + 1000;
		refused += commit(&s, ours, &e) != 0;
		kill(child, SIGCONT);
		waitpid(child, &status, 0);
		stale += !WIFEXITED(status) || WEXITSTATUS(status) != 4 || atomic_load(&shared->acked) > base;
		overwritten += newest(&g) != ours;
		slot_release(&s);
	}
	CHECK(!refused);
	CHECK(!stale);
	CHECK(!unseen);
	CHECK(!overwritten);
	printf("%d slots stolen from stopped holders: %d stale commits, %d overwritten\n", rounds, stale, overwritten);
	group_close(&g);
}

/* Takes and gives back: never two inside, never an older position than what was committed. */
static void take_turns(const struct group *g, struct shared *shared, int turns)
{
	struct error e;
	struct slot s;
	for (int i = 0; i < turns; i++) {
		int r;
		while (!(r = slot_take(&s, g, 0, 0, false, &e)))
			pause_for(100000);
		if (r < 0 || slot_resume(&s, &e)) {
			fprintf(stderr, "%s\n", e.text);
			_exit(1);
		}
		if (atomic_fetch_add(&shared->inside, 1))
			atomic_fetch_add(&shared->both, 1);
		if (value_of(&s.positions) != atomic_load(&shared->acked))
			atomic_fetch_add(&shared->lost, 1);
		if (commit(&s, value_of(&s.positions) + 1, &e))
			_exit(2);
		atomic_store(&shared->acked, value_of(&s.positions));
		atomic_fetch_sub(&shared->inside, 1);
		slot_release(&s);
	}
	_exit(0);
}

static void test_turns(void)
{
	enum { CHILDREN = 4 };
	struct shared *shared = shared_new();
	struct group g;
	int failed = 0, status, turns = test_repeat(100);
	new_stream();
	new_group(&g, "g", 1);
	for (int i = 0; i < CHILDREN; i++)
		if (!fork())
			take_turns(&g, shared, turns);
	while (wait(&status) > 0)
		failed += status != 0;
	CHECK(!failed);
	CHECK(!shared->both);
	CHECK(!shared->lost);
	CHECK(newest(&g) == (uint64_t)(CHILDREN * turns));
	group_close(&g);
}

/* Killed at whatever point of taking and committing: what succeeded is there, and the next one gets it at once. */
static void test_kills(void)
{
	int rounds = test_repeat(300);
	struct shared *shared = shared_new();
	struct group g;
	struct error e = {0};
	unsigned seed = 99;
	int status, wrong = 0;
	new_stream();
	new_group(&g, "g", 1);
	for (int i = 0; i < rounds; i++) {
		pid_t child = fork();
		if (!child)
			commit_for_ever(&g, shared);
		pause_for(rand_r(&seed) % 2000000);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		struct slot s;
		uint64_t acked = atomic_load(&shared->acked);
		bool good = slot_take(&s, &g, 0, 0, false, &e) == 1 && !slot_resume(&s, &e) &&
			    value_of(&s.positions) >= acked && value_of(&s.positions) <= acked + 1;
		wrong += !good;
		if (good)
			atomic_store(&shared->acked, value_of(&s.positions));
		slot_release(&s);
	}
	CHECK(!wrong);
	CHECK(atomic_load(&shared->acked) > 0);
	group_close(&g);
}

/* -- what is damaged -- */

static void test_damage(void)
{
	struct group g;
	struct error e = {0};
	struct slot s;
	new_stream();
	new_group(&g, "g", 1);
	char *directory = slot_directory(&g, 0), *path = file_path("%s/0.0.pos", directory);
	int fd = open(path, O_WRONLY);
	CHECK(pwrite(fd, "9", 1, 50) == 1);
	close(fd);
	CHECK(slot_take(&s, &g, 0, 0, false, &e) == 1);
	CHECK(slot_resume(&s, &e) == ERR_FAILED && strstr(e.text, "damaged"));
	slot_release(&s);
	CHECK(!group_reset(&g, &stream, "7", &e));
	CHECK(newest(&g) == 7);
	free(path);
	free(directory);
	group_close(&g);
}

/* `store_groups ROUNDS SEED`: the zombies alone. */
int main(int argc, char **argv)
{
	if (chdir(test_start()))
		return 1;
	if (argc == 3) {
		test_zombies(atoi(argv[1]), (unsigned)atoi(argv[2]));
	} else {
		test_group();
		test_state();
		test_faults();
		test_halves();
		test_turns();
		test_zombies(test_repeat(1000), 12345);
		test_kills();
		test_damage();
	}
	stream_close(&stream);
	test_cleanup();
	return test_done();
}

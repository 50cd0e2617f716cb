/*
 * The ledger of a flow's commits: runs that compete for it, runs that were stopped and wake up late, and a machine that
 * stops at any of its calls. There is always one last commit, it is one that was made, and its payload is whole.
 */
#include "store/commit/ledger.h"
#include "store_fault.h"

enum { BIG = (256 << 10) * 2 + 17 };

static const char *where;
static char place[128];

static void new_place(void)
{
	snprintf(place, sizeof place, "%s/l", where);
	path_remove(&files_real, place, NULL);
}

static void start(struct ledger *l, const struct files *io)
{
	ledger_init(l, io, place, "p");
}

static int take(struct ledger *l, uint64_t epoch, struct error *e)
{
	struct ledger_entry last;
	int r = ledger_take(l, epoch, &last, e);
	ledger_entry_release(&last);
	return r;
}

/* Commits n, and a payload of as many bytes, all of them n. */
static int commit(struct ledger *l, uint64_t n, size_t payload, struct error *e)
{
	char state[32], bytes[512];
	memset(bytes, (int)n, sizeof bytes);
	int r = OK;
	for (size_t at = 0; at < payload && !r; at += sizeof bytes)
		r = ledger_add(l, bytes, payload - at < sizeof bytes ? payload - at : sizeof bytes, e);
	size_t len = (size_t)snprintf(state, sizeof state, "state %d", (int)n);
	return r ? r : ledger_commit(l, n, state, len, e);
}

/* What a commit of n and so many bytes of payload has left. */
static bool says(const struct ledger_entry *x, uint64_t epoch, uint64_t n, uint64_t by, int64_t payload)
{
	char want[32], byte;
	bool good = x->epoch == epoch && x->n == n && x->by == by && x->payload == payload;
	size_t len = n ? (size_t)snprintf(want, sizeof want, "state %d", (int)n) : 0;
	good = good && x->len == len && !memcmp(len ? x->state : "", len ? want : "", len);
	for (int64_t at = 0; at < payload && good; at += payload > 1000 ? 997 : 1)
		good = pread(x->file.fd, &byte, 1, at) == 1 && byte == (char)n;
	return good;
}

static bool looks(uint64_t epoch, uint64_t n, uint64_t by, int64_t payload)
{
	struct ledger_entry x;
	struct error e = {0};
	bool good = !ledger_look(&files_real, place, "p", &x, &e) && says(&x, epoch, n, by, payload);
	if (!good)
		fprintf(stderr, "  epoch %d n %d by %d payload %d: %s\n", (int)x.epoch, (int)x.n, (int)x.by,
			(int)x.payload, e.text);
	ledger_entry_release(&x);
	return good;
}

static void count_one(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
}

static int entries(void)
{
	int count = 0;
	files_real.list(&files_real, place, count_one, &count);
	return count;
}

static void test_commits(void)
{
	struct ledger l;
	struct ledger_entry last;
	struct error e;
	new_place();
	start(&l, &files_real);
	CHECK(!ledger_take(&l, 3, &last, &e) && !last.seq && !last.n && !last.state);
	ledger_entry_release(&last);
	CHECK(looks(3, 0, 0, 0) && entries() == 1);
	CHECK(!commit(&l, 1, 0, &e) && looks(3, 1, 3, 0));
	CHECK(!commit(&l, 2, 100, &e) && looks(3, 2, 3, 100));
	CHECK(!commit(&l, 3, BIG, &e) && looks(3, 3, 3, BIG) && entries() == 1);
	ledger_release(&l);
	/* A later run gets it all, and gives it on. */
	for (uint64_t epoch = 7; epoch < 9; epoch++) {
		start(&l, &files_real);
		CHECK(!ledger_take(&l, epoch, &last, &e) && says(&last, epoch == 7 ? 3 : 7, 3, 3, BIG));
		ledger_entry_release(&last);
		ledger_release(&l);
	}
	CHECK(looks(8, 3, 3, BIG));
	/* What is carried out is not given on. */
	start(&l, &files_real);
	CHECK(!take(&l, 9, &e) && !ledger_settle(&l, &e) && looks(9, 3, 3, 0));
	CHECK(!commit(&l, 4, 10, &e) && looks(9, 4, 9, 10));
	CHECK(!ledger_settle(&l, &e) && looks(9, 4, 9, 0) && entries() == 1);
	/* What was added and thrown away is in no commit. */
	CHECK(!ledger_add(&l, "xyz", 3, &e) && entries() == 2);
	ledger_drop(&l);
	CHECK(entries() == 1 && !commit(&l, 5, 4, &e) && looks(9, 5, 9, 4));
	ledger_release(&l);
}

/* States are any bytes; other ledgers in the same directory are others. */
static void test_neighbours(void)
{
	struct ledger a, b, c;
	struct ledger_entry x;
	struct error e;
	new_place();
	ledger_init(&a, &files_real, place, ".flow-1");
	ledger_init(&b, &files_real, place, ".flow-11");
	ledger_init(&c, &files_real, place, ".flow");
	CHECK(!take(&a, 5, &e) && !take(&b, 2, &e) && !take(&c, 1, &e));
	CHECK(!ledger_commit(&a, 1, "a\0\ncheck\n", 9, &e) && !ledger_commit(&b, 8, NULL, 0, &e));
	CHECK(!ledger_look(&files_real, place, ".flow-1", &x, &e) && x.n == 1 && x.len == 9);
	CHECK(x.state && !memcmp(x.state, "a\0\ncheck\n", 9));
	ledger_entry_release(&x);
	CHECK(!ledger_look(&files_real, place, ".flow-11", &x, &e) && x.n == 8 && !x.state);
	ledger_entry_release(&x);
	CHECK(!ledger_look(&files_real, place, ".flow", &x, &e) && x.seq == 1 && !x.n && x.epoch == 1);
	ledger_entry_release(&x);
	ledger_release(&a);
	ledger_release(&b);
	ledger_release(&c);
}

static void test_fences(void)
{
	struct ledger old, late, next;
	struct error e;
	new_place();
	start(&old, &files_real);
	start(&next, &files_real);
	CHECK(!take(&old, 4, &e) && !commit(&old, 1, 5, &e));
	start(&late, &files_real);
	CHECK(take(&late, 4, &e) == ERR_UPSTREAM && strstr(e.text, "later run"));
	ledger_release(&late);
	start(&late, &files_real);
	CHECK(take(&late, 3, &e) == ERR_UPSTREAM && looks(4, 1, 4, 5));
	ledger_release(&late);
	/* The new run is at the number that the old one wants; then far beyond it. */
	CHECK(!take(&next, 5, &e));
	CHECK(commit(&old, 2, 6, &e) == ERR_UPSTREAM && looks(5, 1, 4, 5));
	ledger_release(&old);
	start(&old, &files_real);
	CHECK(!take(&old, 6, &e));
	start(&late, &files_real);
	CHECK(!take(&late, 7, &e) && !commit(&late, 2, 9, &e) && !commit(&late, 3, 9, &e));
	CHECK(commit(&old, 2, 6, &e) == ERR_UPSTREAM && looks(7, 3, 7, 9));
	CHECK(commit(&next, 2, 6, &e) == ERR_UPSTREAM && looks(7, 3, 7, 9));
	/* What they have left goes with the next commit. */
	CHECK(!commit(&late, 4, 0, &e) && looks(7, 4, 7, 0));
	ledger_release(&old);
	ledger_release(&next);
	CHECK(entries() == 1);
	ledger_release(&late);
}

/* -- a later run comes between any two calls of an earlier one -- */

struct later {
	struct error e;
	uint64_t epoch, n;
	int commits;
	bool done;
	uint64_t before; /* the last commit that it found */
};

static void later_run(void *arg)
{
	struct later *r = arg;
	struct ledger l;
	struct ledger_entry last;
	start(&l, &files_real);
	CHECK(!ledger_take(&l, r->epoch, &last, &r->e));
	r->before = last.n;
	r->n = last.n;
	ledger_entry_release(&last);
	for (int i = 0; i < r->commits; i++)
		CHECK(!commit(&l, ++r->n, 30, &r->e));
	ledger_release(&l);
	r->done = true;
}

/* Whether the earlier run's second commit began while it still could. */
static bool one_zombie(long at, int commits)
{
	struct faulty f;
	struct ledger l;
	struct error e = {0};
	struct later later = {.epoch = 9, .commits = commits};
	new_place();
	faulty_init(&f, 1);
	start(&l, &f.io);
	f.calls = CALL_ALL;
	f.fail_at = at;
	f.before = later_run;
	f.before_arg = &later;
	int taken = take(&l, 2, &e), first = taken, second = taken;
	if (!taken)
		first = second = commit(&l, 1, 300, &e);
	if (!first)
		second = commit(&l, 2, 300, &e);
	f.calls = 0;
	/* It learned of it, or was done; what it was told to be committed, the later run has found. */
	CHECK(second == OK || (second == ERR_UPSTREAM && later.done));
	if (later.done) {
		CHECK(later.before == 2 || second == ERR_UPSTREAM);
		CHECK(first || later.before >= 1);
		CHECK(taken || first == OK || first == ERR_UPSTREAM);
		CHECK(commits ? looks(9, later.n, 9, 30) : looks(9, later.n, later.n ? 2 : 0, later.n ? 300 : 0));
	}
	/* Asleep for ever, it would still be no obstacle. */
	struct ledger next;
	start(&next, &files_real);
	CHECK(!take(&next, 10, &e) && !commit(&next, 50, 7, &e) && looks(10, 50, 10, 7));
	CHECK(commit(&l, 3, 8, &e) == ERR_UPSTREAM && looks(10, 50, 10, 7));
	ledger_release(&l);
	CHECK(!commit(&next, 51, 7, &e) && looks(10, 51, 10, 7) && entries() == 1);
	ledger_release(&next);
	faulty_release(&f);
	return later.done;
}

static void test_zombies(void)
{
	for (int commits = 0; commits < 4; commits++) {
		long n = 1;
		while (one_zombie(n, commits))
			n++;
		CHECK(n > 20);
	}
}

/* -- the machine, or the disk, stops at any call -- */

static bool one_stop(long at, bool stops, int error)
{
	struct faulty f;
	struct ledger l;
	struct ledger_entry last;
	struct error e = {0};
	uint64_t made = 1, tried = 1;
	new_place();
	start(&l, &files_real);
	CHECK(!take(&l, 1, &e) && !commit(&l, 1, 40, &e));
	ledger_release(&l);
	faulty_init(&f, 1);
	f.calls = CALL_ALL;
	f.fail_at = at;
	f.stops = stops;
	f.error = error;
	start(&l, &f.io);
	int r = take(&l, 2, &e);
	while (!r && tried < 4) {
		r = commit(&l, ++tried, 40, &e);
		made = r ? made : tried;
	}
	CHECK(r == OK || r == ERR_FAILED);
	ledger_release(&l);
	start(&l, &files_real);
	CHECK(!ledger_take(&l, 3, &last, &e));
	CHECK(last.n == made || last.n == tried);
	CHECK(says(&last, last.epoch, last.n, last.n > 1 ? 2 : 1, 40));
	ledger_entry_release(&last);
	CHECK(!commit(&l, 9, 3, &e) && looks(3, 9, 3, 3) && entries() == 1);
	ledger_release(&l);
	faulty_release(&f);
	return f.fired;
}

static void test_stops(void)
{
	for (int stops = 0; stops < 2; stops++) {
		long n = 1;
		while (one_stop(n, stops, n % 2 ? EIO : ENOSPC))
			n++;
		CHECK(n > 30);
	}
}

/* Any byte that is not as it was is noticed; so is a file that was cut. */
static void test_damage(void)
{
	struct ledger l;
	struct error e;
	struct ledger_entry x;
	char path[160];
	struct stat st;
	new_place();
	start(&l, &files_real);
	CHECK(!take(&l, 1, &e) && !commit(&l, 7, 20, &e));
	ledger_release(&l);
	snprintf(path, sizeof path, "%s/p.2", place);
	int fd = open(path, O_RDWR);
	CHECK(fd >= 0 && !fstat(fd, &st) && st.st_size > 60);
	for (off_t at = 0; at < st.st_size; at++) {
		char byte;
		CHECK(pread(fd, &byte, 1, at) == 1);
		byte ^= 1;
		CHECK(pwrite(fd, &byte, 1, at) == 1);
		int r = ledger_look(&files_real, place, "p", &x, &e);
		if (!r)
			r = ledger_entry_check(&x, &e);
		CHECK(r == ERR_FAILED && strstr(e.text, "damaged"));
		ledger_entry_release(&x);
		byte ^= 1;
		CHECK(pwrite(fd, &byte, 1, at) == 1);
	}
	CHECK(looks(1, 7, 1, 20));
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		CHECK(!ftruncate(fd, size) && ledger_look(&files_real, place, "p", &x, &e) == ERR_FAILED);
		ledger_entry_release(&x);
	}
	close(fd);
}

int main(void)
{
	where = test_start();
	test_commits();
	test_neighbours();
	test_fences();
	test_zombies();
	test_stops();
	test_damage();
	test_cleanup();
	return test_done();
}

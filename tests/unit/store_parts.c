/*
 * Parts of commits (store/commit/redo.h) on real files: what is large becomes a segment by a second name; where that cannot be, or somebody
 * else has written meanwhile, it is copied; and what fsck says of one that is damaged or gone.
 */
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

#include "store/commit/redo_private.h"
#include "store/fsck/fsck.h"
#include "store/stream/stream.h"
#include "store_help.h"

static const char flow[] = "f0f0";
static const char *home;
static struct error e;

/* -- a file layer whose links fail -- */

static int link_error;
static long links;

static int fail_link(const struct files *io, const char *from, const char *to)
{
	(void)io;
	links++;
	return link_error ? (errno = link_error, -1) : files_real.link(&files_real, from, to);
}

static struct files layer(int error)
{
	struct files io = files_real;
	io.threads = false;
	io.link = fail_link;
	link_error = error;
	links = 0;
	return io;
}

/* -- commits of 1000 records -- */

static char *stream_of(const char *name)
{
	return file_path("%s/%s", home, name);
}

static struct redo *open_redo(const struct files *io, const char *name, uint64_t epoch)
{
	struct stream s;
	struct redo *r = NULL;
	struct redo_commit last;
	CHECK(!stream_open(&s, io, name, &e) && !redo_open(&r, &s, flow, epoch, &last, &e));
	free(last.state);
	if (r) {
		r->direct = 10;
		r->held_max = 0;
		r->link_part = SEGMENT_SIZE;
	}
	return r;
}

static int put(struct redo *r, int64_t first)
{
	struct batch b;
	batch_init(&b);
	int code = OK;
	for (int i = 0; !code && i < 10; i++) {
		test_rows(&b, first + i * 100, 100);
		code = redo_append(r, &b, batch_field(&b, "who", 3), &e);
	}
	batch_release(&b);
	return code ? code : redo_commit(r, r->n + 1, "", 0, &e);
}

static bool has(const char *name, int64_t records)
{
	struct tally l;
	tally_init(&l, records);
	bool good = !tally_read(&l, &files_real, name, BOUND_ALL, BOUND_ALL, &e) && !tally_wrong(&l, 0, records, 1) &&
		    !l.disorder && !l.foreign && !l.damages;
	tally_release(&l);
	return good;
}

static int files_of(const char *name, const char *pattern, glob_t *g)
{
	char *path = file_path("%s/%s", name, pattern);
	int n = glob(path, 0, NULL, g) ? 0 : (int)g->gl_pathc;
	free(path);
	return n;
}

static int count_of(const char *name, const char *pattern)
{
	glob_t g = {0};
	int n = files_of(name, pattern, &g);
	globfree(&g);
	return n;
}

static void create(const char *name, uint32_t shards)
{
	store_writer_close(test_writer(&files_real, name, shards, SECOND, &e));
}

static void test_linked(void)
{
	char *name = stream_of("linked");
	struct files io = layer(0);
	create(name, 2);
	struct redo *r = open_redo(&io, name, 1);
	CHECK(!put(r, 0) && !put(r, 1000) && !put(r, 2000) && !redo_end(r, &e));
	redo_close(r);
	CHECK(links == 6 && has(name, 3000));
	CHECK(count_of(name, "shards/*/*.seg") == 6 && !count_of(name, "flows/*.part.*"));
	free(name);
}

/* Somebody writes into the shards between collecting and carrying out; or these file systems have no links. */
static void test_copied(void)
{
	char *name = stream_of("copied");
	struct files io = layer(EXDEV);
	create(name, 1);
	struct redo *r = open_redo(&io, name, 1);
	CHECK(!put(r, 0) && links == 1 && has(name, 1000));
	link_error = 0;
	struct batch b;
	batch_init(&b);
	test_rows(&b, 1001, 999);
	CHECK(!redo_append(r, &b, batch_field(&b, "who", 3), &e));
	struct store_writer *w = test_writer(&files_real, name, 1, SECOND, &e);
	CHECK(!test_append(w, 1000, 1, 1, &e) && !store_writer_sync(w, &e));
	store_writer_close(w);
	CHECK(!redo_commit(r, 2, "", 0, &e) && links == 1 && has(name, 2000));
	CHECK(!put(r, 2000) && links == 2 && has(name, 3000) && !redo_end(r, &e));
	redo_close(r);
	batch_release(&b);
	CHECK(!count_of(name, "flows/*.part.*"));
	free(name);
}

/* -- decided, and not carried out -- */

static char problem[1024];

static void found(void *arg, const struct finding *f)
{
	(void)arg;
	if (f->fault)
		snprintf(problem, sizeof problem, "%s: %s", f->file, f->problem);
}

static uint64_t faults(const char *name)
{
	uint64_t n = 0;
	*problem = 0;
	CHECK(!fsck_stream(&files_real, name, &(struct fsck_options){.found = found}, &n, &e));
	return n;
}

static void flip(const char *path)
{
	struct stat st;
	char c;
	int fd = open(path, O_RDWR);
	CHECK(fd >= 0 && !fstat(fd, &st) && pread(fd, &c, 1, st.st_size / 2) == 1);
	c ^= 16;
	CHECK(pwrite(fd, &c, 1, st.st_size / 2) == 1);
	close(fd);
}

static int finish(const char *name)
{
	struct stream s;
	CHECK(!stream_open(&s, &files_real, name, &e));
	int r = redo_finish(&s, &e);
	stream_close(&s);
	return r;
}

static void decide(const char *name)
{
	struct files io = layer(EIO);
	create(name, 1);
	struct redo *r = open_redo(&io, name, 1);
	CHECK(put(r, 0) == ERR_FAILED && strstr(e.text, "link"));
	redo_close(r);
	CHECK(count_of(name, "flows/*.part.*.seg") == 1);
}

static void test_decided(void)
{
	char *name = stream_of("decided");
	decide(name);
	CHECK(has(name, 0) && !faults(name) && !finish(name) && has(name, 1000) && !faults(name));
	CHECK(!count_of(name, "flows/*.part.*"));
	/* The flow goes on. */
	struct redo *r = open_redo(&files_real, name, 2);
	CHECK(r && !put(r, 1000) && !redo_end(r, &e));
	redo_close(r);
	CHECK(has(name, 2000));
	free(name);
}

static void test_damaged(void)
{
	char *name = stream_of("damaged");
	glob_t g = {0};
	decide(name);
	CHECK(files_of(name, "flows/*.part.*.seg", &g) == 1);
	flip(g.gl_pathv[0]);
	CHECK(faults(name) == 1 && strstr(problem, ".part.1.1.0.seg"));
	CHECK(!unlink(g.gl_pathv[0]));
	CHECK(faults(name) == 1 && strstr(problem, "part 0 of the commit is not there"));
	CHECK(finish(name) == ERR_FAILED && strstr(e.text, "its records are lost"));
	globfree(&g);
	free(name);
}

int main(void)
{
	home = test_start();
	test_linked();
	test_copied();
	test_decided();
	test_damaged();
	test_cleanup();
	return test_done();
}

#include "store/upkeep/tidier.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "store/upkeep/compact.h"
#include "store/upkeep/retain.h"

#define PATIENCE (50 * MILLISECOND)          /* for the thread to notice that it shall stop */
#define PATIENCE_RETAIN (1000 * MILLISECOND) /* for it to delete what is too old, so that short-lived writers do */

struct tidier {
	const struct files *io;
	char *directory;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool running, wanted, retaining; /* the thread; it is wanted again; it deletes, or will at once */
	bool left;                       /* nobody waits for the thread any more */
	atomic_bool stop;
	bool failed;
	struct error trouble, told;
};

struct tidier *tidier_new(const struct stream *s)
{
	pthread_condattr_t monotonic;
	struct tidier *t = mem_zero(sizeof *t);
	t->io = s->io;
	t->directory = mem_copy(s->directory, strlen(s->directory));
	pthread_mutex_init(&t->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return t;
}

static void destroy(struct tidier *t)
{
	pthread_mutex_destroy(&t->mutex);
	pthread_cond_destroy(&t->changed);
	free(t->directory);
	free(t);
}

/* -- the thread -- */

static void be_idle(void)
{
	enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 };
	static const struct sched_param none = {0};
	sched_setscheduler(0, SCHED_IDLE, &none);
	syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT);
}

static void set_retaining(struct tidier *t, bool retaining)
{
	pthread_mutex_lock(&t->mutex);
	t->retaining = retaining;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->mutex);
}

static int tidy(struct tidier *t, struct error *e)
{
	struct stream s;
	struct tidy_options o = {.stop = &t->stop};
	int r = stream_open(&s, t->io, t->directory, e);
	if (r)
		return r;
	struct retained *out = mem_array(s.catalog.shard_count, sizeof *out);
	bool limited = s.catalog.retention || s.catalog.max_size;
	/* To delete is quick, and must not wait for a processor that has nothing else to do. */
	set_retaining(t, limited && !s.catalog.tier);
	if (s.catalog.tier)
		be_idle();
	if (!r && limited)
		r = retain(&s, &o, out, e);
	set_retaining(t, false);
	be_idle();
	for (size_t i = 0; !r && i < s.catalog.shard_count && !tidy_stopped(&o); i++) {
		struct compacted done;
		r = compact(&s, s.catalog.shards[i].id, &o, &done, e);
	}
	free(out);
	stream_close(&s);
	return r;
}

static void *run(void *arg)
{
	struct tidier *t = arg;
	struct error e;
	pthread_mutex_lock(&t->mutex);
	while (t->wanted && !atomic_load(&t->stop)) {
		t->wanted = false;
		pthread_mutex_unlock(&t->mutex);
		int r = tidy(t, &e);
		pthread_mutex_lock(&t->mutex);
		if (r) {
			t->failed = true;
			t->trouble = e;
		}
	}
	t->running = t->retaining = false;
	bool left = t->left;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->mutex);
	if (left)
		destroy(t);
	return NULL;
}

/* -- its owner -- */

/* With the mutex. If there can be no thread, the next segment is another occasion. */
static void start(struct tidier *t)
{
	pthread_t thread;
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	t->running = t->retaining = !pthread_create(&thread, NULL, run, t);
	if (t->running)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void tidier_wake(struct tidier *t)
{
	/* The file layer of a test is made for one thread, and may not outlive one that is left. */
	if (t->io != &files_real)
		return;
	pthread_mutex_lock(&t->mutex);
	t->wanted = true;
	if (!t->running)
		start(t);
	pthread_mutex_unlock(&t->mutex);
}

const char *tidier_trouble(struct tidier *t)
{
	pthread_mutex_lock(&t->mutex);
	bool failed = t->failed;
	if (failed)
		t->told = t->trouble;
	t->failed = false;
	pthread_mutex_unlock(&t->mutex);
	return failed ? t->told.text : NULL;
}

/* With the mutex: waits until the thread is gone, or, if `retain`, has done that part; not longer than it may take. */
static void wait_for(struct tidier *t, bool retain, int64_t most)
{
	int64_t end = monotonic_now() + most;
	struct timespec until = {end / SECOND, end % SECOND};
	while (t->running && (!retain || t->retaining))
		if (pthread_cond_timedwait(&t->changed, &t->mutex, &until))
			break;
}

void tidier_free(struct tidier *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->mutex);
	wait_for(t, true, PATIENCE_RETAIN);
	atomic_store(&t->stop, true);
	wait_for(t, false, PATIENCE);
	bool running = t->left = t->running;
	pthread_mutex_unlock(&t->mutex);
	if (!running)
		destroy(t);
}

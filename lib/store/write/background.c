#include "store/write/background.h"

#include <signal.h>
#include <stdlib.h>

#include "store/shard/shard.h"

enum { STACK = 256 << 10 };

static void sync_shard(const struct background *b, uint32_t id)
{
	struct shard s;
	if (shard_open(&s, b->io, b->stream, id, NULL))
		return;
	shard_sync_written(&s, NULL);
	shard_close(&s);
}

static void *run(void *arg)
{
	struct background *b = arg;
	for (size_t i; (i = atomic_fetch_add(&b->next, 1)) < b->count;)
		sync_shard(b, b->shards[i]);
	atomic_fetch_sub(&b->busy, 1);
	return NULL;
}

void background_start(struct background *b, const struct files *io, const char *stream, uint32_t *shards, size_t count)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	b->io = io;
	b->stream = stream;
	b->shards = shards;
	b->count = io->threads ? count : 0;
	b->next = b->busy = b->started = 0;
	if (pthread_attr_init(&attributes))
		return;
	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_setstacksize(&attributes, STACK);
	while (b->started < b->count && b->started < BACKGROUND_THREADS) {
		atomic_fetch_add(&b->busy, 1);
		if (pthread_create(&b->threads[b->started], &attributes, run, b)) {
			atomic_fetch_sub(&b->busy, 1);
			break;
		}
		b->started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}

bool background_busy(const struct background *b)
{
	return atomic_load(&b->busy) > 0;
}

void background_wait(struct background *b)
{
	for (size_t i = 0; i < b->started; i++)
		pthread_join(b->threads[i], NULL);
	free(b->shards);
	b->shards = NULL;
	b->started = 0;
}

#include "actors.h"

#include <stdlib.h>

#include "base/mem.h"

enum { STACK_SIZE = 1 << 20, STUCK_AFTER = 20000 };

static void leave(struct crew *c)
{
	struct actor *a = c->running;
	void *owner = c->disk->owner;
	swapcontext(&a->context, &c->home);
	c->disk->owner = owner;
}

static void hook_before(void *arg)
{
	struct crew *c = arg;
	if (c->running && !dice(&c->dice, 3))
		leave(c);
}

static void hook_wait(void *arg)
{
	struct crew *c = arg;
	c->running->waits = true;
	leave(c);
}

static void enter(unsigned high, unsigned low)
{
	struct actor *a = (struct actor *)((uintptr_t)high << 32 | low);
	a->status = a->run(a);
	a->alive = false;
	disk_kill(a->crew->disk, a);
	swapcontext(&a->context, &a->crew->home);
}

static void begin(struct actor *a)
{
	if (!a->stack)
		a->stack = mem_alloc(STACK_SIZE);
	getcontext(&a->context);
	a->context.uc_stack.ss_sp = a->stack;
	a->context.uc_stack.ss_size = STACK_SIZE;
	a->context.uc_link = NULL;
	a->alive = true;
	a->lives--;
	uintptr_t self = (uintptr_t)a;
	makecontext(&a->context, (void (*)(void))(uintptr_t)enter, 2, (unsigned)(self >> 32), (unsigned)self);
}

void crew_init(struct crew *c, struct disk *d, uint64_t seed)
{
	*c = (struct crew){.disk = d, .dice = seed};
	d->before = hook_before;
	d->wait = hook_wait;
	d->arg = c;
}

void crew_add(struct crew *c, int (*run)(struct actor *a), void *arg, int lives)
{
	struct actor *a = &c->actors[c->count];
	*a = (struct actor){.run = run, .arg = arg, .number = c->count++, .lives = lives, .crew = c};
	begin(a);
}

static struct actor *choose(struct crew *c)
{
	struct actor *ready[ACTORS_MAX];
	uint32_t count = 0;
	for (int i = 0; i < c->count; i++)
		if (c->actors[i].alive && !c->actors[i].frozen)
			ready[count++] = &c->actors[i];
	return count ? ready[dice(&c->dice, count)] : NULL;
}

void crew_run(struct crew *c)
{
	struct actor *a;
	for (int idle = 0; (a = choose(c)); c->turns++) {
		if (c->kill_one_in && !dice(&c->dice, (uint32_t)c->kill_one_in)) {
			disk_kill(c->disk, a);
			a->alive = false;
			c->kills++;
			if (a->lives)
				begin(a);
			continue;
		}
		a->waits = false;
		c->running = a;
		c->disk->owner = a;
		swapcontext(&c->home, &a->context);
		c->running = NULL;
		c->disk->owner = NULL;
		idle = a->waits ? idle + 1 : 0;
		if (idle > STUCK_AFTER) {
			c->stuck = true;
			return;
		}
	}
}

void crew_release(struct crew *c)
{
	for (int i = 0; i < c->count; i++)
		free(c->actors[i].stack);
}

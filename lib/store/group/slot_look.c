#include <stdlib.h>
#include <unistd.h>

#include "store/group/slot.h"

/* Looking at slots from outside, and waiting for one. */

int slot_look(struct slot_view *v, const struct group *g, uint32_t k, struct error *e)
{
	char *directory = slot_directory(g, k);
	*v = (struct slot_view){0};
	int r = slot_newest(g->io, directory, &v->n, &v->n_epoch, &v->positions, v->flow, e);
	if (!r)
		r = claim_look(&v->claim, g->io, directory, e);
	free(directory);
	return r;
}

void slot_view_release(struct slot_view *v)
{
	positions_release(&v->positions);
}

/* -- waiting -- */

int slot_wait_open(const struct group *g, int *fd, struct error *e)
{
	*fd = g->io->notify(g->io);
	return *fd < 0 ? OK : slot_wait_again(g, *fd, e);
}

int slot_wait_again(const struct group *g, int fd, struct error *e)
{
	char events[4096] __attribute__((aligned(8)));
	int r = OK;
	while (fd >= 0 && read(fd, events, sizeof events) > 0)
		;
	for (uint32_t k = 0; !r && fd >= 0 && k < g->slots; k++) {
		char *directory = slot_directory(g, k);
		r = claim_watch(g->io, directory, fd, e);
		free(directory);
	}
	return r;
}

#include "hold/replay.h"

#include <stdlib.h>

#include "base/mem.h"

void replay_release(struct replay *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		run_free(r->parts[i].run);
	free(r->parts);
	spool_free(r->spool);
	*r = (struct replay){0};
}

void replay_file(struct replay *r)
{
	r->files++;
}

static struct replay_part *last_part(const struct replay *r)
{
	return r->count ? &r->parts[r->count - 1] : NULL;
}

static int finish_part(struct replay *r, struct error *e)
{
	struct replay_part *p = last_part(r);
	return p && p->run ? run_finish(p->run, e) : 0;
}

int replay_part(struct replay *r, int kind, int64_t id, struct error *e)
{
	int code = finish_part(r, e);
	if (r->count == r->cap) {
		r->cap = (uint32_t)mem_grow(r->cap, r->count + 1);
		r->parts = mem_resize(r->parts, r->cap, sizeof *r->parts);
	}
	r->parts[r->count++] = (struct replay_part){.file = r->files, .kind = kind, .id = id};
	return code;
}

int replay_rows(struct replay *r, struct batch *b, struct error *e)
{
	struct replay_part *p = last_part(r);
	if (!r->spool)
		r->spool = spool_new(spool_directory());
	int code = p->run ? 0 : run_new(r->spool, &p->run, e);
	return code ? code : run_write(p->run, b, e);
}

static int give_part(const struct replay_part *p, replay_take take, void *self, struct error *e)
{
	off_t at = 0;
	struct block *k = NULL;
	int code = 0;
	while (p->run && !code && !(code = run_read(p->run, &at, &k, e)) && k) {
		code = take(self, p, &k->rows, e);
		block_free(k);
	}
	return code;
}

int replay_give(struct replay *r, replay_take take, void *self, struct error *e)
{
	int code = finish_part(r, e);
	for (uint32_t end = r->count, from; end && !code; end = from) {
		for (from = end; from && r->parts[from - 1].file == r->parts[end - 1].file;)
			from--;
		for (uint32_t i = from; i < end && !code; i++)
			code = give_part(&r->parts[i], take, self, e);
	}
	replay_release(r);
	return code;
}

#include "exec/item.h"

#include <stdlib.h>

#include "base/mem.h"

struct item *item_new(void)
{
	struct item *it = mem_zero(sizeof *it);
	batch_init(&it->body);
	return it;
}

struct item *item_new_control(unsigned kind, unsigned flags, const struct batch *body)
{
	struct item *it = item_new();
	it->control = kind;
	it->flags = flags;
	it->settled = true;
	if (body)
		batch_append(&it->body, body, 0);
	return it;
}

void item_free(struct item *it)
{
	while (it->results)
		item_drop_result(it);
	records_release(&it->records);
	batch_release(&it->body);
	free(it);
}

struct item_result *item_add_result(struct item *it, struct buf *text)
{
	struct item_result *r = mem_zero(sizeof *r);
	r->text = *text;
	*text = (struct buf)BUF_INIT;
	if (it->results)
		it->last->next = r;
	else
		it->results = r;
	it->last = r;
	return r;
}

void item_drop_result(struct item *it)
{
	struct item_result *r = it->results;
	it->results = r->next;
	buf_release(&r->text);
	free(r);
}

#include "exec/task.h"

#include <stddef.h>

void task_init(struct task *t, uint32_t records)
{
	t->count = records ? 1 : 0;
	t->parts[0] = (struct part){.count = records};
}

const struct part *task_part(const struct task *t)
{
	return t->count ? &t->parts[t->count - 1] : NULL;
}

void task_settle(struct task *t)
{
	t->count--;
}

static void halve(struct task *t)
{
	struct part *all = &t->parts[t->count - 1], *left = all + 1;
	uint32_t half = all->count / 2;
	*left = (struct part){.first = all->first, .count = half, .before = all->before + all->tries};
	*all = (struct part){.first = all->first + half, .count = all->count - half, .before = left->before};
	t->count++;
}

enum task_verdict task_fail(struct task *t, uint64_t retries)
{
	struct part *p = &t->parts[t->count - 1];
	bool is_half = p->before && p->count > 1;
	p->tries++;
	if (!is_half && p->tries <= retries)
		return TASK_AGAIN;
	if (p->count == 1)
		return TASK_DEAD;
	halve(t);
	return TASK_HALVED;
}

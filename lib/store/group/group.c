#include "store/group/group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/opt.h"
#include "store/disk/sealed.h"
#include "store/group/slot.h"

static char *groups_path(const struct stream *s)
{
	return file_path("%s/groups", s->directory);
}

static int check_name(const char *name, struct error *e)
{
	if (home_is_name(name))
		return OK;
	return error_set(e, ERR_USAGE, "`%s` is no name for a group: 1 to 128 of the characters a-z A-Z 0-9 _ . -",
			 name);
}

/* -- its file -- */

static int save(const struct group *g, const char *directory, struct error *e)
{
	struct buf text = BUF_INIT;
	sealed_begin(&text, "group");
	buf_printf(&text, "id %s\nslots %" PRIu32 "\nfrom %s\n", g->id, g->slots, g->from);
	int r = sealed_save(&text, g->io, directory, "group", e);
	buf_release(&text);
	return r;
}

static bool read_line(struct group *g, const char *word, const char *rest)
{
	int used = 0;
	if (!strcmp(word, "id") && strlen(rest) == FLOW_ID_LENGTH)
		return memcpy(g->id, rest, sizeof g->id);
	if (!strcmp(word, "slots"))
		return sscanf(rest, "%" SCNu32 "%n", &g->slots, &used) == 1 && !rest[used] && g->slots &&
		       g->slots <= GROUP_SLOTS_MAX;
	if (!strcmp(word, "from") && !g->from)
		return g->from = mem_copy(rest, strlen(rest)), true;
	return false;
}

static int load(struct group *g, struct error *e)
{
	struct sealed s;
	const char *word, *rest;
	char *path = file_path("%s/group", g->directory);
	int r = sealed_load(&s, g->io, path, "group", e);
	while (r > 0 && sealed_line(&s, &word, &rest))
		if (!read_line(g, word, rest))
			r = sealed_strange(&s, word, e);
	if (r > 0 && (!g->id[0] || !g->slots || !g->from))
		r = error_set(e, ERR_FAILED, "%s is damaged: it does not say enough", path);
	sealed_release(&s);
	free(path);
	return r;
}

int group_open(struct group *g, const struct stream *s, const char *name, struct error *e)
{
	*g = (struct group){.io = s->io};
	int r = check_name(name, e);
	if (r)
		return r;
	g->stream = mem_copy(s->name, strlen(s->name));
	g->name = mem_copy(name, strlen(name));
	g->directory = file_path("%s/groups/%s", s->directory, name);
	r = load(g, e);
	if (r <= 0)
		group_close(g);
	return r;
}

void group_close(struct group *g)
{
	free(g->stream);
	free(g->name);
	free(g->directory);
	free(g->from);
	*g = (struct group){0};
}

int group_find(struct group *g, const struct stream *s, const char *name, struct error *e)
{
	struct name_list list;
	int r = group_open(g, s, name, e);
	if (r)
		return r < 0 ? r : OK;
	r = group_list(s, &list, e);
	if (r)
		return r;
	const char *near = nearest_word(name, strlen(name), (const char *const *)list.items, list.count);
	r = near ? error_set(e, ERR_USAGE, "%s has no group `%s`; is it `%s`?", s->name, name, near)
		 : error_set(e, ERR_USAGE, "%s has no group `%s`", s->name, name);
	name_list_release(&list);
	return r;
}

int group_list(const struct stream *s, struct name_list *list, struct error *e)
{
	char *path = groups_path(s);
	int r = home_names(s->io, path, list, e);
	free(path);
	return r;
}

/* -- making one -- */

static int create_slots(const struct group *g, const struct stream *s, const char *directory, const struct bound *from,
			struct error *e)
{
	struct positions p = {0};
	int r = OK;
	for (uint32_t k = 0; !r && k < g->slots; k++) {
		struct hash128 first, last;
		char *slot = file_path("%s/%" PRIu32, directory, k);
		route_part(k, g->slots, &first, &last);
		r = positions_resolve(&p, s, first, last, from, e);
		if (!r)
			r = slot_create(g->io, slot, &p, e);
		free(slot);
	}
	positions_release(&p);
	return r;
}

/* Gives it its name: 1, or 0 if somebody else was faster. */
static int publish(const struct group *g, const char *temporary, const char *above, struct error *e)
{
	int r = path_rename(g->io, temporary, g->directory, e);
	if (r)
		return errno == ENOTEMPTY || errno == EEXIST ? 0 : r;
	r = path_sync(g->io, above, e);
	return r ? r : 1;
}

static int build(const struct group *g, const struct stream *s, const struct bound *from, struct error *e)
{
	char *above = groups_path(s), *temporary = file_path("%s/+new-%s", above, g->id);
	int r = path_mkdirs(g->io, above, e);
	if (!r)
		r = path_mkdir(g->io, temporary, e);
	if (r >= 0)
		r = create_slots(g, s, temporary, from, e);
	if (!r)
		r = save(g, temporary, e);
	if (!r)
		r = publish(g, temporary, above, e);
	if (r <= 0)
		path_remove(g->io, temporary, NULL);
	free(temporary);
	free(above);
	return r;
}

int group_create(const struct stream *s, const char *name, uint32_t slots, const char *from, struct error *e)
{
	struct bound bound;
	if (!slots || slots > GROUP_SLOTS_MAX)
		return error_set(e, ERR_USAGE, "a group has 1 to %d slots, not %" PRIu32, GROUP_SLOTS_MAX, slots);
	int r = check_name(name, e);
	if (!r)
		r = bound_parse(from, &bound, e);
	if (r)
		return r;
	struct group g = {
		.io = s->io,
		.stream = mem_copy(s->name, strlen(s->name)),
		.name = mem_copy(name, strlen(name)),
		.directory = file_path("%s/groups/%s", s->directory, name),
		.from = mem_copy(from, strlen(from)),
		.slots = slots,
	};
	r = flow_id_make(g.id, e);
	if (!r)
		r = build(&g, s, &bound, e);
	group_close(&g);
	return r;
}

/* -- changing it: all its slots are taken first -- */

static int held(const struct group *g, uint32_t k, struct error *e)
{
	struct slot_view v;
	char holder[128];
	int r = slot_look(&v, g, k, e);
	if (!r) {
		claim_holder_text(&v.claim, holder);
		r = error_set(e, ERR_USAGE, "%s: slot %" PRIu32 " of group %s is held by %s; end it first", g->stream,
			      k, g->name, holder);
	}
	slot_view_release(&v);
	return r;
}

static void release_all(struct slot *slots, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++)
		slot_release(&slots[k]);
	free(slots);
}

static int take_all(const struct group *g, struct slot **slots, struct error *e)
{
	*slots = mem_zero(g->slots * sizeof **slots);
	for (uint32_t k = 0; k < g->slots; k++) {
		int r = slot_take(&(*slots)[k], g, k, 0, false, e);
		if (r <= 0)
			return r ? r : held(g, k, e);
	}
	return OK;
}

int group_reset(struct group *g, const struct stream *s, const char *from, struct error *e)
{
	struct positions p = {0};
	struct slot *slots;
	struct bound bound;
	int r = bound_parse(from, &bound, e);
	if (r)
		return r;
	r = take_all(g, &slots, e);
	for (uint32_t k = 0; !r && k < g->slots; k++) {
		r = positions_resolve(&p, s, slots[k].from, slots[k].to, &bound, e);
		if (!r)
			r = slot_restart(&slots[k], &p, e);
	}
	if (!r) {
		free(g->from);
		g->from = mem_copy(from, strlen(from));
		r = save(g, g->directory, e);
	}
	release_all(slots, g->slots);
	positions_release(&p);
	return r;
}

int group_delete(const struct stream *s, const char *name, struct error *e)
{
	struct group g;
	struct slot *slots;
	int r = group_find(&g, s, name, e);
	if (r)
		return r;
	char *above = groups_path(s), *gone = file_path("%s/+gone-%s", above, g.id);
	r = take_all(&g, &slots, e);
	if (!r)
		r = path_rename(g.io, g.directory, gone, e);
	if (!r)
		r = path_sync(g.io, above, e);
	if (!r)
		r = path_remove(g.io, gone, e);
	release_all(slots, g.slots);
	group_close(&g);
	free(gone);
	free(above);
	return r;
}

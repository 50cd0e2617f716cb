/* stream-get -g as the source of a checkpointed flow: the slot's files are its snapshots, and the end of the pipeline commits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "codec/hash.h"
#include "group.h"

/* Several streams are one flow: its id is made of theirs. */
static char *flow_id(const struct get_group *g)
{
	struct buf ids = BUF_INIT, id = BUF_INIT;
	for (size_t i = 0; i < g->count; i++)
		buf_string_append(&ids, g->members[i].slot.flow);
	struct hash128 joint = hash128(ids.data, ids.len);
	if (g->count == 1)
		buf_string_append(&id, g->members[0].slot.flow);
	else
		buf_printf(&id, "%016" PRIx64 "%016" PRIx64, joint.high, joint.low);
	buf_release(&ids);
	buf_string(&id);
	return buf_detach(&id, &(size_t){0});
}

/* `group alerts of web and api`, and how to begin anew. */
static void describe(const struct get_group *g, struct buf *name, struct buf *reset)
{
	buf_printf(name, "group %s of ", g->name);
	for (size_t i = 0; i < g->count; i++) {
		buf_printf(name, "%s%s", i ? " and " : "", g->members[i].name);
		buf_printf(reset, "%sstream-ctl reset %s %s --from PLACE", i ? " && " : "", g->members[i].name,
			   g->name);
	}
	if (g->members[0].group.slots > 1)
		buf_printf(name, ", slot %" PRIu32, g->members[0].slot.index);
}

/* The flow's directory is that of the first stream's slot. Absolute, for the stages may have other working directories. */
static char *flow_directory(const struct get_group *g)
{
	char *path = slot_state_path(&g->members[0].slot), *here = *path == '/' ? NULL : getcwd(NULL, 0);
	struct buf whole = BUF_INIT;
	if (!here)
		return path;
	buf_printf(&whole, "%s/%s", here, path);
	free(here);
	free(path);
	buf_string(&whole);
	return buf_detach(&whole, &(size_t){0});
}

static int join(struct get_group *g, struct error *e)
{
	int r = 0;
	for (size_t i = 0; !r && i < g->count; i++) {
		r = slot_join(&g->members[i].slot, e);
		if (!r && g->members[i].slot.epoch != g->members[0].slot.epoch)
			r = error_set(e, ERR_UPSTREAM,
				      "another process was taking slot %" PRIu32 " of group %s; run it again",
				      g->members[0].slot.index, g->name);
	}
	return r;
}

int get_flow_check(struct get_group *g, bool flows, struct error *e)
{
	int r = 0;
	for (size_t i = 0; !r && i < g->count; i++) {
		struct slot_view v;
		r = slot_look(&v, &g->members[i].group, g->members[i].slot.index, e);
		memcpy(g->members[i].slot.flow, v.flow, sizeof v.flow);
		g->members[i].slot.n = v.n;
		slot_view_release(&v);
	}
	if (r)
		return r;
	char *directory = flow_directory(g);
	bool is_flow = !access(directory, F_OK), began = g->members[0].slot.n > 0;
	free(directory);
	struct buf name = BUF_INIT, reset = BUF_INIT;
	describe(g, &name, &reset);
	if (!flows && is_flow)
		r = error_set(e, ERR_USAGE,
			      "%s is read by a pipeline of our commands, which keeps its state; to read it as text: %s",
			      buf_string(&name), buf_string(&reset));
	else if (flows && !is_flow && began)
		r = error_set(e, ERR_USAGE, "%s was read as text so far; to begin a pipeline: %s", buf_string(&name),
			      buf_string(&reset));
	buf_release(&name);
	buf_release(&reset);
	return r;
}

int get_flow_begin(struct get_group *g, struct flow *f, struct error *e)
{
	int r = get_flow_check(g, true, e);
	if (!r)
		r = join(g, e);
	if (r)
		return r;
	struct buf name = BUF_INIT, reset = BUF_INIT;
	describe(g, &name, &reset);
	buf_string(&name);
	buf_string(&reset);
	g->texts[0] = flow_id(g);
	g->texts[1] = flow_directory(g);
	g->texts[2] = buf_detach(&name, &(size_t){0});
	g->texts[3] = buf_detach(&reset, &(size_t){0});
	const char *key = g->members[0].stream.catalog.key;
	if (g->members[0].group.slots > 1)
		snprintf(g->slot_text, sizeof g->slot_text, "%" PRIu32, g->members[0].slot.index);
	g->origin = (struct flow_origin){
		.flow = g->texts[0],
		.directory = g->texts[1],
		.name = g->texts[2],
		.reset = g->texts[3],
		.epoch = g->members[0].slot.epoch,
		.interval = g->checkpoint,
		.shared_by = get_group_takes_all(g) ? NULL
			     : key                  ? key
						    : "",
		.slot = *g->slot_text ? g->slot_text : NULL,
		.drain = g->drain,
	};
	return flow_begin(f, &g->origin, e);
}

int get_flow_restore(struct get_group *g, uint64_t n, uint64_t epoch, struct error *e)
{
	int r = 0;
	for (size_t i = 0; !r && i < g->count; i++)
		r = slot_restore(&g->members[i].slot, n, epoch, e);
	if (!r)
		r = get_group_check_all(g, e);
	g->held = true;
	g->checked = monotonic_now();
	return r;
}

int get_flow_checkpoint(struct get_group *g, uint64_t n, uint64_t committed, struct error *e)
{
	int r = 0;
	for (size_t i = 0; !r && i < g->count; i++) {
		struct member *m = &g->members[i];
		r = get_group_secure(m, e);
		if (!r)
			r = slot_keep(&m->slot, n, committed, &m->reached, e);
	}
	return r;
}

#include "store/commit/sweep.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/home.h"
#include "store/commit/ledger.h"
#include "store/commit/redo.h"

/* All names in the folder, and those of the flows: what comes before the first dot or plus. */
struct look {
	struct name_list names, flows;
};

static void look_at(void *arg, const char *name)
{
	struct look *l = arg;
	char *flow = mem_copy(name, strcspn(name, ".+"));
	bool known = !*flow;
	for (size_t i = 0; i < l->flows.count; i++)
		known |= !strcmp(l->flows.items[i], flow);
	if (!known)
		name_list_add(&l->flows, flow);
	name_list_add(&l->names, name);
	free(flow);
}

enum { OVER = 1, ORPHANS }; /* its ledger may go; there is none, only what belongs to entries that have gone */

/* Returns 0, OVER, ORPHANS or an error. */
static int is_over(const struct stream *s, const char *directory, const char *flow, const struct sweep *by,
		   struct error *e)
{
	struct ledger_entry x;
	int r = ledger_look(s->io, directory, flow, &x, e);
	if (!r)
		r = !x.seq ? ORPHANS : by->gone(by->arg, flow, x.state, x.len) ? OVER : 0;
	ledger_entry_release(&x);
	return r;
}

/* FLOW.SEQ: its number, > 0; 0: it is another file. */
static uint64_t number_of(const char *name, const char *flow)
{
	const char *digits = name + strlen(flow) + 1;
	return name[strlen(flow)] == '.' && *digits && !digits[strspn(digits, "0123456789")]
		       ? strtoull(digits, NULL, 10)
		       : 0;
}

static bool is_of(const char *name, const char *flow)
{
	size_t len = strlen(flow);
	return !strncmp(name, flow, len) && (name[len] == '.' || name[len] == '+');
}

static int remove_file(const struct stream *s, const char *directory, const char *name, struct error *e)
{
	char *path = file_path("%s/%s", directory, name);
	int r = path_remove(s->io, path, e);
	free(path);
	return r;
}

/* The lowest entry above `above`, or NULL. */
static const char *next_entry(const struct name_list *names, const char *flow, uint64_t above)
{
	const char *best = NULL;
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		uint64_t n = is_of(name, flow) ? number_of(name, flow) : 0;
		if (n > above && (!best || n < number_of(best, flow)))
			best = name;
	}
	return best;
}

/* A draft without a ledger may be the first one of a flow that begins. */
static int remove_flow(const struct stream *s, const char *directory, const struct name_list *names, const char *flow,
		       bool drafts, struct error *e)
{
	uint64_t last = 0;
	int r = OK;
	for (const char *name; drafts && !r && (name = next_entry(names, flow, last)); last = number_of(name, flow))
		r = remove_file(s, directory, name, e);
	if (!r)
		r = path_sync(s->io, directory, e);
	for (size_t i = 0; !r && i < names->count; i++)
		if (is_of(names->items[i], flow) && !number_of(names->items[i], flow) &&
		    (drafts || names->items[i][strlen(flow)] == '.'))
			r = remove_file(s, directory, names->items[i], e);
	return r;
}

int sweep_flows(const struct stream *s, const struct sweep *by, struct error *e)
{
	struct look l = {.names = {0}};
	struct file there;
	char *directory = file_path("%s/flows", s->directory);
	int r = file_find(&there, s->io, directory, O_RDONLY | O_DIRECTORY, e);
	if (r > 0) {
		file_close(&there);
		r = redo_finish(s, e);
		if (!r)
			r = path_list(s->io, directory, look_at, &l, e);
	}
	for (size_t i = 0; !r && i < l.flows.count; i++) {
		r = is_over(s, directory, l.flows.items[i], by, e);
		if (r > 0)
			r = remove_flow(s, directory, &l.names, l.flows.items[i], r == OVER, e);
	}
	name_list_release(&l.names);
	name_list_release(&l.flows);
	free(directory);
	return r;
}

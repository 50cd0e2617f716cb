#include "tail/logbook.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/home.h"

int logbook_open(struct logbook *l, const struct files *io, const char *group, struct error *e)
{
	char *home;
	*l = (struct logbook){.io = io, .claim = {.file = FILE_CLOSED}};
	if (!home_is_name(group))
		return error_set(e, ERR_USAGE,
				 "`%s` is no name for a group: 1 to 128 of the characters a-z A-Z 0-9 _ . -", group);
	int r = home_path(&home, e);
	if (r)
		return r;
	l->group = mem_copy(group, strlen(group));
	l->directory = file_path("%s/@tail/%s", home, group);
	free(home);
	return path_mkdirs(io, l->directory, e);
}

void logbook_close(struct logbook *l)
{
	claim_release(&l->claim);
	places_release(&l->places);
	free(l->group);
	free(l->directory);
	*l = (struct logbook){.claim = {.file = FILE_CLOSED}};
}

int logbook_take(struct logbook *l, bool steal, struct error *e)
{
	return claim_take(&l->claim, l->io, l->directory, 0, steal, e);
}

static int fenced(const struct logbook *l, struct error *e)
{
	return error_set(e, ERR_UPSTREAM, "another process has taken group %s", l->group);
}

int logbook_check(const struct logbook *l, struct error *e)
{
	int r = claim_check(&l->claim, e);
	return r < 0 ? r : r ? OK : fenced(l, e);
}

static int write_snapshot(struct logbook *l, uint64_t n, struct error *e)
{
	struct buf text = BUF_INIT;
	places_text(&l->places, &text);
	int r = claim_keep(&l->claim, n, &text, e);
	buf_release(&text);
	return r < 0 ? r : r ? OK : fenced(l, e);
}

static int load(struct logbook *l, uint64_t n, uint64_t epoch, struct error *e)
{
	char *path = claim_snapshot(&l->claim, n, epoch);
	int r = places_load(&l->places, l->io, path, e);
	if (!r)
		r = error_set(e, ERR_FAILED, "%s is gone", path);
	free(path);
	return r < 0 ? r : OK;
}

int logbook_join(struct logbook *l, struct error *e)
{
	uint64_t epoch;
	int r = claim_newest(&l->claim, &l->n, &epoch, e);
	if (r)
		return r < 0 ? r : load(l, l->n, epoch, e);
	r = flow_id_make(l->places.flow, e);
	return r ? r : write_snapshot(l, 0, e);
}

char *logbook_state(const struct logbook *l)
{
	return file_path("%s/state/%s", l->directory, l->places.flow);
}

int logbook_resume(struct logbook *l, struct error *e)
{
	int r = write_snapshot(l, l->n, e);
	return r ? r : claim_clean(&l->claim, e);
}

int logbook_commit(struct logbook *l, struct error *e)
{
	int r = write_snapshot(l, l->n + 1, e);
	if (!r)
		claim_forget(&l->claim, l->n++);
	return r;
}

int logbook_restore(struct logbook *l, uint64_t n, uint64_t epoch, struct error *e)
{
	uint64_t found_n, found_epoch;
	int r = claim_find(&l->claim, n, epoch, &found_n, &found_epoch, e);
	if (!r && (r = logbook_check(l, e)) < 0) /* who takes the group from us removes what was ours */
		return r;
	if (!r)
		return error_set(e, ERR_FAILED,
				 "group %s has no places of checkpoint %" PRIu64
				 ", which its pipeline has committed; to begin anew: rm -r '%s'",
				 l->group, n, l->directory);
	if (r > 0)
		r = load(l, found_n, found_epoch, e);
	l->n = n;
	return r || !n ? r : claim_clean_but(&l->claim, epoch, e);
}

int logbook_keep(struct logbook *l, uint64_t n, uint64_t committed, struct error *e)
{
	int r = write_snapshot(l, n, e);
	if (!r)
		r = claim_forget_below(&l->claim, committed, e);
	/* That is ours: who takes the group from us begins with it. */
	return r || committed <= l->n ? r : claim_clean(&l->claim, e);
}

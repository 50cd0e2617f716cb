#include "store/commit/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "store/commit/ledger_file.h"

/* How often a reader finds the greatest entry gone, or its own number taken, before something must be wrong. */
enum { TRIES = 1000 };

/* -- which entries there are -- */

struct scan {
	const char *prefix;
	size_t prefix_len;
	uint64_t *seqs;
	size_t count, capacity;
	uint64_t greatest;
	uint64_t before; /* temporaries of earlier epochs are remembered; 0: none */
	char **drafts;
	size_t draft_count, draft_capacity;
};

/* Digits alone, to their end or to `stop`. */
static bool is_number(const char *p, char stop, uint64_t *out)
{
	char *end;
	*out = strtoull(p, &end, 10);
	return *p >= '0' && *p <= '9' && *end == stop && *out < UINT64_MAX;
}

static void scan_look(void *arg, const char *name)
{
	struct scan *s = arg;
	uint64_t number;
	if (strncmp(name, s->prefix, s->prefix_len))
		return;
	const char *rest = name + s->prefix_len;
	if (*rest == '+' && is_number(rest + 1, '.', &number) && number < s->before) {
		if (s->draft_count == s->draft_capacity) {
			s->draft_capacity = mem_grow(s->draft_capacity, s->draft_count + 1);
			s->drafts = mem_resize(s->drafts, s->draft_capacity, sizeof *s->drafts);
		}
		s->drafts[s->draft_count++] = mem_copy(name, strlen(name));
	} else if (*rest == '.' && is_number(rest + 1, 0, &number)) {
		if (s->count == s->capacity) {
			s->capacity = mem_grow(s->capacity, s->count + 1);
			s->seqs = mem_resize(s->seqs, s->capacity, sizeof *s->seqs);
		}
		s->seqs[s->count++] = number;
		s->greatest = number > s->greatest ? number : s->greatest;
	}
}

static int scan_read(struct scan *s, const struct files *io, const char *directory, const char *prefix, uint64_t before,
		     struct error *e)
{
	*s = (struct scan){.prefix = prefix, .prefix_len = strlen(prefix), .before = before};
	return path_list(io, directory, scan_look, s, e);
}

static void scan_release(struct scan *s)
{
	for (size_t i = 0; i < s->draft_count; i++)
		free(s->drafts[i]);
	free(s->drafts);
	free(s->seqs);
}

static char *entry_path(const char *directory, const char *prefix, uint64_t seq)
{
	return file_path("%s/%s.%" PRIu64, directory, prefix, seq);
}

/* Reads entry `seq`, and sees that it is still the greatest: 1, or 0 if it was superseded since it was listed. */
static int look_at(const struct files *io, const char *directory, const char *prefix, uint64_t seq,
		   struct ledger_entry *out, struct error *e)
{
	struct scan s = {0};
	char *path = entry_path(directory, prefix, seq);
	int r = ledger_entry_read(out, io, path, e);
	free(path);
	if (r <= 0)
		return r;
	r = scan_read(&s, io, directory, prefix, 0, e);
	if (!r && s.greatest == seq)
		r = file_linked(&out->file, e);
	scan_release(&s);
	/* Nobody carries out what a power failure could still undo. */
	if (r > 0 && out->payload && path_sync(io, directory, e))
		r = ERR_FAILED;
	if (r <= 0)
		ledger_entry_release(out);
	out->seq = r > 0 ? seq : 0;
	return r;
}

int ledger_newest(const struct files *io, const char *directory, const char *prefix, uint64_t *seq, struct error *e)
{
	struct scan s;
	int r = scan_read(&s, io, directory, prefix, 0, e);
	*seq = s.greatest;
	scan_release(&s);
	return r;
}

int ledger_look(const struct files *io, const char *directory, const char *prefix, struct ledger_entry *out,
		struct error *e)
{
	*out = (struct ledger_entry){.file = FILE_CLOSED};
	for (int i = 0; i < TRIES; i++) {
		uint64_t seq;
		int r = ledger_newest(io, directory, prefix, &seq, e);
		if (r || !seq)
			return r;
		r = look_at(io, directory, prefix, seq, out, e);
		if (r)
			return r > 0 ? OK : r;
	}
	return error_set(e, ERR_FAILED, "%s/%s.*: entries are removed faster than they can be read", directory, prefix);
}

/* -- the next entry -- */

void ledger_init(struct ledger *l, const struct files *io, const char *directory, const char *prefix)
{
	*l = (struct ledger){
		.io = io,
		.directory = mem_copy(directory, strlen(directory)),
		.prefix = mem_copy(prefix, strlen(prefix)),
	};
}

static int begin(struct ledger *l, struct error *e)
{
	uint32_t random = 0;
	if (l->draft)
		return OK;
	if (getrandom(&random, sizeof random, 0) < 0)
		random = 0;
	char *path = file_path("%s/%s+%" PRIu64 ".%08" PRIx32, l->directory, l->prefix, l->epoch, random);
	l->draft = mem_zero(sizeof *l->draft);
	int r = ledger_draft_open(l->draft, l->io, path, e);
	free(path);
	if (!r)
		return OK;
	ledger_draft_close(l->draft);
	free(l->draft);
	l->draft = NULL;
	return r;
}

void ledger_drop(struct ledger *l)
{
	if (!l->draft)
		return;
	path_remove(l->io, l->draft->file.path, NULL);
	ledger_draft_close(l->draft);
	free(l->draft);
	l->draft = NULL;
}

int ledger_add(struct ledger *l, const void *p, size_t len, struct error *e)
{
	int r = begin(l, e);
	return r ? r : ledger_draft_add(l->draft, p, len, e);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/*
 * Removes the entries below ours, the lowest first, and stops where it can't: whoever has made a number that was free because
 * its entry had been removed, and then looks for greater ones, may miss one that goes while it looks, but then it finds its own gone.
 */
static int remove_below(struct ledger *l, struct scan *s, struct error *e)
{
	int r = OK;
	qsort(s->seqs, s->count, sizeof *s->seqs, ascending);
	for (size_t i = 0; i < s->count && s->seqs[i] < l->seq && !r; i++) {
		char *path = entry_path(l->directory, l->prefix, s->seqs[i]);
		r = path_remove(l->io, path, e);
		free(path);
	}
	return r;
}

/* Whether the entry made from this draft, number `seq`, is the greatest: 1 or 0. If so, those below it go. */
static int is_greatest(struct ledger *l, const struct file *made, uint64_t seq, struct error *e)
{
	struct scan s;
	int r = scan_read(&s, l->io, l->directory, l->prefix, 0, e);
	bool greater = s.greatest > seq;
	if (!r && !greater)
		r = file_linked(made, e);
	if (r > 0) {
		l->seq = seq;
		int failed = remove_below(l, &s, e);
		r = failed ? failed : 1;
	}
	scan_release(&s);
	return r;
}

/* Our draft could not be renamed: 0 if that is because a later run took it for a dead one's, and removed it. */
static int is_removed(struct ledger *l, int r)
{
	struct ledger_entry now;
	if (errno != ENOENT || ledger_look(l->io, l->directory, l->prefix, &now, NULL))
		return r;
	r = now.epoch > l->epoch ? 0 : r;
	ledger_entry_release(&now);
	return r;
}

/*
 * The draft becomes entry `seq`: 1, or 0 if others were faster, and nothing has changed. An entry that was made and is not the
 * greatest stays: to remove it is for those who know that a greater one is durable.
 */
static int publish(struct ledger *l, uint64_t seq, const struct ledger_entry *x, struct error *e)
{
	struct ledger_draft *d = l->draft;
	char *path = entry_path(l->directory, l->prefix, seq);
	int r = ledger_draft_seal(d, x, e);
	if (!r && (r = path_rename_new(l->io, d->file.path, path, e)) < 0)
		r = is_removed(l, r);
	if (r <= 0) {
		free(path);
		return r;
	}
	free(d->file.path);
	d->file.path = path;
	r = path_sync(l->io, l->directory, e);
	if (!r)
		r = is_greatest(l, &d->file, seq, e);
	ledger_draft_close(d);
	free(d);
	l->draft = NULL;
	return r;
}

/* -- taking over -- */

static int clean(struct ledger *l, struct error *e)
{
	struct scan s;
	int r = scan_read(&s, l->io, l->directory, l->prefix, l->epoch, e);
	for (size_t i = 0; i < s.draft_count && !r; i++) {
		char *path = file_path("%s/%s", l->directory, s.drafts[i]);
		r = path_remove(l->io, path, e);
		free(path);
	}
	scan_release(&s);
	return r;
}

static int fenced(const struct ledger *l, struct error *e)
{
	return error_set(e, ERR_UPSTREAM, "%s/%s: a later run has taken over; nothing was changed", l->directory,
			 l->prefix);
}

static void remember(struct ledger *l, const struct ledger_entry *x)
{
	char *state = x->len ? mem_copy(x->state, x->len) : NULL;
	free(l->state);
	l->state = state;
	l->len = x->len;
	l->n = x->n;
	l->by = x->by;
}

/* Says the same as the last entry, but for the epoch. 1, or 0 if others were faster. */
static int take_over(struct ledger *l, const struct ledger_entry *last, struct error *e)
{
	struct ledger_entry ours = *last;
	ours.epoch = l->epoch;
	int r = begin(l, e);
	if (!r)
		r = ledger_draft_copy(l->draft, last, e);
	if (!r)
		r = publish(l, last->seq + 1, &ours, e);
	if (!r)
		ledger_drop(l);
	return r;
}

int ledger_take(struct ledger *l, uint64_t epoch, struct ledger_entry *last, struct error *e)
{
	*last = (struct ledger_entry){.file = FILE_CLOSED};
	l->epoch = epoch;
	int r = path_mkdirs(l->io, l->directory, e);
	for (int i = 0; i < TRIES && !r; i++) {
		ledger_entry_release(last);
		r = ledger_look(l->io, l->directory, l->prefix, last, e);
		if (!r && last->epoch >= epoch)
			r = fenced(l, e);
		if (!r)
			r = take_over(l, last, e);
	}
	if (r > 0) {
		remember(l, last);
		r = clean(l, e);
	} else if (!r) {
		r = error_set(e, ERR_FAILED, "%s/%s.*: others change it all the time", l->directory, l->prefix);
	}
	if (r)
		ledger_entry_release(last);
	return r;
}

/* -- commits -- */

int ledger_commit(struct ledger *l, uint64_t n, const void *state, size_t len, struct error *e)
{
	struct ledger_entry x = {
		.epoch = l->epoch, .n = n, .by = l->epoch, .state = (char *)(uintptr_t)state, .len = len};
	int r = begin(l, e);
	if (!r)
		r = publish(l, l->seq + 1, &x, e);
	if (!r)
		return fenced(l, e);
	if (r > 0)
		remember(l, &x);
	return r > 0 ? OK : r;
}

int ledger_settle(struct ledger *l, struct error *e)
{
	struct ledger_entry x = {.epoch = l->epoch, .n = l->n, .by = l->by, .state = l->state, .len = l->len};
	ledger_drop(l);
	int r = begin(l, e);
	if (!r)
		r = publish(l, l->seq + 1, &x, e);
	return !r ? fenced(l, e) : r > 0 ? OK : r;
}

void ledger_release(struct ledger *l)
{
	ledger_drop(l);
	free(l->directory);
	free(l->prefix);
	free(l->state);
	*l = (struct ledger){0};
}

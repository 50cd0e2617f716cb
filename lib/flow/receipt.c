#include "flow/receipt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/state_file.h"

static const char PREFIX[] = "receipt.";

void receipt_release(struct receipt *r)
{
	tallies_release(&r->tallies);
}

int receipt_save(const struct receipt *r, const char *directory, uint64_t epoch, struct error *e)
{
	struct buf text = BUF_INIT;
	buf_printf(&text, "receipt 1\nn %" PRIu64 "\nline %" PRIu64 "\njoint %" PRIu64 "\nrun %" PRIu64 "\n", r->n,
		   r->line, r->joint, r->run);
	buf_printf(&text, "pace %" PRId64 "\nsources %" PRIu64 "\n", r->pace, r->sources);
	tallies_text(&r->tallies, &text);
	char *name = state_path("%s%" PRIu64, PREFIX, epoch);
	int code = state_save(&text, directory, name, epoch, false, e);
	free(name);
	buf_release(&text);
	return code;
}

static void take_line(struct receipt *r, const char *word, const char *rest)
{
	const struct {
		const char *word;
		uint64_t *to;
	} numbers[] = {
		{"n", &r->n}, {"line", &r->line}, {"joint", &r->joint}, {"run", &r->run}, {"sources", &r->sources}};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!strcmp(word, numbers[i].word))
			*numbers[i].to = strtoull(rest, NULL, 10);
	if (!strcmp(word, "pace"))
		r->pace = strtoll(rest, NULL, 10);
	else if (!strcmp(word, "tally"))
		tallies_add_line(&r->tallies, rest);
}

static int load(struct receipt *r, const char *directory, const char *name, struct error *e)
{
	struct buf text = BUF_INIT;
	char *word, *rest;
	*r = (struct receipt){0};
	int code = state_load(directory, name, &text, e);
	for (size_t at = 0; code > 0 && state_line(&text, &at, &word, &rest);)
		take_line(r, word, rest);
	buf_release(&text);
	return code;
}

int receipt_load(struct receipt *r, const char *directory, uint64_t epoch, struct error *e)
{
	char *name = state_path("%s%" PRIu64, PREFIX, epoch);
	int code = load(r, directory, name, e);
	free(name);
	return code;
}

/* The epoch of a receipt's name; 0: it is none. */
static uint64_t epoch_of(const char *name)
{
	const char *digits = name + sizeof PREFIX - 1;
	char *end;
	if (strncmp(name, PREFIX, sizeof PREFIX - 1) || *digits < '0' || *digits > '9')
		return 0;
	uint64_t epoch = strtoull(digits, &end, 10);
	return *end ? 0 : epoch;
}

struct search {
	const char *directory;
	uint64_t n, epoch;
};

static int look(void *self, const char *name, struct error *e)
{
	struct search *s = self;
	struct receipt r;
	(void)e;
	/* One that a power cut has damaged says nothing: it was no more than an answer. */
	if (epoch_of(name) && load(&r, s->directory, name, NULL) > 0) {
		s->n = r.n > s->n ? r.n : s->n;
		receipt_release(&r);
	}
	return 0;
}

int receipt_greatest(const char *directory, uint64_t *n, struct error *e)
{
	struct search s = {.directory = directory};
	int r = state_list(directory, look, &s, e);
	*n = s.n;
	return r;
}

static int find_later(void *self, const char *name, struct error *e)
{
	struct search *s = self;
	(void)e;
	s->n += epoch_of(name) > s->epoch;
	return 0;
}

bool receipt_is_overtaken(const char *directory, uint64_t epoch)
{
	struct search s = {.epoch = epoch};
	return !state_list(directory, find_later, &s, NULL) && s.n;
}

/* A run's receipt, and the list of those who took part in it. */
static int remove_older(void *self, const char *name, struct error *e)
{
	const struct search *s = self;
	uint64_t epoch = epoch_of(name);
	if (!strncmp(name, "run.", 4))
		epoch = strtoull(name + 4, NULL, 10);
	(void)e;
	if (epoch && epoch < s->epoch) {
		char *path = state_path("%s/%s", s->directory, name);
		unlink(path);
		free(path);
	}
	return 0;
}

void receipt_clean(const char *directory, uint64_t epoch)
{
	struct search s = {.directory = directory, .epoch = epoch};
	struct error ignored;
	state_list(directory, remove_older, &s, &ignored);
	state_clean(directory, "receipt", epoch);
}

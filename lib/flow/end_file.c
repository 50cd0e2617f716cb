#include "flow/end_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/state_file.h"

static const char NAME[] = "end";

static int load(const char *directory, uint64_t *epoch, struct flow_commit *last, struct error *e)
{
	struct buf text = BUF_INIT, state = BUF_INIT;
	char *word, *rest;
	*last = (struct flow_commit){0};
	*epoch = 0;
	int r = state_load(directory, NAME, &text, e);
	for (size_t at = 0; r > 0 && state_line(&text, &at, &word, &rest);) {
		if (!strcmp(word, "epoch"))
			*epoch = strtoull(rest, NULL, 10);
		else if (!strcmp(word, "n"))
			last->n = strtoull(rest, NULL, 10);
		else if (!strcmp(word, "line"))
			last->epoch = strtoull(rest, NULL, 10);
		else if (!strcmp(word, "state"))
			buf_printf(&state, "%s\n", rest);
	}
	if (state.len)
		last->state = buf_detach(&state, &last->len);
	buf_release(&state);
	buf_release(&text);
	return r < 0 ? r : 0;
}

static int save(const char *directory, uint64_t epoch, const struct flow_commit *c, struct error *e)
{
	struct buf text = BUF_INIT;
	buf_printf(&text, "end 1\nepoch %" PRIu64 "\nn %" PRIu64 "\nline %" PRIu64 "\n", epoch, c->n, c->epoch);
	for (size_t at = 0; at < c->len;) {
		const char *end = memchr(c->state + at, '\n', c->len - at);
		size_t len = end ? (size_t)(end - c->state) - at : c->len - at;
		buf_string_append(&text, "state ");
		buf_append(&text, c->state + at, len);
		buf_byte(&text, '\n');
		at += len + 1;
	}
	int r = state_save(&text, directory, NAME, epoch, true, e);
	buf_release(&text);
	return r;
}

static int fenced(struct error *e)
{
	return error_set(e, ERR_UPSTREAM, "a later run has taken over; nothing was committed");
}

int end_file_recover(const char *directory, uint64_t epoch, struct flow_commit *last, struct error *e)
{
	uint64_t there;
	int r = load(directory, &there, last, e);
	if (!r && there >= epoch)
		r = fenced(e);
	if (!r)
		r = save(directory, epoch, last, e);
	if (!r)
		state_clean(directory, NAME, epoch);
	return r;
}

int end_file_commit(const char *directory, uint64_t epoch, uint64_t n, const char *state, size_t len, struct error *e)
{
	struct flow_commit last;
	uint64_t there;
	int r = load(directory, &there, &last, e);
	free(last.state);
	if (!r && there > epoch)
		r = fenced(e);
	struct flow_commit now = {.n = n, .epoch = epoch, .state = (char *)(uintptr_t)state, .len = len};
	return r ? r : save(directory, epoch, &now, e);
}

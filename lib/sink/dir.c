#include "sink/dir.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "codec/hash.h"
#include "sink/dir_flow.h"
#include "sink/dir_part.h"
#include "sink/dir_route.h"
#include "sink/sink_url.h"

enum { CLEANED_MAX = 1024 };

struct dir_sink {
	struct sink sink;
	struct arena arena; /* what the URL said */
	struct dir_pattern pattern;
	struct dir_format format;
	int64_t every;
	uint64_t size;
	const struct files *io;
	struct sink_options options;
	bool has_origin;                       /* there may be one */
	struct dir_flow *flow;                 /* NULL: a plain pipeline */
	struct dir_part *parts[DIR_PARTS_MAX]; /* the one with the latest record first */
	size_t part_count;
	uint64_t cleaned[CLEANED_MAX]; /* hashes of the directories that were cleaned; a ring */
	size_t cleaned_count;
};

enum { PARAM_FORMAT, PARAM_COMPRESS, PARAM_COUNT };

static struct dir_sink *self_of(struct sink *s)
{
	return (struct dir_sink *)s;
}

static void forget_part(struct dir_sink *s, size_t i)
{
	dir_part_free(s->parts[i]);
	memmove(&s->parts[i], &s->parts[i + 1], (s->part_count - i - 1) * sizeof *s->parts);
	s->part_count--;
}

/* Part i is as it will be seen: now, or in a flow when it is committed. */
static int finish_part(struct dir_sink *s, size_t i, struct error *e)
{
	struct dir_part *p = s->parts[i];
	int rc = s->flow ? dir_part_leave(p, s->flow, e) : dir_part_publish(p, e);
	if (rc)
		return rc;
	if (!s->flow)
		s->sink.pending -= dir_part_rows(p);
	forget_part(s, i);
	return OK;
}

static void move_to_front(struct dir_sink *s, size_t i)
{
	struct dir_part *p = s->parts[i];
	memmove(&s->parts[1], &s->parts[0], i * sizeof *s->parts);
	s->parts[0] = p;
}

static void clean_once(struct dir_sink *s, const char *dir)
{
	uint64_t hash = hash64(dir, strlen(dir));
	size_t known = s->cleaned_count < CLEANED_MAX ? s->cleaned_count : CLEANED_MAX;
	for (size_t i = 0; i < known; i++)
		if (s->cleaned[i] == hash)
			return;
	s->cleaned[s->cleaned_count++ % CLEANED_MAX] = hash;
	dir_file_clean(dir);
}

/* Puts the part of that directory first, opened if there is none. */
static int find_part(struct dir_sink *s, const char *dir, struct error *e)
{
	for (size_t i = 0; i < s->part_count; i++) {
		if (strcmp(dir_part_dir(s->parts[i]), dir) || dir_part_sealed(s->parts[i]))
			continue;
		move_to_front(s, i);
		return OK;
	}
	if (s->part_count == DIR_PARTS_MAX) {
		int rc = finish_part(s, s->part_count - 1, e);
		if (rc)
			return rc;
	}
	clean_once(s, dir);
	struct dir_part *p;
	int rc = dir_part_open(dir, &s->format, s->io, s->flow, monotonic_now(), &p, e);
	if (rc)
		return rc;
	s->parts[s->part_count++] = p;
	move_to_front(s, s->part_count - 1);
	return OK;
}

static int write_route(struct dir_sink *s, const struct dir_route *r, struct batch *b, struct error *e)
{
	uint64_t taken = 0;
	int rc = find_part(s, r->dir, e);
	if (rc)
		return rc;
	batch_select(b, r->rows, r->count);
	rc = dir_part_write(s->parts[0], b, &taken, e);
	s->sink.pending += taken;
	if (!rc && dir_part_bytes(s->parts[0]) >= s->size)
		rc = finish_part(s, 0, e);
	return rc;
}

static int dir_batch(struct sink *sink, struct batch *b, struct error *e)
{
	struct dir_sink *s = self_of(sink);
	uint32_t count;
	const uint32_t *sel = b->sel, sel_count = b->sel_count;
	struct dir_route *routes = dir_routes(&s->pattern, b, &count);
	int rc = OK;
	for (uint32_t i = 0; i < count && !rc; i++)
		rc = write_route(s, &routes[i], b, e);
	b->sel = sel;
	b->sel_count = sel_count;
	return rc;
}

static int64_t dir_due(const struct sink *sink)
{
	const struct dir_sink *s = (const struct dir_sink *)sink;
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < s->part_count && !s->flow; i++)
		if (dir_part_opened(s->parts[i]) + s->every < due)
			due = dir_part_opened(s->parts[i]) + s->every;
	return due;
}

static int dir_tick(struct sink *sink, int64_t now, struct error *e)
{
	struct dir_sink *s = self_of(sink);
	int rc = OK;
	for (size_t i = s->part_count; i-- && !rc && !s->flow;)
		if (dir_part_opened(s->parts[i]) + s->every <= now)
			rc = finish_part(s, i, e);
	return rc;
}

/* The longest without a record first: those are in the order of the records that ended them. */
static int finish_all(struct dir_sink *s, struct error *e)
{
	int rc = OK;
	while (s->part_count && !rc)
		rc = finish_part(s, s->part_count - 1, e);
	return rc;
}

/* A flow that dies before its first commit has only this to say whose it was. Where it fails, no more than that is lost (and an earlier
   run, which wakes up late, writes the same). */
static void write_origin(struct dir_sink *s)
{
	struct buf text = BUF_INIT;
	s->options.origin(s->options.origin_arg, &text);
	file_replace(s->io, s->flow->work, DIR_ORIGIN, text.data, text.len, NULL);
	buf_release(&text);
}

static void remove_origin(struct dir_sink *s)
{
	char *path = file_path("%s/%s", s->flow->work, DIR_ORIGIN);
	path_remove(s->io, path, NULL);
	free(path);
	s->has_origin = false;
}

static int dir_recover(struct sink *sink, const char *flow, uint64_t epoch, struct sink_position *last, struct error *e)
{
	struct dir_sink *s = self_of(sink);
	struct ledger_entry entry;
	s->flow = mem_zero(sizeof *s->flow);
	int rc = dir_flow_open(s->flow, s->io, dir_pattern_fixed(&s->pattern, &s->arena), flow, epoch, &entry, e);
	if (!rc) {
		*last = (struct sink_position){entry.n, entry.by, entry.state, entry.len};
		entry.state = NULL;
	}
	ledger_entry_release(&entry);
	s->has_origin = s->options.origin;
	if (!rc && s->has_origin && last->n == 0)
		write_origin(s);
	if (!rc && s->has_origin)
		dir_flow_sweep(s->flow, s->options.gone);
	return rc;
}

static int dir_prepare(struct sink *sink, struct error *e)
{
	struct dir_sink *s = self_of(sink);
	int rc = OK;
	for (size_t i = 0; i < s->part_count && !rc && !s->flow; i++)
		rc = dir_part_seal(s->parts[i], e);
	if (!rc && s->flow)
		rc = finish_all(s, e);
	if (!rc && s->flow)
		rc = dir_flow_prepare(s->flow, e);
	return rc;
}

static int dir_commit(struct sink *sink, uint64_t n, const void *state, size_t len, struct error *e)
{
	struct dir_sink *s = self_of(sink);
	int rc = s->flow ? dir_flow_commit(s->flow, n, state, len, e) : finish_all(s, e);
	if (!rc && s->has_origin)
		remove_origin(s);
	if (!rc)
		s->sink.pending = 0;
	return rc;
}

static int64_t dir_pace(const struct sink *sink)
{
	return ((const struct dir_sink *)sink)->every;
}

static void dir_close(struct sink *sink)
{
	struct dir_sink *s = self_of(sink);
	while (s->part_count)
		forget_part(s, s->part_count - 1);
	if (s->flow)
		dir_flow_release(s->flow);
	free(s->flow);
	arena_release(&s->arena);
	free(s);
}

static const struct sink_ops ops = {
	.recover = dir_recover,
	.batch = dir_batch,
	.tick = dir_tick,
	.due = dir_due,
	.prepare = dir_prepare,
	.commit = dir_commit,
	.pace = dir_pace,
	.close = dir_close,
};

static int read_url(struct dir_sink *s, const char *url, struct error *e)
{
	static const char *const formats[] = {"json", "csv", "tsv", "frames"};
	static const enum format format_of[] = {FORMAT_JSON, FORMAT_CSV, FORMAT_TSV, FORMAT_FRAMES};
	static const char *const compress[] = {"none", "gzip", "zstd", "zip"};
	struct sink_param params[PARAM_COUNT] = {{.name = "format"}, {.name = "compress"}};
	const char *pattern;
	int rc = sink_url_parse(url, &s->arena, &pattern, params, PARAM_COUNT, e);
	if (rc)
		return rc;
	rc = sink_url_choice(&params[PARAM_FORMAT], formats, 4, e);
	if (rc < 0)
		return rc;
	s->format.format = format_of[rc];
	rc = sink_url_choice(&params[PARAM_COMPRESS], compress, 4, e);
	if (rc < 0)
		return rc;
	s->format.compress = (enum dir_compress)rc;
	size_t len = strlen(pattern);
	while (len > 1 && pattern[len - 1] == '/')
		len--;
	return dir_pattern_parse(arena_copy(&s->arena, pattern, len), &s->arena, &s->pattern, e);
}

int dir_sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e)
{
	struct dir_sink *s = mem_zero(sizeof *s);
	s->sink.ops = &ops;
	s->io = o->io ? o->io : &files_real;
	s->options = *o;
	s->every = o->every ? o->every : MINUTE;
	s->size = o->size ? (uint64_t)o->size : 64 << 20;
	s->format.meta = o->meta;
	int rc = read_url(s, url, e);
	if (rc)
		dir_close(&s->sink);
	else
		*out = &s->sink;
	return rc;
}

#include "sink/sqlite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "sink/sink_url.h"
#include "sink/sqlite_rows.h"
#include "sink/stash.h"

struct sqlite_sink {
	struct sink sink;
	struct arena arena; /* what the URL said */
	const char *file;
	sqlite3 *db;
	struct sqlite_table table;
	struct sqlite_rules rules;
	int64_t every, pace;
	int64_t deadline; /* of the open transaction */
	bool inside;      /* a transaction is open */
	int64_t schema;   /* version of the schema that table.columns are of */
	const char *flow; /* NULL: a plain pipeline */
	uint64_t epoch;
	struct stash stash; /* of a flow: what came since the last barrier, as long as that is little */
	int64_t committed,
		interval; /* of a flow: when the last commit was, and how long after the one before it; 0: unknown */
	int timeout;      /* for a lock, in ms */
	int (*rejected)(void *arg, struct batch *b, struct error *e);
	void *rejected_arg;
};

enum { PARAM_TABLE, PARAM_KEY, PARAM_TYPES, PARAM_DECIMALS, PARAM_TIMEOUT, PARAM_COUNT };

static struct sqlite_sink *self_of(struct sink *s)
{
	return (struct sqlite_sink *)s;
}

static int named(struct sqlite_sink *s, struct error *e)
{
	return error_prefix(e, "%s", s->file);
}

/* -- transactions -- */

/* A number that a statement gives; 0 if it gives none. */
static int query_int(struct sqlite_sink *s, const char *sql, int64_t *out, struct error *e)
{
	sqlite3_stmt *q;
	*out = 0;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL))
		return sqlite_fail(s->db, e);
	int rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	int result = rc == SQLITE_ROW || rc == SQLITE_DONE ? OK : sqlite_fail(s->db, e);
	sqlite3_finalize(q);
	return result;
}

/* The table may have been changed by others since the last transaction. */
static int refresh(struct sqlite_sink *s, struct error *e)
{
	int64_t now;
	int rc = query_int(s, "PRAGMA schema_version", &now, e);
	if (rc || now == s->schema)
		return rc;
	s->schema = now;
	return sqlite_table_load(&s->table, e);
}

static int begin(struct sqlite_sink *s, struct error *e)
{
	if (s->inside)
		return OK;
	int rc = sqlite_run(s->db, "BEGIN IMMEDIATE", e);
	if (rc)
		return rc;
	s->inside = true;
	s->deadline = monotonic_now() + s->every;
	return refresh(s, e);
}

static void roll_back(struct sqlite_sink *s)
{
	if (s->inside)
		sqlite_run(s->db, "ROLLBACK", NULL);
	s->inside = false;
	s->schema = -1;
}

static int end(struct sqlite_sink *s, struct error *e)
{
	if (s->inside) {
		int rc = sqlite_run(s->db, "COMMIT", e);
		if (rc)
			return rc;
	}
	s->inside = false;
	s->sink.pending = 0;
	return OK;
}

/* -- checkpoints: one row per flow, in the database that the records are in -- */

static const char commits_table[] =
	"CREATE TABLE IF NOT EXISTS stream_commits("
	"flow TEXT PRIMARY KEY, epoch INTEGER NOT NULL, n INTEGER NOT NULL, committed_by INTEGER NOT NULL, state BLOB)";

static int fenced(struct sqlite_sink *s, struct error *e)
{
	return error_set(e, ERR_UPSTREAM, "flow %s was taken over by a later run; nothing was changed", s->flow);
}

static int read_position(struct sqlite_sink *s, struct sink_position *last, int64_t *epoch, struct error *e)
{
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db, "SELECT epoch, n, committed_by, state FROM stream_commits WHERE flow = ?1", -1,
			       &q, NULL))
		return sqlite_fail(s->db, e);
	sqlite3_bind_text(q, 1, s->flow, -1, SQLITE_STATIC);
	int rc = sqlite3_step(q), result = OK;
	if (rc == SQLITE_ROW) {
		*epoch = sqlite3_column_int64(q, 0);
		last->n = (uint64_t)sqlite3_column_int64(q, 1);
		last->epoch = (uint64_t)sqlite3_column_int64(q, 2);
		const void *state = sqlite3_column_blob(q, 3);
		last->len = (size_t)sqlite3_column_bytes(q, 3);
		last->state = state ? mem_copy(state, last->len) : NULL;
	} else if (rc != SQLITE_DONE) {
		result = sqlite_fail(s->db, e);
	}
	sqlite3_finalize(q);
	return result;
}

static int write_epoch(struct sqlite_sink *s, struct error *e)
{
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db,
			       "INSERT INTO stream_commits VALUES(?1, ?2, 0, 0, NULL) "
			       "ON CONFLICT(flow) DO UPDATE SET epoch = excluded.epoch",
			       -1, &q, NULL))
		return sqlite_fail(s->db, e);
	sqlite3_bind_text(q, 1, s->flow, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 2, (int64_t)s->epoch);
	int rc = sqlite3_step(q) == SQLITE_DONE ? OK : sqlite_fail(s->db, e);
	sqlite3_finalize(q);
	return rc;
}

static int sqlite_recover(struct sink *sink, const char *flow, uint64_t epoch, struct sink_position *last,
			  struct error *e)
{
	struct sqlite_sink *s = self_of(sink);
	int64_t there = 0;
	s->flow = arena_copy(&s->arena, flow, strlen(flow));
	s->epoch = epoch;
	int rc = begin(s, e);
	if (!rc)
		rc = sqlite_run(s->db, commits_table, e);
	if (!rc)
		rc = read_position(s, last, &there, e);
	if (!rc && there >= (int64_t)epoch)
		rc = fenced(s, e);
	if (!rc)
		rc = write_epoch(s, e);
	if (!rc)
		rc = end(s, e);
	s->committed = monotonic_now();
	if (!rc)
		return OK;
	free(last->state);
	*last = (struct sink_position){0};
	roll_back(s);
	return named(s, e);
}

/* Only a row that still has our epoch is changed. */
static int write_checkpoint(struct sqlite_sink *s, uint64_t n, const void *state, size_t len, struct error *e)
{
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db,
			       "UPDATE stream_commits SET n = ?1, committed_by = ?2, state = ?3 "
			       "WHERE flow = ?4 AND epoch = ?2",
			       -1, &q, NULL))
		return sqlite_fail(s->db, e);
	sqlite3_bind_int64(q, 1, (int64_t)n);
	sqlite3_bind_int64(q, 2, (int64_t)s->epoch);
	sqlite3_bind_blob64(q, 3, state, len, SQLITE_STATIC);
	sqlite3_bind_text(q, 4, s->flow, -1, SQLITE_STATIC);
	int rc = sqlite3_step(q) == SQLITE_DONE ? OK : sqlite_fail(s->db, e);
	sqlite3_finalize(q);
	if (!rc && sqlite3_changes(s->db) != 1)
		rc = fenced(s, e);
	return rc;
}

/* -- the sink -- */

static int write_stashed(void *arg, struct batch *b, struct error *e)
{
	struct sqlite_sink *s = arg;
	int rc = sqlite_rows_write(&s->table, &s->rules, b, &s->sink.pending, e);
	return rc || !b->reject_count || !s->rejected ? rc : s->rejected(s->rejected_arg, b, e);
}

/* What is in the stash goes into the transaction. */
static int write_stash(struct sqlite_sink *s, struct error *e)
{
	s->sink.pending = 0;
	return stash_empty(&s->stash, write_stashed, s, e);
}

/*
 * In a flow the lock is taken at the barrier and not with the first record: a process that is stopped in between holds up neither the
 * run that takes over nor others who write to the same database. Where much comes, and barriers often, that would gain nothing,
 * for the database is being written to most of the time, and would cost what is done meanwhile: then the lock is taken as
 * soon as it can be had.
 */
static int begin_early(struct sqlite_sink *s, uint32_t more, struct error *e)
{
	enum { MUCH = 8192 };
	static const int64_t often = 2 * SECOND;
	if (s->inside || !s->interval || s->interval > often || s->sink.pending + more < MUCH)
		return OK;
	sqlite3_busy_timeout(s->db, 0);
	int rc = begin(s, e);
	sqlite3_busy_timeout(s->db, s->timeout);
	if (!s->inside)
		return OK; /* somebody has it: at the barrier it is waited for */
	return rc ? rc : write_stash(s, e);
}

static int sqlite_batch(struct sink *sink, struct batch *b, struct error *e)
{
	struct sqlite_sink *s = self_of(sink);
	int rc = s->flow ? begin_early(s, batch_count(b), e) : begin(s, e);
	if (!rc && !s->inside) {
		rc = stash_add(&s->stash, b, e);
		sink->pending += batch_count(b);
	} else if (!rc) {
		rc = sqlite_rows_write(&s->table, &s->rules, b, &sink->pending, e);
	}
	return rc && rc != ERR_REJECTED ? named(s, e) : rc;
}

static int64_t sqlite_due(const struct sink *sink)
{
	const struct sqlite_sink *s = (const struct sqlite_sink *)sink;
	return s->inside && !s->flow ? s->deadline : INT64_MAX;
}

/* A plain transaction holds what it has until it is told to commit. */
static int sqlite_prepare(struct sink *sink, struct error *e)
{
	struct sqlite_sink *s = self_of(sink);
	if (!s->flow || s->inside || !sink->pending)
		return OK;
	int rc = begin(s, e);
	if (rc)
		return named(s, e);
	rc = write_stash(s, e);
	return rc && rc != ERR_REJECTED ? named(s, e) : rc;
}

static int sqlite_commit(struct sink *sink, uint64_t n, const void *state, size_t len, struct error *e)
{
	struct sqlite_sink *s = self_of(sink);
	int rc = OK;
	if (s->flow) {
		rc = begin(s, e);
		if (!rc)
			rc = write_checkpoint(s, n, state, len, e);
	}
	if (!rc)
		rc = end(s, e);
	if (rc) {
		roll_back(s);
		return named(s, e);
	}
	int64_t now = monotonic_now();
	s->interval = now - s->committed;
	s->committed = now;
	return OK;
}

static int sqlite_tick(struct sink *sink, int64_t now, struct error *e)
{
	return now < sqlite_due(sink) ? OK : sqlite_commit(sink, 0, NULL, 0, e);
}

static int64_t sqlite_pace(const struct sink *sink)
{
	return ((const struct sqlite_sink *)sink)->pace;
}

static void sqlite_close(struct sink *sink)
{
	struct sqlite_sink *s = self_of(sink);
	roll_back(s);
	stash_release(&s->stash);
	sqlite_table_release(&s->table);
	sqlite3_close(s->db);
	arena_release(&s->arena);
	free(s);
}

static const struct sink_ops ops = {
	.recover = sqlite_recover,
	.batch = sqlite_batch,
	.tick = sqlite_tick,
	.due = sqlite_due,
	.prepare = sqlite_prepare,
	.commit = sqlite_commit,
	.pace = sqlite_pace,
	.close = sqlite_close,
};

/* Splits `a,b` into the names of the key. */
static int read_key(struct sqlite_sink *s, const char *list, struct error *e)
{
	if (!list)
		return OK;
	size_t count = 1;
	for (const char *p = list; *p; p++)
		count += *p == ',';
	s->table.keys = arena_array(&s->arena, count, sizeof *s->table.keys);
	for (const char *p = list;; p++) {
		size_t len = strcspn(p, ",");
		if (!len)
			return error_set(e, ERR_USAGE, "`key=%s` names no field", list);
		s->table.keys[s->table.key_count++] = arena_copy(&s->arena, p, len);
		p += len;
		if (!*p)
			return OK;
	}
}

static int read_url(struct sqlite_sink *s, const char *url, int64_t *timeout, struct error *e)
{
	static const char *const types[] = {"auto", "any"}, *const decimals[] = {"real", "text"};
	struct sink_param params[PARAM_COUNT] = {
		{.name = "table"}, {.name = "key"}, {.name = "types"}, {.name = "decimals"}, {.name = "timeout"}};
	int rc = sink_url_parse(url, &s->arena, &s->file, params, PARAM_COUNT, e);
	if (rc)
		return rc;
	s->table.name = params[PARAM_TABLE].value;
	if (!s->table.name || !*s->table.name)
		return error_set(e, ERR_USAGE, "which table? `sqlite:%s?table=NAME`", s->file);
	rc = sink_url_choice(&params[PARAM_TYPES], types, 2, e);
	if (rc < 0)
		return rc;
	s->rules.untyped = rc;
	rc = sink_url_choice(&params[PARAM_DECIMALS], decimals, 2, e);
	if (rc < 0)
		return rc;
	s->rules.decimals_as_text = rc;
	const char *wait = params[PARAM_TIMEOUT].value;
	*timeout = 10 * SECOND;
	if (wait && (rc = duration_parse(wait, strlen(wait), timeout, e)))
		return rc;
	return read_key(s, params[PARAM_KEY].value, e);
}

/*
 * EXTRA is FULL, and in addition makes the removal of the rollback journal durable: with FULL alone, a power cut just
 * after a commit could undo it.
 */
static int connect(struct sqlite_sink *s, int64_t timeout, struct error *e)
{
	if (sqlite3_open_v2(s->file, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
		return s->db ? sqlite_fail(s->db, e) : error_set(e, ERR_FAILED, "out of memory");
	s->table.db = s->db;
	int64_t ms = timeout / MILLISECOND;
	s->timeout = ms > INT32_MAX ? INT32_MAX : (int)ms;
	sqlite3_busy_timeout(s->db, s->timeout);
	if (sqlite3_db_readonly(s->db, "main") > 0)
		return error_set(e, ERR_FAILED, "the database is read-only");
	int rc = sqlite_run(s->db, "PRAGMA synchronous=EXTRA", e);
	return rc ? rc : refresh(s, e);
}

int sqlite_sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e)
{
	struct sqlite_sink *s = mem_zero(sizeof *s);
	int64_t timeout;
	s->sink.ops = &ops;
	s->every = o->every ? o->every : SECOND;
	s->pace = o->every;
	s->rejected = o->rejected;
	s->rejected_arg = o->rejected_arg;
	stash_init(&s->stash);
	s->rules.meta = o->meta;
	s->schema = -1;
	int rc = read_url(s, url, &timeout, e);
	if (!rc && (rc = connect(s, timeout, e)))
		named(s, e);
	if (rc)
		sqlite_close(&s->sink);
	else
		*out = &s->sink;
	return rc;
}

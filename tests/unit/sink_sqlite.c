#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "sink_help.h"

static char dir[] = "/tmp/sink-sqlite-XXXXXX";

static struct sink *open_sink(const char *rest)
{
	char url[300];
	struct sink *s = NULL;
	snprintf(url, sizeof url, "sqlite:%s/%s", dir, rest);
	int rc = sink_open(url, &(struct sink_options){0}, &s, &e);
	CHECK(rc == OK);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
	return s;
}

static void put(struct sink *s, const char *json)
{
	int rc = sink_batch(s, rows(json), &e);
	CHECK(rc == OK);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
}

static void finish(struct sink *s)
{
	CHECK(sink_prepare(s, &e) == OK && sink_commit(s, 0, NULL, 0, &e) == OK);
	CHECK(sink_pending(s) == 0);
	sink_close(s);
}

/* All rows of a query: columns with `|`, rows with `;`. A text shows as 'text', so that 1 and '1' differ. */
static const char *ask(const char *file, const char *sql)
{
	static char out[4096];
	char path[200];
	sqlite3 *db;
	sqlite3_stmt *q;
	size_t n = 0;
	snprintf(path, sizeof path, "%s/%s", dir, file);
	CHECK(!sqlite3_open(path, &db));
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL)) {
		snprintf(out, sizeof out, "%s", sqlite3_errmsg(db));
		sqlite3_close(db);
		return out;
	}
	while (sqlite3_step(q) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(q); i++) {
			const char *quote = sqlite3_column_type(q, i) == SQLITE_TEXT ? "'" : "";
			const char *text = (const char *)sqlite3_column_text(q, i);
			n += (size_t)snprintf(out + n, sizeof out - n, "%s%s%s%s", i ? "|" : "", quote,
					      text ? text : "null", quote);
		}
		n += (size_t)snprintf(out + n, sizeof out - n, ";");
	}
	out[n] = 0;
	sqlite3_finalize(q);
	sqlite3_close(db);
	return out;
}

#define CHECK_ASK(file, sql, want)                                                                                     \
	do {                                                                                                           \
		const char *got_ = ask(file, sql);                                                                     \
		CHECK_TEXT(got_, strlen(got_), want);                                                                  \
	} while (0)

#define SCHEMA "SELECT name, type FROM pragma_table_info('t')"

static void types(void)
{
	struct sink *s = open_sink("types.db?table=t");
	put(s, "{\"i\":1,\"r\":1.5,\"s\":\"x\",\"b\":true,\"n\":null,\"j\":{\"k\":[1]},\"big\":12345678901234567890}\n"
	       "{\"i\":9007199254740993,\"r\":1.10,\"s\":\"0870\",\"b\":false,\"n\":null,\"j\":[],\"big\":1e400}\n");
	finish(s);
	CHECK_ASK("types.db", SCHEMA,
		  "'i'|'INTEGER';'r'|'REAL';'s'|'TEXT';'b'|'INTEGER';'n'|'';'j'|'TEXT';'big'|'TEXT';");
	CHECK_ASK("types.db", "SELECT * FROM t",
		  "1|1.5|'x'|1|null|'{\"k\":[1]}'|'12345678901234567890';"
		  "9007199254740993|1.1|'0870'|0|null|'[]'|'1e400';");
}

/* Values of several kinds in one column: no type, and each is kept. */
static void mixtures(void)
{
	struct sink *s = open_sink("mixed.db?table=t");
	put(s, "{\"a\":1,\"r\":1.5,\"u\":0.5}\n{\"a\":\"0870\",\"r\":2,\"u\":9007199254740993}\n"
	       "{\"a\":12345678901234567890,\"r\":-0,\"u\":0.1234567890123456789}\n");
	finish(s);
	CHECK_ASK("mixed.db", SCHEMA, "'a'|'';'r'|'REAL';'u'|'';");
	CHECK_ASK("mixed.db", "SELECT * FROM t",
		  "1|1.5|0.5;'0870'|2.0|9007199254740993;'12345678901234567890'|0.0|'0.1234567890123456789';");
}

/* What a typed column would change later is rejected; what it would keep is taken. */
static void later_values(void)
{
	struct sink *s = open_sink("later.db?table=t");
	put(s, "{\"i\":1,\"r\":1.5,\"s\":\"x\"}\n");
	put(s, "{\"i\":\"0870\"}\n{\"i\":\"-\"}\n{\"i\":2.5}\n{\"r\":9007199254740993}\n{\"r\":3}\n{\"s\":1.10}\n"
	       "{\"i\":\" 7 \"}\n{\"i\":\"1e5\"}\n{\"i\":\"1e\"}\n{\"i\":\"+.5\"}\n{\"i\":\".\"}\n");
	CHECK(batch.reject_count == 5);
	CHECK(batch.reject_count == 5 && batch.rejects[0].row == 0 && strstr(batch.rejects[0].reason, "`i`"));
	CHECK(batch.reject_count == 5 && batch.rejects[1].row == 3 && batch.rejects[4].row == 9);
	CHECK(sink_pending(s) == 7);
	finish(s);
	CHECK_ASK("later.db", "SELECT i FROM t WHERE i NOT NULL", "1;'-';2.5;'1e';'.';");
	CHECK_ASK("later.db", "SELECT r FROM t WHERE r NOT NULL", "1.5;3.0;");
	CHECK_ASK("later.db", "SELECT s FROM t WHERE s NOT NULL", "'x';'1.10';");

	s = open_sink("any.db?table=t&types=any&decimals=text");
	put(s, "{\"i\":1,\"r\":1.50}\n");
	put(s, "{\"i\":\"0870\",\"r\":2}\n");
	CHECK(batch.reject_count == 0);
	finish(s);
	CHECK_ASK("any.db", SCHEMA, "'i'|'';'r'|'';");
	CHECK_ASK("any.db", "SELECT * FROM t", "1|'1.50';'0870'|2;");
}

static void widening_and_names(void)
{
	struct sink *s = open_sink("wide.db?table=my%20%22table%22");
	put(s, "{\"a\":1}\n");
	put(s, "{\"select\":2,\"a\":3}\n{\"we\\\"ird ]name\":4}\n{}\n{\"\":5}\n");
	put(s, "{\"A\":6}\n{\"a\":7,\"A\":8}\n{\"nul\\u0000name\":9}\n{\"\xc3\xa9\":1,\"\xc3\x89\":2}\n");
	CHECK(batch.reject_count == 2);
	CHECK(batch.reject_count == 2 && strstr(batch.rejects[0].reason, "`A`") && batch.rejects[0].row == 1);
	CHECK(batch.reject_count == 2 && strstr(batch.rejects[1].reason, "NUL"));
	finish(s);
	CHECK_ASK("wide.db", "SELECT name FROM pragma_table_info('my \"table\"')",
		  "'a';'select';'we\"ird ]name';'';'\xc3\xa9';'\xc3\x89';");
	CHECK_ASK("wide.db", "SELECT a, \"select\", \"we\"\"ird ]name\", \"\" FROM \"my \"\"table\"\"\"",
		  "1|null|null|null;3|2|null|null;null|null|4|null;null|null|null|null;null|null|null|5;"
		  "6|null|null|null;"
		  "null|null|null|null;");
}

static void upsert(void)
{
	struct sink *s = open_sink("up.db?table=t&key=host,day");
	put(s, "{\"host\":\"a\",\"day\":1,\"n\":1,\"m\":10}\n{\"host\":\"b\",\"day\":1,\"n\":2}\n"
	       "{\"host\":\"a\",\"day\":1,\"n\":3}\n{\"host\":\"a\",\"day\":2,\"n\":null}\n{\"host\":\"a\",\"n\":5}\n"
	       "{\"host\":null,\"day\":1}\n{\"host\":\"b\",\"day\":1}\n");
	CHECK(batch.reject_count == 2);
	finish(s);
	s = open_sink("up.db?table=t&key=day,host"); /* the index that is there serves */
	put(s, "{\"day\":2,\"HOST\":\"a\",\"n\":9}\n{\"other\":1}\n");
	CHECK(batch.reject_count == 1 && strstr(batch.rejects[0].reason, "key"));
	finish(s);
	CHECK_ASK("up.db", "SELECT host, day, n, m FROM t ORDER BY 1, 2", "'a'|1|3|10;'a'|2|9|null;'b'|1|2|null;");
	CHECK_ASK("up.db", "SELECT count(*) FROM sqlite_schema WHERE type = 'index'", "1;");
	/* rows that are there already and are no key */
	s = open_sink("dup.db?table=t");
	put(s, "{\"k\":1}\n{\"k\":1}\n");
	finish(s);
	s = open_sink("dup.db?table=t&key=k");
	CHECK(sink_batch(s, rows("{\"k\":2}\n"), &e) == ERR_FAILED);
	CHECK(strstr(e.text, "dup.db") && strstr(e.text, "no unique key on table t"));
	sink_close(s);
}

/* Nothing is seen before the commit, and nothing stays of what was not committed, not even the table. */
static void transactions(void)
{
	struct sink *s = open_sink("tx.db?table=t");
	put(s, "{\"a\":1}\n");
	CHECK_ASK("tx.db", "SELECT count(*) FROM t", "no such table: t");
	CHECK(sink_due(s) < INT64_MAX);
	CHECK(sink_tick(s, sink_due(s) - 1, &e) == OK && sink_pending(s) == 1);
	CHECK(sink_tick(s, sink_due(s), &e) == OK && sink_pending(s) == 0);
	CHECK(sink_due(s) == INT64_MAX);
	CHECK_ASK("tx.db", "SELECT count(*) FROM t", "1;");
	put(s, "{\"a\":2,\"b\":3}\n");
	sink_close(s);
	CHECK_ASK("tx.db", "SELECT * FROM t", "1;");
	/* another process widens the table meanwhile */
	s = open_sink("tx.db?table=t");
	CHECK_ASK("tx.db", "ALTER TABLE t ADD COLUMN c TEXT", "");
	put(s, "{\"a\":4,\"b\":5,\"c\":6}\n");
	finish(s);
	CHECK_ASK("tx.db", "SELECT a, c, b FROM t", "1|null|null;4|'6'|5;");
}

static void constraints(void)
{
	CHECK_ASK("own.db", "CREATE TABLE t(a INTEGER NOT NULL, b TEXT CHECK(b <> 'bad'))", "");
	struct sink *s = open_sink("own.db?table=t");
	put(s, "{\"a\":1,\"b\":\"ok\"}\n{\"b\":\"ok\"}\n{\"a\":2,\"b\":\"bad\"}\n{\"a\":3}\n");
	CHECK(batch.reject_count == 2);
	CHECK(batch.reject_count == 2 && strstr(batch.rejects[0].reason, "NOT NULL"));
	finish(s);
	CHECK_ASK("own.db", "SELECT a FROM t", "1;3;");
}

static void checkpoints(void)
{
	struct sink *old = open_sink("cp.db?table=t"), *new = open_sink("cp.db?table=t");
	struct sink_position last;
	CHECK(sink_recover(old, "f1", 1, &last, &e) == OK && last.n == 0 && !last.state);
	put(old, "{\"a\":1}\n");
	CHECK(sink_due(old) == INT64_MAX);
	CHECK(sink_prepare(old, &e) == OK && sink_commit(old, 1, "st\0te", 5, &e) == OK);
	CHECK(sink_recover(new, "f1", 2, &last, &e) == OK && last.n == 1 && last.epoch == 1);
	CHECK(last.len == 5 && !memcmp(last.state, "st\0te", 5));
	free(last.state);
	/* the old one wakes up late: it is fenced, and what it brought is not there */
	put(old, "{\"a\":2}\n");
	CHECK(sink_prepare(old, &e) == OK && sink_commit(old, 2, NULL, 0, &e) == ERR_UPSTREAM);
	CHECK(strstr(e.text, "taken over"));
	CHECK(sink_recover(old, "f1", 1, &last, &e) == ERR_UPSTREAM);
	put(new, "{\"a\":3}\n");
	CHECK(sink_prepare(new, &e) == OK && sink_commit(new, 2, NULL, 0, &e) == OK);
	sink_close(old);
	sink_close(new);
	CHECK_ASK("cp.db", "SELECT a FROM t", "1;3;");
	CHECK_ASK("cp.db", "SELECT flow, epoch, n, committed_by, state FROM stream_commits", "'f1'|2|2|2|null;");
}

static void refused(const char *rest, int code, const char *says)
{
	char url[300];
	struct sink *s;
	snprintf(url, sizeof url, "sqlite:%s/%s", dir, rest);
	CHECK(sink_open(url, &(struct sink_options){0}, &s, &e) == code && !s);
	CHECK(strstr(e.text, says));
	if (!strstr(e.text, says))
		fprintf(stderr, "%s\n", e.text);
}

static void bad_places(void)
{
	struct sink *s;
	char path[200];
	refused("x.db", ERR_USAGE, "which table?");
	refused("x.db?tabel=t", ERR_USAGE, "`table`");
	refused("x.db?table=t&types=none", ERR_USAGE, "auto, any");
	refused("x.db?table=t&key=", ERR_USAGE, "names no field");
	refused("x.db?table=t&timeout=soon", ERR_USAGE, "soon");
	refused("no/such/x.db?table=t", ERR_FAILED, "x.db");
	CHECK(sink_open("sqlit:x.db?table=t", &(struct sink_options){0}, &s, &e) == ERR_USAGE);
	CHECK(strstr(e.text, "sqlite:x.db"));
	CHECK(sink_knows("dir:x") && sink_knows("sqlite:x") && !sink_knows("kafka:x") && !sink_knows("x"));
	snprintf(path, sizeof path, "%s/text.db", dir);
	FILE *f = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", f);
	fclose(f);
	refused("text.db?table=t", ERR_FAILED, "not a database");
	CHECK_ASK("ro.db", "CREATE TABLE t(a)", "");
	snprintf(path, sizeof path, "%s/ro.db", dir);
	CHECK(!chmod(path, 0400));
	if (getuid())
		refused("ro.db?table=t", ERR_FAILED, "read-only");
	else
		printf("skipped: a read-only file (root may write it)\n");
}

static void locked(void)
{
	char path[200];
	sqlite3 *db;
	snprintf(path, sizeof path, "%s/locked.db", dir);
	CHECK(!sqlite3_open(path, &db));
	CHECK(!sqlite3_exec(db, "CREATE TABLE t(a); BEGIN IMMEDIATE", NULL, NULL, NULL));
	struct sink *s = open_sink("locked.db?table=t&timeout=50ms");
	CHECK(sink_batch(s, rows("{\"a\":1}\n"), &e) == ERR_FAILED);
	CHECK(strstr(e.text, "locked.db: process ") && strstr(e.text, "keeps the database locked"));
	sink_close(s);
	CHECK(!sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	sqlite3_close(db);
}

static void many_shapes(void)
{
	struct sink *s = open_sink("shapes.db?table=t");
	struct buf b = BUF_INIT;
	for (int i = 0; i < 3000; i++)
		buf_printf(&b, "{\"f%d\":%d,\"g%d\":1}\n", i % 190, i, i % 7);
	put(s, buf_string(&b));
	CHECK(batch.reject_count == 0 && sink_pending(s) == 3000);
	/* more columns than SQLite has */
	buf_clear(&b);
	for (int i = 0; i < 2100; i++)
		buf_printf(&b, "{\"h%d\":%d}\n", i, i);
	put(s, buf_string(&b));
	CHECK(batch.reject_count == 2100 + 197 - 2000 && strstr(batch.rejects[0].reason, "no more"));
	finish(s);
	CHECK_ASK("shapes.db", "SELECT sum(f0), sum(g0), count(*) FROM t", "22800|429|4803;");
	buf_release(&b);
}

static void speed(void)
{
	struct sink *s = open_sink("speed.db?table=t");
	struct buf b = BUF_INIT;
	for (int i = 0; i < 16000; i++)
		buf_printf(&b, "{\"ip\":\"10.0.0.%d\",\"status\":200,\"bytes\":%d,\"rt\":0.0%d,\"path\":\"/a/b/%d\"}\n",
			   i % 256, i, i % 90 + 10, i);
	rows(buf_string(&b));
	int64_t begin = monotonic_now();
	enum { TIMES = 5 };
	for (int i = 0; i < TIMES; i++)
		CHECK(sink_batch(s, &batch, &e) == OK);
	finish(s);
	printf("%.0f rows a second\n", TIMES * 16000.0 / ((double)(monotonic_now() - begin) / 1e9));
	buf_release(&b);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	batch_init(&batch);
	types();
	mixtures();
	later_values();
	widening_and_names();
	upsert();
	transactions();
	constraints();
	checkpoints();
	bad_places();
	locked();
	many_shapes();
	speed();
	batch_release(&batch);
	free(text_held);
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	CHECK(!system(command));
	return test_done();
}

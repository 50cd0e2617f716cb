/* The files of the checkpoint protocol: what is written is read again, what is damaged is refused, lines are not mixed up. */
#include "flow/hello.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/end_file.h"
#include "flow/receipt.h"
#include "flow/snapshot.h"
#include "flow/state_file.h"
#include "record/batch_rows.h"
#include "test.h"

static char *dir;
static struct error e;

static char *fresh(const char *name)
{
	char *path = state_path("%s/%s", dir, name);
	CHECK(!state_mkdirs(path, &e));
	return path;
}

/* -- snapshots -- */

/* What was loaded: the numbers, in order. */
struct seen {
	long numbers[64];
	size_t count;
};

static int see(void *self, struct batch *b, struct error *err)
{
	struct seen *s = self;
	(void)err;
	for (uint32_t i = 0; i < batch_count(b) && s->count < 64; i++)
		s->numbers[s->count++] = (long)batch_get(b, batch_row(b, i), "i").i;
	return 0;
}

/* Saves the numbers as checkpoint n. */
static void save(struct snapshots *s, uint64_t n, const long *numbers, size_t count, bool change)
{
	struct snapshot w;
	struct batch b;
	uint64_t length = 100 + n;
	CHECK(!snapshot_begin(&w, s, n, &(struct snapshot_sides){.lengths = &length, .count = 1}, &e));
	CHECK(snapshot_of_changes(&w) == change);
	batch_init(&b);
	for (size_t i = 0; i < count; i++)
		batch_add_row(&b, &(struct field){"i", value_int(numbers[i])}, 1);
	CHECK(!snapshot_add(&w, &b, &e));
	batch_release(&b);
	CHECK(!snapshot_finish(&w, &e));
}

static int load_into(struct snapshots *s, struct seen *seen, const char *directory, uint64_t run, uint64_t n,
		     uint64_t epoch, uint64_t *side)
{
	*seen = (struct seen){0};
	snapshots_init(s, mem_copy(directory, strlen(directory)), "stream-test", 3, run);
	*side = 0;
	return snapshots_load(s, n, epoch, &(struct snapshot_sides){.lengths = side, .count = 1}, see, seen, &e);
}

static void snapshots(void)
{
	char *d = fresh("snapshots");
	struct snapshots s, t;
	struct seen seen;
	uint64_t side;
	CHECK(load_into(&s, &seen, d, 1, 0, 0, &side) == 0);
	save(&s, 1, (long[]){1, 2}, 2, false);
	save(&s, 2, (long[]){3}, 1, true);
	save(&s, 4, (long[]){4}, 1, true);
	CHECK(snapshots_newest(&s) == 4);

	/* Run 2 begins with checkpoint 3 of run 1: that is 2, upon 1; and what run 1 does after that is not its. */
	CHECK(load_into(&t, &seen, d, 2, 3, 1, &side) == 1);
	CHECK(seen.count == 3 && seen.numbers[0] == 3 && seen.numbers[1] == 1 && seen.numbers[2] == 2);
	CHECK(side == 102);
	save(&s, 5, (long[]){99}, 1, true);
	snapshots_clean(&s, 5);
	save(&t, 4, (long[]){7}, 1, false);
	snapshots_release(&s);

	/* Run 3 goes back to run 2's: 3 was its beginning, 4 its own. */
	CHECK(load_into(&s, &seen, d, 3, 3, 2, &side) == 1);
	CHECK(seen.count == 3 && seen.numbers[0] == 3);
	snapshots_release(&s);
	CHECK(load_into(&s, &seen, d, 4, 4, 2, &side) == 1);
	CHECK(seen.count == 1 && seen.numbers[0] == 7);

	/* The first commit of run 4 is known: nothing of earlier runs is left. */
	save(&s, 5, (long[]){8}, 1, false);
	snapshots_clean(&s, 5);
	char *ours = state_path("%s/5.4.whole", d), *theirs = state_path("%s/4.2.whole", d),
	     *linked = state_path("%s/4.4.whole", d);
	CHECK(!access(ours, F_OK) && access(theirs, F_OK) && access(linked, F_OK));
	snapshots_release(&s);
	snapshots_release(&t);

	/* Every bit counts; so does every byte that is missing. */
	char *adopted = state_path("%s/5.5.whole", d);
	struct buf bytes = BUF_INIT;
	FILE *in = fopen(ours, "r");
	for (int c; (c = fgetc(in)) != EOF;)
		buf_byte(&bytes, (char)c);
	fclose(in);
	int refused = 0, wrong = 0;
	for (size_t at = 0; at < bytes.len * 8; at++) {
		bytes.data[at / 8] ^= (char)(1 << at % 8);
		FILE *out = fopen(ours, "w");
		fwrite(bytes.data, 1, bytes.len, out);
		fclose(out);
		bytes.data[at / 8] ^= (char)(1 << at % 8);
		int r = load_into(&s, &seen, d, 5, 5, 4, &side);
		refused += r < 0;
		wrong += r >= 0 && (seen.count != 1 || seen.numbers[0] != 8 || side != 105);
		unlink(adopted);
		snapshots_release(&s);
	}
	CHECK(!wrong);
	CHECK(refused > (int)bytes.len * 7);
	for (size_t len = 0; len < bytes.len; len++) {
		CHECK(!truncate(ours, (off_t)len) || len);
		FILE *out = fopen(ours, "w");
		fwrite(bytes.data, 1, len, out);
		fclose(out);
		CHECK(load_into(&s, &seen, d, 5, 5, 4, &side) < 0);
		unlink(adopted);
		snapshots_release(&s);
	}
	buf_release(&bytes);
	free(adopted);
	free(ours);
	free(theirs);
	free(linked);
	free(d);
}

static void snapshot_of_checkpoint_0(void)
{
	char *d = fresh("zero");
	struct snapshots s;
	struct seen seen;
	uint64_t side;
	CHECK(load_into(&s, &seen, d, 3, 0, 0, &side) == 0);
	save(&s, 0, NULL, 0, false);
	snapshots_release(&s);
	/* The run after it finds where the side outputs began, and none of what came later. */
	CHECK(load_into(&s, &seen, d, 4, 0, 0, &side) == 1);
	CHECK(side == 100 && !seen.count);
	save(&s, 1, (long[]){1}, 1, false);
	snapshots_release(&s);
	CHECK(load_into(&s, &seen, d, 5, 0, 0, &side) == 1);
	CHECK(side == 100 && !seen.count);
	snapshots_release(&s);
	free(d);
}

/* Changes are written until they have grown larger than what they change. */
static void snapshots_grow(void)
{
	char *d = fresh("grow");
	struct snapshots s;
	struct seen seen;
	uint64_t side, whole = 0;
	CHECK(load_into(&s, &seen, d, 1, 0, 0, &side) == 0);
	for (uint64_t n = 1; n < 400; n++) {
		struct snapshot w;
		CHECK(!snapshot_begin(&w, &s, n, &(struct snapshot_sides){.lengths = &side}, &e));
		whole += !snapshot_of_changes(&w);
		CHECK(!snapshot_finish(&w, &e));
		snapshots_clean(&s, n - 1);
	}
	CHECK(whole > 1 && whole < 20);
	CHECK(s.count < 400);
	snapshots_release(&s);
	free(d);
}

/* -- small files -- */

static void receipts(void)
{
	char *d = fresh("receipts");
	struct receipt r = {.n = 57, .line = 3, .joint = 8, .run = 9, .pace = 60000000000, .sources = 2}, got;
	uint64_t n;
	CHECK(receipt_load(&got, d, 4, &e) == 0);
	struct tally_key get = {"f", 0, NULL, "stream-get"}, copy = {"f", 0, "1-0", "stream-get"},
			 put = {"f", 0, NULL, "stream-put"};
	tallies_add(&r.tallies, &get, 10, 20, 1, 2, 3);
	tallies_add(&r.tallies, &copy, 20, 20, 0, 0, 7);
	CHECK(!receipt_save(&r, d, 4, &e));
	CHECK(receipt_load(&got, d, 4, &e) == 1);
	CHECK(got.n == 57 && got.line == 3 && got.joint == 8 && got.run == 9 && got.pace == 60000000000 &&
	      got.sources == 2);
	CHECK(got.tallies.count == 2 && tallies_find(&got.tallies, &get)->snapshot == 3);
	CHECK(tallies_find(&got.tallies, &copy)->snapshot == 7 && !tallies_find(&got.tallies, &put));
	receipt_release(&got);
	CHECK(!receipt_greatest(d, &n, &e) && n == 57);
	r.n = 3;
	CHECK(!receipt_save(&r, d, 5, &e));
	CHECK(!receipt_greatest(d, &n, &e) && n == 57);
	/* What a run that died had not finished goes with it; what a later one writes stays. */
	char *dead = state_path("%s/+receipt.4.4", d), *later = state_path("%s/+receipt.6.6", d);
	CHECK(!close(creat(dead, 0600)) && !close(creat(later, 0600)));
	receipt_clean(d, 5);
	CHECK(access(dead, F_OK) && !access(later, F_OK));
	free(dead);
	free(later);
	CHECK(!receipt_greatest(d, &n, &e) && n == 3);
	CHECK(receipt_load(&got, d, 4, &e) == 0);
	receipt_release(&r);
	free(d);
}

static void end_files(void)
{
	char *d = fresh("end");
	struct flow_commit last;
	CHECK(!end_file_recover(d, 3, &last, &e) && last.n == 0 && !last.state);
	CHECK(!end_file_commit(d, 3, 1, "a b\nc\n", 6, &e));
	char *draft = state_path("%s/+end.3", d);
	CHECK(!close(creat(draft, 0600)));
	CHECK(!end_file_recover(d, 4, &last, &e) && access(draft, F_OK) && last.n == 1 && last.epoch == 3 &&
	      last.len == 6 && !memcmp(last.state, "a b\nc\n", 6));
	free(last.state);
	free(draft);
	/* The run before that one wakes up. */
	CHECK(end_file_commit(d, 3, 2, "", 0, &e) == ERR_UPSTREAM);
	CHECK(end_file_recover(d, 4, &last, &e) == ERR_UPSTREAM);
	free(last.state);
	CHECK(!end_file_commit(d, 4, 2, "", 0, &e));
	char *path = state_path("%s/end", d);
	CHECK(!truncate(path, 10));
	CHECK(end_file_recover(d, 5, &last, &e) == ERR_FAILED && strstr(e.text, "damaged"));
	free(path);
	free(d);
}

/* -- HELLO -- */

static struct hello hello_of(const char *flow, uint64_t epoch, const char *stage)
{
	struct hello h = {0};
	hello_add_source(&h, flow, epoch, "/somewhere/else", "group g of s", "stream-ctl reset s g", "client", "3");
	hello_add_stage(&h, "stream-get", "");
	hello_add_stage(&h, "stream-filter", stage);
	return h;
}

static const char A[] = "0123456789abcdef0123456789abcdef", B[] = "fedcba9876543210fedcba9876543210";

static void hellos(void)
{
	struct hello h = hello_of(A, 4, "x > 1"), got = {0}, kept = {0};
	struct batch body;
	struct buf text = BUF_INIT;
	char id[FLOW_ID_SIZE];
	uint64_t epoch;
	batch_init(&body);
	hello_set_part(&h, "1-0");
	hello_write(&h, &body);
	CHECK(!hello_read(&body, &got, &e));
	CHECK(got.source_count == 1 && !strcmp(got.sources[0].directory, "/somewhere/else") &&
	      got.sources[0].epoch == 4);
	CHECK(!strcmp(got.sources[0].shared_by, "client") && !strcmp(got.sources[0].slot, "3"));
	CHECK(!strcmp(got.part, "1-0") && !hello_compare(&got, &h, &e));
	hello_leave_part(&got);
	CHECK(!strcmp(got.part, "1"));
	hello_leave_part(&got);
	CHECK(!got.part);
	hello_identity(&got, id, &epoch);
	CHECK(!strcmp(id, A) && epoch == 4);

	hello_text(&h, &text);
	hello_from_text(text.data, text.len, &kept);
	CHECK(!hello_compare(&kept, &h, &e) && kept.sources[0].epoch == 4 && !strcmp(kept.sources[0].flow, A));

	/* A stage that is another, is new, is gone. */
	struct hello other = hello_of(A, 5, "x > 2");
	CHECK(hello_compare(&other, &h, &e) == ERR_USAGE && strstr(e.text, "stage 2") && strstr(e.text, "x > 2"));
	hello_release(&other);
	other = hello_of(A, 5, "x > 1");
	hello_add_stage(&other, "stream-put", "out");
	CHECK(hello_compare(&other, &h, &e) == ERR_USAGE && strstr(e.text, "stage 3 was not there"));
	CHECK(hello_compare(&h, &other, &e) == ERR_USAGE && strstr(e.text, "not there now"));

	/* Copies join; other sources add up; one source by two ways is refused. */
	struct hello copy = hello_of(A, 4, "x > 1"), second = hello_of(B, 7, "y"), twice = hello_of(A, 4, "z");
	CHECK(!hello_join(&h, &copy, &e) && h.source_count == 1);
	CHECK(hello_join(&h, &twice, &e) == ERR_USAGE);
	CHECK(!hello_join(&h, &second, &e) && h.source_count == 2 && h.stage_count == 4);
	char joint[FLOW_ID_SIZE];
	hello_identity(&h, joint, &epoch);
	CHECK(strcmp(joint, A) && strlen(joint) == FLOW_ID_SIZE - 1 && epoch == 11);
	hello_release(&h);
	hello_release(&got);
	hello_release(&kept);
	hello_release(&other);
	batch_release(&body);
	buf_release(&text);
}

static void hello_refuses(void)
{
	struct batch body;
	struct hello h = {0};
	batch_init(&body);
	batch_add_row(&body, &(struct field){"row", value_string("stage", 5)}, 1);
	CHECK(hello_read(&body, &h, &e) == ERR_UPSTREAM);
	hello_release(&h);
	struct field source[] = {{"row", value_string("source", 6)},
				 {"flow", value_string(A, 32)},
				 {"epoch", value_int(1)},
				 {"reply", value_string("kafka://x/y", 11)}};
	batch_reset(&body);
	batch_add_row(&body, source, 4);
	CHECK(hello_read(&body, &h, &e) == ERR_USAGE && strstr(e.text, "kafka://x/y"));
	hello_release(&h);
	source[2].value = value_int(0);
	batch_reset(&body);
	batch_add_row(&body, source, 4);
	CHECK(hello_read(&body, &h, &e) == ERR_UPSTREAM);
	hello_release(&h);
	batch_release(&body);
}

static void signatures(void)
{
	struct buf out = BUF_INIT;
	const char *argv[] = {"x",    "-q",         "--stats", "a b", "--metrics", "file", "--metrics=y",
			      "it's", "/dev/fd/63", "-v",      "",    "--",        "-q",   NULL};
	hello_signature(13, (char *const *)argv, &out);
	CHECK_TEXT(out.data, out.len, "'a b' 'it'\\''s' /dev/fd '' -- -q");
	buf_release(&out);
}

static void marks(void)
{
	struct tallies t = {0}, got = {0}, other = {0};
	struct mark m = {.n = 5, .epoch = 2, .run = 3, .final = true}, n;
	struct batch body;
	batch_init(&body);
	tallies_write(&t, &m, &body);
	tallies_read(&got, &n, &body);
	CHECK(n.n == 5 && n.epoch == 2 && n.run == 3 && n.final && !got.count);
	/* One stage by two ways is one; another place, another copy and another flow are others. */
	struct tally_key keys[] = {{"f", 2, NULL, "a"}, {"f", 3, NULL, "a"}, {"f", 2, "0", "a"}, {"g", 2, NULL, "a"}};
	tallies_add(&t, &keys[0], 1, 2, 3, 4, 5);
	for (uint64_t i = 0; i < 4; i++)
		tallies_add(&other, &keys[i], i ? 10 + i : 1, 2, 3, i ? 40 : 4, 5);
	tallies_unite(&t, &other);
	tallies_write(&t, &m, &body);
	tallies_read(&got, &n, &body);
	CHECK(got.count == 4 && got.items[0].in == 1 && got.items[0].late == 4 && got.items[0].snapshot == 5);
	for (uint64_t i = 1; i < 4; i++)
		CHECK(tallies_find(&got, &keys[i])->in == 10 + i && tallies_find(&got, &keys[i])->late == 40);
	tallies_release(&t);
	tallies_release(&got);
	tallies_release(&other);
	batch_release(&body);
}

int main(void)
{
	char template[] = "/tmp/checkpoint.XXXXXX";
	dir = mkdtemp(template);
	if (!dir)
		return 1;
	snapshots();
	snapshot_of_checkpoint_0();
	snapshots_grow();
	receipts();
	end_files();
	hellos();
	hello_refuses();
	signatures();
	marks();
	char *clean = state_path("rm -rf %s", dir);
	CHECK(!system(clean));
	free(clean);
	return test_done();
}

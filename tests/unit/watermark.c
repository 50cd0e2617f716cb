/* Event time from run to run: a tracker that is saved and loaded again, anywhere, goes on as one that never stopped; and what --drain closes. */
#include "window/watermark.h"

#include "base/timestamp.h"
#include "base/units.h"
#include "record/batch_rows.h"
#include "test.h"

enum { ROWS = 20, STEPS = 400, SHARDS = 5 };

static uint64_t state = 88172645463325252;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

/* Names of all kinds; what is equal is one shard. */
static struct value shard_name(uint64_t i)
{
	const struct value names[SHARDS] = {value_int(1), value_string("1", 1), value_absent(), value_string("s:0", 3),
					    value_int(0)};
	return names[i];
}

static void announce(struct watermark *w, struct value name, struct value time, const char *what)
{
	struct error e;
	struct batch b;
	struct field row[] = {{"shard", name}, {"time", time}, {"state", value_string(what, strlen(what))}};
	batch_init(&b);
	batch_add_row(&b, row, 3);
	CHECK(!watermark_frame(w, &b, true, &e));
	batch_release(&b);
}

/* Through rows, and a clock that began anew; then the source says again which shards there are. */
static void restart(struct watermark *w, int64_t now, uint32_t announced)
{
	struct watermark fresh;
	struct error e;
	struct batch b;
	batch_init(&b);
	watermark_save(w, &b);
	watermark_init(&fresh, w->delay);
	watermark_now(&fresh, now);
	CHECK(!watermark_load(&fresh, &b, &e));
	watermark_release(w);
	batch_release(&b);
	*w = fresh;
	for (uint32_t i = 0; i < SHARDS; i++)
		if (announced >> i & 1)
			announce(w, shard_name(i), value_absent(), "active");
}

static void records(struct watermark *a, struct watermark *b, const struct window_spec *spec, int64_t now)
{
	struct batch batch;
	int64_t times[ROWS];
	uint32_t kept[2][ROWS], late[2][ROWS], rows = 1 + (uint32_t)draw(ROWS - 1);
	batch_init(&batch);
	for (uint32_t i = 0; i < rows; i++) {
		batch_add_row(&batch, NULL, 0);
		batch_meta(&batch, META_SHARD)[i] = shard_name(draw(SHARDS));
		times[i] = now - (int64_t)draw(90) * SECOND;
	}
	uint32_t count = watermark_records(a, spec, &batch, NULL, rows, times, kept[0], late[0]);
	CHECK(watermark_records(b, spec, &batch, NULL, rows, times, kept[1], late[1]) == count);
	CHECK(!memcmp(kept[0], kept[1], count * sizeof **kept));
	CHECK(!memcmp(late[0], late[1], (rows - count) * sizeof **late));
	batch_release(&batch);
}

static void test_restarts(void)
{
	const struct window_spec spec = {.kind = WINDOW_TUMBLE, .size = 10 * SECOND, .lateness = 5 * SECOND};
	struct watermark a, b;
	int64_t now = 1000 * HOUR, clock = 1, behind = 0;
	uint32_t announced = 0, restarts = 0;
	watermark_init(&a, 20 * SECOND);
	watermark_init(&b, 20 * SECOND);
	for (int step = 0; step < STEPS; step++) {
		static const char *const states[] = {"active", "idle", "drained"};
		uint64_t shard = draw(SHARDS), what = draw(12);
		now += (int64_t)draw(8) * SECOND;
		clock += (int64_t)draw(4) * SECOND;
		watermark_now(&a, clock);
		watermark_now(&b, clock - behind);
		if (what == 0) {
			const char *said = states[draw(3)];
			announced |= 1U << shard;
			announce(&a, shard_name(shard), value_time(now - MINUTE), said);
			announce(&b, shard_name(shard), value_time(now - MINUTE), said);
		} else if (what == 1) {
			watermark_idle(&a, 9 * SECOND);
			watermark_idle(&b, 9 * SECOND);
		} else if (what == 2) {
			behind = (int64_t)draw(5) * HOUR - HOUR;
			restart(&b, clock - behind, announced);
			restarts++;
		} else {
			records(&a, &b, &spec, now);
		}
		CHECK(watermark_at(&a) == watermark_at(&b));
	}
	CHECK(restarts > STEPS / 50);
	watermark_release(&a);
	watermark_release(&b);
}

static void test_damaged(void)
{
	struct watermark w;
	struct error e;
	struct batch b;
	struct field row[] = {{"shard", value_int(1)}, {"state", value_int(7)}};
	batch_init(&b);
	batch_add_row(&b, row, 2);
	watermark_init(&w, 0);
	CHECK(watermark_load(&w, &b, &e) == ERR_FAILED);
	watermark_release(&w);
	batch_release(&b);
}

static int64_t drained(const struct window_spec *spec, int64_t one, int64_t other)
{
	struct watermark w;
	watermark_init(&w, 5 * SECOND);
	watermark_shard(&w, value_int(0), one, SHARD_ACTIVE);
	watermark_shard(&w, value_int(1), other, SHARD_ACTIVE);
	int64_t at = watermark_drain(&w, spec);
	CHECK(watermark_at(&w) == at);
	/* The shard that was behind is behind no more. */
	watermark_shard(&w, value_int(1), other, SHARD_ACTIVE);
	CHECK(watermark_at(&w) == at);
	watermark_release(&w);
	return at;
}

static void test_drain(void)
{
	const struct window_spec minutes = {.kind = WINDOW_TUMBLE, .size = MINUTE},
				 hop = {.kind = WINDOW_HOP, .size = MINUTE, .slide = 20 * SECOND},
				 session = {.kind = WINDOW_SESSION, .gap = 7 * SECOND},
				 count = {.kind = WINDOW_COUNT, .count = 3};
	CHECK(drained(&minutes, 61 * SECOND, 10 * SECOND) == 2 * MINUTE);
	CHECK(drained(&minutes, TIMESTAMP_MIN, 60 * SECOND) == 2 * MINUTE);
	CHECK(drained(&minutes, TIMESTAMP_MIN, TIMESTAMP_MIN) == TIMESTAMP_MIN);
	CHECK(drained(&hop, 61 * SECOND, 10 * SECOND) == 2 * MINUTE);
	CHECK(drained(&session, 61 * SECOND, 10 * SECOND) == 68 * SECOND);
	CHECK(drained(&count, 61 * SECOND, 10 * SECOND) == 61 * SECOND);
}

int main(void)
{
	for (int i = 0; i < 20; i++)
		test_restarts();
	test_damaged();
	test_drain();
	return test_done();
}

/*
 * An auction house, as the Nexmark benchmark has it (Tucker et al., 2002; its present form is that of the Nexmark
 * suite for Flink): of each 50 events one is a person who registers, three are auctions that open and 46 are bids.
 *
 *   person    event id name email_address credit_card city state date_time extra
 *   auction   event id item_name description initial_bid reserve date_time expires seller category extra
 *   bid       event auction bidder price channel url date_time extra
 *
 * Half of the bids go to a hot auction, three quarters come from a hot bidder; sellers are hot likewise. Prices are
 * whole cents, from 100 to 100,000,000 evenly over the orders of magnitude. A thousand events a second; one bid in a
 * hundred comes up to 3 s late. @time is date_time.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "gen/gen.h"

enum {
	CYCLE = 50,
	AUCTIONS = 3, /* of a cycle, behind one person */
	FIRST_ID = 1000,
	FIRST_CATEGORY = 10,
	CATEGORIES = 5,
	IN_FLIGHT = 100, /* auctions that are bid for */
	ACTIVE = 1000,   /* persons who do anything */
	HOT_STEP = 100,  /* of so many neighbours one is hot */
	CHANNELS = 10000,
	LATE_MAX = 3000, /* milliseconds */
	AUCTION_MAX = 3300,
};

static const int64_t START = INT64_C(1767225600) * SECOND; /* 2026-01-01T00:00:00Z */

enum column_of {
	EVENT,
	ID,
	NAME,
	EMAIL,
	CARD,
	CITY,
	STATE,
	DATE_TIME,
	EXTRA,
	ITEM,
	DESCRIPTION,
	INITIAL,
	RESERVE,
	EXPIRES,
	SELLER,
	CATEGORY,
	AUCTION,
	BIDDER,
	PRICE,
	CHANNEL,
	URL,
	COLUMNS
};

static const char *const names[COLUMNS] = {
	"event",     "id",       "name",      "email_address", "credit_card", "city",    "state",
	"date_time", "extra",    "item_name", "description",   "initial_bid", "reserve", "expires",
	"seller",    "category", "auction",   "bidder",        "price",       "channel", "url",
};

static const uint8_t person_fields[] = {EVENT, ID, NAME, EMAIL, CARD, CITY, STATE, DATE_TIME, EXTRA};
static const uint8_t auction_fields[] = {EVENT,     ID,      ITEM,   DESCRIPTION, INITIAL, RESERVE,
					 DATE_TIME, EXPIRES, SELLER, CATEGORY,    EXTRA};
static const uint8_t bid_fields[] = {EVENT, AUCTION, BIDDER, PRICE, CHANNEL, URL, DATE_TIME, EXTRA};

struct gen {
	struct rng rng;
	uint64_t made;
	uint16_t column[COLUMNS];
	int persons, auctions, bids; /* shapes */
};

/* The row that is being made. */
struct row {
	struct gen *g;
	struct batch *b;
	uint32_t number;
	int64_t time;
};

static struct gen *create(uint64_t seed)
{
	struct gen *g = mem_zero(sizeof *g);
	rng_seed(&g->rng, seed);
	return g;
}

static void release(struct gen *g)
{
	free(g);
}

static int shape(struct gen *g, struct batch *b, const uint8_t *fields, uint32_t count)
{
	uint16_t columns[COLUMNS];
	for (uint32_t i = 0; i < count; i++)
		columns[i] = g->column[fields[i]];
	return batch_shape_of(b, columns, count);
}

static void prepare(struct gen *g, struct batch *b)
{
	for (int i = 0; i < COLUMNS; i++)
		g->column[i] = (uint16_t)batch_column(b, names[i], strlen(names[i]));
	g->persons = shape(g, b, person_fields, sizeof person_fields);
	g->auctions = shape(g, b, auction_fields, sizeof auction_fields);
	g->bids = shape(g, b, bid_fields, sizeof bid_fields);
}

/* -- cells -- */

static void set(const struct row *r, enum column_of c, struct value v)
{
	r->b->columns[r->g->column[c]].values[r->number] = v;
}

static void set_text(const struct row *r, enum column_of c, const char *text)
{
	set(r, c, value_string(text, strlen(text)));
}

__attribute__((format(printf, 3, 4))) static void set_format(const struct row *r, enum column_of c, const char *format,
							     ...)
{
	char text[256];
	va_list ap;
	va_start(ap, format);
	int len = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	set(r, c, value_string(arena_copy(&r->b->arena, text, (size_t)len), (size_t)len));
}

/* Between a half and all of `most` small letters, with a blank now and then. */
static void set_letters(const struct row *r, enum column_of c, uint32_t most, bool blanks)
{
	struct rng *dice = &r->g->rng;
	uint32_t len = most / 2 + rng_below(dice, most / 2 + 1);
	char *text = arena_alloc(&r->b->arena, len + 1);
	for (uint32_t i = 0; i < len; i++) {
		uint32_t n = rng_below(dice, blanks ? 30 : 26);
		text[i] = n < 26 || !i || i + 1 == len ? (char)('a' + n % 26) : ' ';
	}
	set(r, c, value_string(text, len));
}

static int64_t price(struct rng *dice)
{
	return (int64_t)llround(pow(10, rng_unit(dice) * 6) * 100);
}

/* -- who is there at the n-th event, itself included: the numbers of the last person and auction, from 0 -- */

static int64_t last_person(uint64_t n)
{
	return (int64_t)(n / CYCLE);
}

static int64_t last_auction(uint64_t n)
{
	uint64_t cycle = n / CYCLE, at = n % CYCLE;
	uint64_t there = cycle * AUCTIONS + (at < AUCTIONS ? at : AUCTIONS);
	return there ? (int64_t)there - 1 : 0;
}

static int64_t pick(struct rng *dice, int64_t last, int64_t span)
{
	int64_t count = last + 1 < span ? last + 1 : span;
	return FIRST_ID + last - rng_below(dice, (uint32_t)count);
}

/* Three times out of four one of the few hot ones, `offset` behind a hundred. */
static int64_t pick_person(struct rng *dice, int64_t last, int offset)
{
	int64_t hot = last / HOT_STEP * HOT_STEP + offset;
	if (rng_below(dice, 4) && hot <= last)
		return FIRST_ID + hot;
	return pick(dice, last, ACTIVE);
}

static int64_t pick_auction(struct rng *dice, int64_t last)
{
	if (rng_below(dice, 2))
		return FIRST_ID + last / HOT_STEP * HOT_STEP;
	return pick(dice, last, IN_FLIGHT);
}

/* -- events -- */

static void make_person(const struct row *r)
{
	static const char *const first[] = {"ada",  "bela", "carl", "dora", "emil", "fritz",
					    "gina", "hugo", "ines", "jan",  "kira"};
	static const char *const last[] = {"adler", "brandt", "costa", "duval", "ek", "frost", "gruber", "holm", "ito"};
	static const char *const city[] = {"portland", "boise", "fresno", "reno", "tucson", "provo", "casper", "bend"};
	static const char *const state[] = {"or", "id", "ca", "az", "wa", "wy"};
	struct rng *dice = &r->g->rng;
	const char *given = first[rng_below(dice, 11)], *family = last[rng_below(dice, 9)];
	set_text(r, EVENT, "person");
	set(r, ID, value_int(FIRST_ID + last_person(r->g->made)));
	set_format(r, NAME, "%s %s", given, family);
	set_format(r, EMAIL, "%s.%s@mail%u.example", given, family, rng_below(dice, 100));
	set_format(r, CARD, "%04u %04u %04u %04u", rng_below(dice, 10000), rng_below(dice, 10000),
		   rng_below(dice, 10000), rng_below(dice, 10000));
	set_text(r, CITY, city[rng_below(dice, 8)]);
	set_text(r, STATE, state[rng_below(dice, 6)]);
	set_letters(r, EXTRA, 100, false);
}

static void make_auction(const struct row *r)
{
	struct rng *dice = &r->g->rng;
	int64_t initial = price(dice);
	set_text(r, EVENT, "auction");
	set(r, ID, value_int(FIRST_ID + last_auction(r->g->made)));
	set_letters(r, ITEM, 20, false);
	set_letters(r, DESCRIPTION, 100, true);
	set(r, INITIAL, value_int(initial));
	set(r, RESERVE, value_int(initial + price(dice)));
	set(r, EXPIRES, value_time(r->time + (1 + (int64_t)rng_below(dice, AUCTION_MAX)) * MILLISECOND));
	set(r, SELLER, value_int(pick_person(dice, last_person(r->g->made), 0)));
	set(r, CATEGORY, value_int(FIRST_CATEGORY + rng_below(dice, CATEGORIES)));
	set_letters(r, EXTRA, 200, false);
}

static void make_bid(const struct row *r)
{
	static const char *const hot[] = {"Google", "Facebook", "Baidu", "Apple"};
	struct rng *dice = &r->g->rng;
	set_text(r, EVENT, "bid");
	set(r, AUCTION, value_int(pick_auction(dice, last_auction(r->g->made))));
	set(r, BIDDER, value_int(pick_person(dice, last_person(r->g->made), 1)));
	set(r, PRICE, value_int(price(dice)));
	uint32_t number = rng_below(dice, CHANNELS), a = rng_below(dice, 1000), b = rng_below(dice, 1000);
	if (rng_below(dice, 2)) {
		set_text(r, CHANNEL, hot[number % 4]);
		set_format(r, URL, "https://auctions.example/h%u/a%03u/b%03u/item.htm?query=1", number % 4, a, b);
	} else {
		set_format(r, CHANNEL, "channel-%u", number);
		set_format(r, URL, "https://auctions.example/c%u/a%03u/b%03u/item.htm?query=1&channel_id=%u",
			   number % 100, a, b, number * 7919);
	}
	set_letters(r, EXTRA, 50, false);
}

static void make(struct gen *g, struct batch *b, struct value *times)
{
	struct row r = {g, b, batch_begin(b), START + (int64_t)g->made * MILLISECOND};
	uint32_t at = (uint32_t)(g->made % CYCLE);
	bool bid = at > AUCTIONS;
	if (bid && !rng_below(&g->rng, 100))
		r.time -= (int64_t)rng_below(&g->rng, LATE_MAX) * MILLISECOND;
	if (!at)
		make_person(&r);
	else if (!bid)
		make_auction(&r);
	else
		make_bid(&r);
	set(&r, DATE_TIME, value_time(r.time));
	times[r.number] = value_time(r.time);
	batch_end(b, (uint32_t)(!at ? g->persons : bid ? g->bids : g->auctions), 0);
	g->made++;
}

static void fill(struct gen *g, uint32_t rows, struct batch *b)
{
	struct value *times = arena_array(&b->arena, rows, sizeof *times);
	prepare(g, b);
	for (uint32_t i = 0; i < rows; i++)
		make(g, b, times);
	b->meta[META_TIME] = (struct column){.form = COLUMN_VALUES, .values = times};
}

extern const struct gen_kind gen_nexmark;
const struct gen_kind gen_nexmark = {"nexmark", "an auction house: persons, auctions and bids, told apart by `event`",
				     create, fill, release};

#!/usr/bin/env bats
# The queries of the Nexmark benchmark as pipelines (nexmark/q*.sh), each against an independent answer of SQLite
# (nexmark/q*.sql) to the same events, in any order of rows.
load ../helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	stream-gen nexmark -n 40000 -o frames >events.frames
	(echo text && stream-cat -o json events.frames) >events.json
	sqlite3 nexmark.db <"$BATS_TEST_DIRNAME/nexmark/load.sql"
	[ "$(sqlite3 nexmark.db 'SELECT (SELECT count(*) FROM person) || " " || (SELECT count(*) FROM auction) || " " ||
		(SELECT count(*) FROM bid)')" = "800 2400 36800" ]
}

# query N [LEAST]: at least so many rows (1), the same as SQLite's.
query() {
	local least=${2-1}
	cp "$BATS_FILE_TMPDIR"/{events.frames,nexmark.db} .
	events=events.frames bash -eu -o pipefail -c ". $BATS_TEST_DIRNAME/nexmark/q$1.sh" >got
	(echo .headers on && echo .mode tabs && cat "$BATS_TEST_DIRNAME/nexmark/q$1.sql") | sqlite3 nexmark.db >want
	[ "$(head -n 1 got)" = "$(head -n 1 want)" ]
	[ "$(wc -l <want)" -gt "$least" ]
	LC_ALL=C sort got >got.sorted
	LC_ALL=C sort want >want.sorted
	same got.sorted want.sorted
}

@test "query 0: bids as they are" {
	query 0
}

@test "query 1: prices in another currency" {
	query 1
}

@test "query 2: bids for some auctions" {
	query 2
}

@test "query 3: who sells in category 10, of three states" {
	query 3
}

@test "query 4: the average winning price of each category" {
	query 4
}

@test "query 5: the auctions with the most bids of each window" {
	query 5
}

@test "query 6: the average price of each seller, over the last ten auctions that had a winner" {
	query 6
}

@test "query 7: the highest bids of each window" {
	query 7
}

@test "query 8: who opened an auction in the window in which he registered" {
	query 8
}

@test "query 9: the winning bid of each auction" {
	query 9
}

@test "query 11: bids of each bidder, session by session" {
	query 11
}

@test "query 12: bids of each bidder in windows of arrival" {
	query 12
}

@test "query 15: bids, bidders and auctions of each day, by the rank of the price" {
	query 15
}

@test "query 16: the same for each channel, with the last minute of the day" {
	query 16
}

@test "query 17: prices of each auction and day" {
	query 17
}

@test "query 18: the last bid of each bidder for each auction" {
	query 18
}

@test "query 19: the ten highest bids of each auction" {
	query 19
}

@test "query 20: bids with their auctions, of category 10" {
	query 20
}

@test "query 21: the number of each channel, from its name or its URL" {
	query 21
}

@test "query 22: the directories of a URL" {
	query 22
}

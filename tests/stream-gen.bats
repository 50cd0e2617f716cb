load helper

@test "the same for the same seed, whatever the batch; another for another seed" {
	for kind in weblog sensor orders nexmark; do
		stream-gen $kind -n 2000 >want
		[ "$(wc -l <want)" -eq 2000 ]
		STREAM_TEST_ROWS=1 stream-gen $kind -n 2000 >got
		same got want
		stream-gen $kind -n 2000 --seed 1 >got
		same got want
		stream-gen $kind -n 2000 --seed 2 >other
		[ "$(cmp want other | wc -l)" -eq 1 ]
		# The beginning of a longer run is the shorter run.
		stream-gen $kind -n 3000 | head -n 2000 | cmp - want
	done
}

@test "-n 0 makes nothing, and is an end" {
	pipe 'stream-gen sensor -n 0 | stream-agg count >out'
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" = '{"count":0}' ]
}

@test "weblog has the fields it says, 100 records a second, about 1 % late, within 5 s" {
	pipe "stream-gen weblog -n 5000 | stream-cat -o json >out"
	[ "$(head -n 1 out | jq -c keys_unsorted)" = '["ts","ip","method","path","status","bytes","rt","ua"]' ]
	pipe "stream-gen weblog -n 5000 | stream-window 1h --delay 0s --late late.json | stream-agg count >out"
	[ "$PIPE" = "0 0 0" ]
	pipe "stream-gen weblog -n 5000 | stream-agg 'min(ts)' 'max(ts)' >out"
	jq -e '.max_ts < "2026-01-01T00:00:51"' out
}

@test "--combined makes lines that stream-parse combined reads back" {
	stream-gen weblog -n 200 --combined -o lines >access.log
	pipe "stream-parse combined access.log | stream-map --keep client,method,path,status,bytes,rt,agent | stream-cat -o csv >got"
	[ "$PIPE" = "0 0 0" ]
	pipe "stream-gen weblog -n 200 | stream-map --rename ip=client,ua=agent --drop ts | stream-cat -o json >want.json"
	stream-cat -i csv got -o json | jq -cS . >got.sorted
	jq -cS . want.json >want.sorted
	same got.sorted want.sorted
}

@test "--rate is kept, and promptly" {
	pipe 'timeout 300 stream-gen sensor --rate 50 -n 20 | wc -l >out'
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" -eq 20 ]
	pipe 'timeout 300 stream-gen sensor --rate 1 | head -n 1 >out'
	[ "$PIPE" = "141 0" ]
}

@test "mistakes" {
	says 2 'no kind `weblgo`; did you mean `weblog`' stream-gen weblgo
	says 2 'KIND .* is missing' stream-gen
	says 2 'no whole number' stream-gen sensor -n many
	says 2 'one operand too many' stream-gen sensor more
}

@test "nexmark: of 50 events one person, three auctions, 46 bids, which know only what is there" {
	stream-gen nexmark -n 20000 >out
	[ "$(jq -r .event out | sort | uniq -c | xargs)" = "1200 auction 18400 bid 400 person" ]
	[ "$(jq -r 'select(.event == "auction").id' out | head -n 1200 | sort -n | uniq | wc -l)" -eq 1200 ]
	# Nobody sells, and nothing is bid for, before it is there.
	python3 -c 'import json
persons, auctions = set(), set()
for line in open("out"):
    r = json.loads(line)
    if r["event"] == "person": persons.add(r["id"])
    elif r["event"] == "auction": assert r["seller"] in persons; auctions.add(r["id"])
    else: assert r["auction"] in auctions and r["bidder"] in persons'
	pipe "stream-gen nexmark -n 20000 | stream-filter 'event == \"bid\"' | stream-agg 'min(price)' 'max(price)' >range"
	[ "$PIPE" = "0 0 0" ]
	jq -e '.min_price >= 100 and .min_price < 200 and .max_price > 90000000 and .max_price <= 100000000' range
	pipe "stream-gen nexmark -n 20000 | stream-window 1s --delay 3s | stream-agg count >windows"
	[ "$PIPE" = "0 0 0" ]
}

load ../helper

# What happens at the edges: each has a result that somebody would call sensible, and that stays.

# at TIME [FIELDS]: a record of that second of 2026-03-01T10:00.
at() { printf '{"t":"2026-03-01T10:%02d:%02dZ"%s}\n' $(($1 / 60)) $(($1 % 60)) "${2:+,$2}"; }

@test "a late record: left out, counted and shown in the status; with --lateness the window comes again, corrected" {
	(at 10 '"x":1'; at 70 '"x":2'; at 20 '"x":4'; at 130 '"x":8') >in.json
	# One record in each batch: the watermark stands between them.
	STREAM_TEST_ROWS=1 run -3 --separate-stderr bash -o pipefail -c \
		"stream-window 1m --delay 0s -t t in.json | stream-agg count 'sum(x)' -o csv"
	[ "$output" = "window_start,window_end,count,sum_x
2026-03-01T10:00:00Z,2026-03-01T10:01:00Z,1,1
2026-03-01T10:01:00Z,2026-03-01T10:02:00Z,1,2
2026-03-01T10:02:00Z,2026-03-01T10:03:00Z,1,8" ]
	# The window may have come out before; what comes last is the whole.
	(cat in.json; sleep 0.2; at 30 '"x":16') | stream-window 1m --delay 0s --lateness 5m -t t | stream-agg 'sum(x)' -o csv >out
	[ "$(grep T10:00:00Z out | tail -n 1)" = 2026-03-01T10:00:00Z,2026-03-01T10:01:00Z,21 ]
	[ "$(grep -c T10:00:00Z out)" -ge 2 ]
	[ "$(grep -c T10:02:00Z,2026-03-01T10:03:00Z,8 out)" -eq 1 ]
}

@test "a clock that jumps back an hour: an unbounded delay takes it all, a bounded one counts what came late" {
	for i in {0..29}; do echo "{\"t\":\"2026-03-01T11:00:${i}Z\"}"; done | sed 's/:\(.\)Z/:0\1Z/' >in.json
	for i in {30..59}; do echo "{\"t\":\"2026-03-01T10:00:${i}Z\"}"; done >>in.json
	run -0 bash -o pipefail -c "stream-window 1m -t t in.json | stream-agg count -o csv | cut -d, -f1,3"
	[ "$output" = "window_start,count
2026-03-01T10:00:00Z,30
2026-03-01T11:00:00Z,30" ]
	run -3 --separate-stderr bash -o pipefail -c "stream-window 1m --delay 5s -t t in.json | stream-agg count -o csv | cut -d, -f1,3"
	[ "$output" = "window_start,count
2026-03-01T11:00:00Z,30" ]
	[[ $stderr = *"30 records came late"* ]]
}

@test "a year of gap: two windows, at once, and no walk through the empty ones" {
	printf '{"t":"2025-03-01T10:00:00Z"}\n{"t":"2026-03-01T10:00:00Z"}\n' >in.json
	for spec in 1s 'hop 1m 1s' 'cumulate 1m 1s' 'session 1s' 10ms; do
		timeout 300 stream-window $spec --delay 0s -t t in.json | timeout 300 stream-agg count -o csv >out
		grep -q '^2025' out
		grep -q '^2026' out
	done
	stream-window 1s --delay 0s -t t in.json | stream-agg count >out
	[ "$(wc -l <out)" -eq 2 ]
}

@test "an idle shard holds windows back, until it is drained or --idle has passed" {
	stream-ctl create two --shards 2 >/dev/null
	for i in 1 2 3 4 5 6 7 8; do at "$((i * 60))" "\"k\":\"a\""; done | stream-put -k k two
	# What is there and ends: the shard without records is drained.
	stream-get two | stream-window 1m -t t --delay 0s | stream-agg count >out
	[ "$(wc -l <out)" -eq 8 ]
	# Live: the other shard may still bring anything, for as long as --idle says.
	started get stream-get -f two | stream-window 1m -t t --delay 0s --idle 300ms | stream-agg count >live 3>&- &
	wait_for filled live
	kill "$(cat get.pid)"
	wait
	head -n 1 live | grep -q '"window_start":"2026-03-01T10:01:00Z"'
}

@test "a million keys" {
	seq 1000000 | stream-map 'k = line' --keep k -o frames | stream-agg -b k count -o frames | stream-agg count 'sum(count)' -o csv >out
	[ "$(tail -n 1 out)" = 1000000,1000000 ]
}

@test "a key of 1 MB is a key, also on disk and in partial results" {
	local big
	big=$(head -c 1000000 /dev/zero | tr '\0' k)
	for i in 1 2 3; do printf '{"k":"%s%d","x":%d}\n{"k":"%s1","x":10}\n' "$big" "$i" "$i" "$big"; done >in.json
	stream-agg -b k count 'sum(x)' 'max(k)' in.json >want
	[ "$(wc -l <want)" -eq 3 ]
	[ "$(jq -c '[(.k | length), .count, .sum_x]' want | paste -sd ' ')" = '[1000001,4,31] [1000001,1,2] [1000001,1,3]' ]
	STREAM_TEST_ROWS=1 stream-agg -b k count 'sum(x)' 'max(k)' --limit 1M in.json >got
	same got want
	stream-agg --partial -b k count 'sum(x)' 'max(k)' in.json -o json | stream-agg --merge -b k count 'sum(x)' 'max(k)' >got
	same got want
}

@test "a null key is a group, an absent one is another, and both come first" {
	printf '%s\n' '{"k":"a"}' '{"k":null}' '{"x":1}' '{"k":null}' '{"k":""}' >in.json
	stream-agg -b k count in.json >out
	printf '%s\n' '{"count":1}' '{"k":null,"count":2}' '{"k":"","count":1}' '{"k":"a","count":1}' >want
	same out want
	stream-agg --partial -b k count in.json -o json | stream-agg --merge -b k count >out
	same out want
}

@test "NaN and infinity can't come in: not as numbers, not from an expression; as text they are text" {
	printf '%s\n' '{"x":NaN}' '{"x":1}' '{"x":Infinity}' '{"x":2}' >in.json
	run -3 --separate-stderr stream-agg count 'sum(x)' in.json
	[ "$output" = '{"count":2,"sum_x":3}' ]
	printf 'x\nNaN\n1\ninf\n' >in.csv
	run -3 --separate-stderr stream-agg count 'sum(x)' in.csv -o json
	[ "$output" = '{"count":1,"sum_x":1}' ]
	[[ $stderr = *"sum(x) wants numbers, and this is a string: NaN"* ]]
	printf '%s\n' '{"x":0}' '{"x":4}' '{"x":1e400}' >in.json
	run -3 --separate-stderr stream-agg count 'sum(8 / x)' in.json
	[ "$output" = '{"count":1,"sum_8_x":2}' ]
	# What overflows a double only when it is added up is exact before it is rounded.
	printf '%s\n' '{"x":1.5e308}' '{"x":1.5e308}' '{"x":-1.5e308}' >in.json
	run -0 stream-agg 'sum(x)' 'avg(x)' in.json
	[ "$output" = '{"sum_x":1.5e+308,"avg_x":5e+307}' ]
}

@test "a field that only some records have: the others count, and are not in its sum" {
	printf '%s\n' '{"k":1,"x":2}' '{"k":1}' '{"k":2}' '{"k":1,"x":null}' >in.json
	stream-agg -b k count 'count(x)' 'sum(x * 2)' 'avg(x)' 'max(x)' 'collect(x ?? 0)' in.json >out
	printf '%s\n' '{"k":1,"count":3,"count_x":1,"sum_x_2":4,"avg_x":2,"max_x":2,"collect_x_0":[2,0,0]}' \
		'{"k":2,"count":1,"count_x":0,"sum_x_2":0,"avg_x":null,"max_x":null,"collect_x_0":[0]}' >want
	same out want
}

# peak COMMAND...: runs it, and prints how many KiB it had at most.
peak() { /usr/bin/time -f %M -o peak "$@" >/dev/null && tail -n 1 peak; }

@test "hop windows cost panes, not copies: sixty windows a record need no more memory than one" {
	[ -x /usr/bin/time ] || skip "time is not there"
	case ${STREAM_BUILD-} in *san*) skip "sanitizers have memory of their own" ;; esac
	stream-gen weblog -n 200000 -o frames >in.frames
	stream-window 1m -t ts in.frames -o frames >tumble.frames
	stream-window hop 1h 1m -t ts in.frames -o frames >hop.frames
	local tumble hop
	tumble=$(peak stream-agg -b path count 'sum(bytes)' tumble.frames)
	hop=$(peak stream-agg -b path count 'sum(bytes)' hop.frames)
	echo "tumble $tumble, hop $hop"
	((hop < tumble + tumble / 2))
}

@test "what closed windows needed is gone: memory does not grow with their number" {
	[ -x /usr/bin/time ] || skip "time is not there"
	case ${STREAM_BUILD-} in *san*) skip "sanitizers have memory of their own" ;; esac
	local short long spec
	for spec in 10s 'hop 20s 10s' 'session 2s -b ip'; do
		stream-gen weblog -n 50000 | stream-window $spec --delay 10s -t ts -o frames >short.frames
		stream-gen weblog -n 500000 | stream-window $spec --delay 10s -t ts -o frames >long.frames
		short=$(peak stream-agg -b ip,path count 'p99(rt)' short.frames)
		long=$(peak stream-agg -b ip,path count 'p99(rt)' long.frames)
		echo "$spec: $short, $long"
		((long < short + short / 4))
	done
}

@test "sessions by a key that is in no group and no argument" {
	# More than a frame of records: the first is read whole, the others only in what is asked for.
	stream-gen weblog -n 50000 | stream-window session 10s -b ip -t ts -o frames >in.frames
	stream-agg -b ip 'sum(bytes)' in.frames | stream-map --drop ip -o json >want
	[ "$(wc -l <want)" -gt 1000 ]
	stream-agg 'sum(bytes)' in.frames | stream-cat -o json >got
	same got want
	stream-agg --partial 'sum(bytes)' in.frames | stream-agg --merge 'sum(bytes)' -o json >got
	same got want
}

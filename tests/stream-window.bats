load helper

# EVERY 10 s a record from 10:00:00 on, and what the windows of 1m must count.
ticks() {
	local i
	for ((i = 0; i < ${1:-30}; i++)); do
		printf '{"t":"2026-03-01T10:%02d:%02dZ","k":"%s","n":%d}\n' $((i / 6)) $((i % 6 * 10)) "$((i % 2))" $i
	done
}

@test "tumbling windows, with their bounds first" {
	ticks 14 >in.json
	pipe 'stream-window 1m -t t in.json | stream-agg count "sum(n)" >out'
	[ "$PIPE" = "0 0" ]
	cat >want <<'EOF'
{"window_start":"2026-03-01T10:00:00Z","window_end":"2026-03-01T10:01:00Z","count":6,"sum_n":15}
{"window_start":"2026-03-01T10:01:00Z","window_end":"2026-03-01T10:02:00Z","count":6,"sum_n":51}
{"window_start":"2026-03-01T10:02:00Z","window_end":"2026-03-01T10:03:00Z","count":2,"sum_n":25}
EOF
	same out want
	pipe 'stream-window tumble 1m -t t in.json | stream-agg count "sum(n)" >out'
	same out want
	pipe 'stream-window "tumble 1m" -t t <in.json | stream-agg count "sum(n)" >out'
	same out want
}

@test "hop, session, cumulate and count windows" {
	ticks 12 >in.json
	pipe 'stream-window hop 1m 30s -t t in.json | stream-agg count -o csv | cut -d, -f1,3 >out'
	[ "$(cat out)" = $'window_start,count\n2026-03-01T09:59:30Z,3\n2026-03-01T10:00:00Z,6\n2026-03-01T10:00:30Z,6\n2026-03-01T10:01:00Z,6\n2026-03-01T10:01:30Z,3' ]
	pipe 'stream-window cumulate 1m 20s -t t in.json | stream-agg count -o csv | cut -d, -f2,3 | head -n 4 >out'
	[ "$(cat out)" = $'window_end,count\n2026-03-01T10:00:20Z,2\n2026-03-01T10:00:40Z,4\n2026-03-01T10:01:00Z,6' ]
	{ ticks 3; echo '{"t":"2026-03-01T11:00:00Z","k":"0","n":9}'; } >gap.json
	pipe 'stream-window session 1m -t t gap.json | stream-agg count | jq -c "[.window_start,.count]" >out'
	[ "$(cat out)" = $'["2026-03-01T10:00:00Z",3]\n["2026-03-01T11:00:00Z",1]' ]
	pipe 'stream-window session 1m -b k -t t gap.json | stream-agg -b k count | jq -c "[.k,.count]" | sort >out'
	[ "$(cat out)" = $'["0",1]\n["0",2]\n["1",1]' ]
	pipe 'stream-window count 5 -t t in.json | stream-agg count | jq .count >out'
	[ "$(cat out)" = $'5\n5' ]  # the third is not full
}

@test "--offset moves the windows" {
	ticks 6 >in.json
	pipe 'stream-window 1m --offset 30s -t t in.json | stream-agg count | jq -r .window_start >out'
	[ "$(cat out)" = $'2026-03-01T09:59:30Z\n2026-03-01T10:00:30Z' ]
}

# days ZONE SPEC TIME...: the windows that have something in them, with their lengths in hours.
days() {
	local zone=$1 spec=$2
	shift 2
	printf '{"t":"%s"}\n' "$@" >in.json
	pipe "stream-window $spec --zone $zone -t t in.json | stream-agg count | jq -r '
		[.window_start, .window_end, ((.window_end | fromdate) - (.window_start | fromdate)) / 3600, .count] | join(\" \")' >out"
	[ "$PIPE" = "0 0 0" ]
}

@test "--zone: days begin at midnight, and have 23 or 25 hours where clocks change" {
	days Europe/Berlin 1d 2026-03-28T22:59:59Z 2026-03-28T23:00:00Z 2026-03-29T21:59:59Z 2026-03-29T22:00:00Z \
		2026-10-24T21:59:59Z 2026-10-24T22:00:00Z 2026-10-25T22:59:59Z 2026-10-25T23:00:00Z
	cat >want <<'EOF'
2026-03-27T23:00:00Z 2026-03-28T23:00:00Z 24 1
2026-03-28T23:00:00Z 2026-03-29T22:00:00Z 23 2
2026-03-29T22:00:00Z 2026-03-30T22:00:00Z 24 1
2026-10-23T22:00:00Z 2026-10-24T22:00:00Z 24 1
2026-10-24T22:00:00Z 2026-10-25T23:00:00Z 25 2
2026-10-25T23:00:00Z 2026-10-26T23:00:00Z 24 1
EOF
	same out want
	days America/New_York 1d 2026-03-08T04:59:59Z 2026-03-08T05:00:00Z 2026-03-09T03:59:59Z 2026-03-09T04:00:00Z \
		2026-11-01T04:00:00Z 2026-11-02T04:59:59Z
	cat >want <<'EOF'
2026-03-07T05:00:00Z 2026-03-08T05:00:00Z 24 1
2026-03-08T05:00:00Z 2026-03-09T04:00:00Z 23 2
2026-03-09T04:00:00Z 2026-03-10T04:00:00Z 24 1
2026-11-01T04:00:00Z 2026-11-02T05:00:00Z 25 2
EOF
	same out want
}

@test "--zone: weeks are of local days, hours stay hours, and four hours go by the clock" {
	days Europe/Berlin '7d --offset 4d' 2026-03-22T23:00:00Z 2026-03-29T21:59:59Z
	[ "$(cat out)" = "2026-03-22T23:00:00Z 2026-03-29T22:00:00Z 167 2" ]
	days Europe/Berlin 1h 2026-10-25T00:59:59Z 2026-10-25T01:00:00Z
	[ "$(cat out)" = $'2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 1 1\n2026-10-25T01:00:00Z 2026-10-25T02:00:00Z 1 1' ]
	days Europe/Berlin 4h 2026-03-29T01:59:59Z 2026-10-25T02:59:59Z
	[ "$(cat out)" = $'2026-03-28T23:00:00Z 2026-03-29T02:00:00Z 3 1\n2026-10-24T22:00:00Z 2026-10-25T03:00:00Z 5 1' ]
	days Asia/Kolkata 1h 2026-10-25T00:10:00Z
	[ "$(cut -d' ' -f1 out)" = 2026-10-24T23:30:00Z ]
	days +05:00 1d 2026-10-25T00:10:00Z
	[ "$(cut -d' ' -f1 out)" = 2026-10-24T19:00:00Z ]
	days Europe/Berlin 'hop 2d 1d' 2026-10-25T12:00:00Z
	[ "$(cut -d' ' -f3 out)" = $'49\n49' ]
}

@test "--zone: the same windows from any batches, in shards, and where the group is computed" {
	local i
	for ((i = 0; i < 240; i++)); do
		printf '{"t":%d,"k":"k%d","n":%d}\n' $((1774656000 + i * 1800 + i * 7919 % 1800)) $((i % 5)) $i
	done >in.json  # from 2026-03-28 on
	for spec in 1d 'hop 2d 1d' 'cumulate 1d 6h' 4h; do
		rm -f want
		everyway want "stream-window $spec --zone America/New_York -t t in.json | stream-agg 'sum(n)' count"
		[ "$(wc -l <want)" -gt 5 ]
	done
	pipe "stream-window 1d --zone Europe/Berlin -t t in.json | stream-agg -b k 'sum(n)' count | jq -c 'del(.window_end)' >want"
	pipe "stream-window 1d --zone Europe/Berlin -t t in.json | stream-shard -k k -n 3 -- stream-agg -b k 'sum(n)' count |
		jq -c 'del(.window_end)' | sort >sharded"
	same sharded <(sort want)
	# What trunc() makes of each record is the start of its window.
	pipe "stream-agg -b 'window_start = trunc(time(t), 1d, \"Europe/Berlin\"), k' 'sum(n)' count in.json | jq -c . | sort >grouped"
	same grouped <(sort want)
}

@test "--zone: an unknown one is named, with the nearest; without tzdata that is said" {
	ticks 3 >in.json
	says 2 'no time zone `Europe/Belrin`; did you mean Europe/Berlin\?' stream-window 1d --zone Europe/Belrin -t t in.json
	says 2 'did you mean Europe/Berlin\?' stream-window 1d --zone berlin -t t in.json
	says 2 'is no time zone' stream-window 1d --zone ../../etc/passwd -t t in.json
	TZDIR=/nowhere says 1 'install tzdata' stream-window 1d --zone Europe/Berlin -t t in.json
	TZDIR=/nowhere days UTC 1d 2026-10-25T12:00:00Z
}

@test "a file in any order is right: nothing is late" {
	ticks 60 | sort -R --random-source=<(yes) >in.json
	ticks 60 >sorted.json
	pipe 'stream-window 1m -t t in.json | stream-agg count "sum(n)" >out'
	[ "$PIPE" = "0 0" ]
	pipe 'stream-window 1m -t t sorted.json | stream-agg count "sum(n)" >want'
	same out want
	pipe 'stream-cat in.json | stream-window 1m -t t | stream-agg count "sum(n)" >out'
	[ "$PIPE" = "0 0 0" ]
	same out want
}

@test "taxis.csv, which is not sorted: no trip is late" {
	needs_data csv/taxis.csv
	cp "$data/csv/taxis.csv" .
	pipe 'stream-window 1h -t pickup taxis.csv 2>err | stream-agg --stats count 2>stats >out'
	[ "$PIPE" = "0 0" ]
	[ ! -s err ]
	[ "$(jq -s 'map(.count) | add' out)" -eq 6433 ]
	grep -q 'stream-window  *in 6433 = out 6433 + filtered 0 + rejected 0 + late 0' stats
	# The hours and their counts are those of the text itself.
	jq -r '"\(.window_start[:13]) \(.count)"' out | tr T ' ' >got
	sed 1d taxis.csv | cut -c1-13 | sort | uniq -c | awk '{ print $2, $3, $1 }' >want
	same got want
}

@test "with a bound on disorder: what is later is counted, named, and status 3; --late keeps it" {
	printf '{"t":"2026-03-01T10:%s:00Z"}\n' 00 05 01 06 >in.json
	pipe 'stream-window 1m --delay 10s -t t in.json 2>err | stream-agg count | jq .count >out'
	[ "$PIPE" = "3 3 0" ]
	[ "$(cat out)" = $'1\n1\n1' ]
	one_line err '1 record.* late.*--late DEST'
	pipe 'stream-window 1m --delay 10s --late late.json -t t in.json 2>err | stream-agg count >out'
	[ "$PIPE" = "0 0" ]
	[ ! -s err ]
	[ "$(jq -r .t late.json)" = 2026-03-01T10:01:00Z ]
	for rows in 1 2; do
		pipe "STREAM_TEST_ROWS=$rows stream-window 1m --delay 10s -t t in.json 2>err | stream-agg count | jq .count >got"
		same got <(jq .count out)
	done
}

@test "--lateness: closed windows take corrections" {
	printf '{"t":"2026-03-01T10:%s:00Z"}\n' 00 05 01 06 >in.json
	pipe 'stream-window 1m --delay 10s --lateness 1h -t t in.json | stream-agg count >out'
	[ "$PIPE" = "0 0" ]
	[ "$(jq -s 'map(.count) | add' out)" -ge 4 ]
}

@test "live: a window comes as soon as event time has passed it, not at the end" {
	mkfifo in go
	pipe 'timeout 300 bash -c "{ printf \"{\\\"t\\\":\\\"2026-03-01T10:%s:00Z\\\"}\\n\" 00 00 05; read -r _ <go; } |
		stream-window 1m -t t | stream-agg count | { head -n 1; echo >go; cat; }" >out'
	[ "$PIPE" = 0 ]
	[ "$(jq .count out)" = $'2\n1' ]
}

@test "common mistakes get one clear line" {
	ticks 3 >in.json
	says 2 'the records have no @time: say -t FIELD' stream-window 1m in.json
	says 2 'no window `hpo` \(did you mean `hop`\?\)' stream-window hpo 1m 10s in.json
	says 2 'no duration' stream-window 1x -t t in.json
	says 2 'SPEC .*is missing' stream-window
	pipe "stream-window 1m -t tt in.json >out 2>err"
	[ "$PIPE" = 2 ]
	grep -q 'no record so far has the field `tt`; did you mean `t`?' err
	pipe "stream-window 1m -t t in.json | stream-window 1m 2>err | stream-agg count >out"
	[ "$PIPE" = "0 2 4" ] || [ "$PIPE" = "141 2 4" ]
	grep -q 'one stream-window is enough' err
	[ ! -s out ]
	pipe "stream-shard -k k -n 2 -- 'stream-window 1m -t t' <in.json 2>err >out"
	[ "$PIPE" = 4 ]
	grep -q 'must stand before stream-shard' err
}

@test "a record without a time is rejected, with its place" {
	printf '%s\n' '{"t":"2026-03-01T10:00:00Z"}' '{"t":"soon"}' '{"x":1}' >in.json
	pipe 'stream-window 1m -t t in.json 2>err | stream-agg count >out'
	[ "$PIPE" = "3 3" ]
	[ "$(jq .count out)" = 1 ]
	grep -q 'in.json:2: .*soon' err
	grep -q 'in.json:3: ' err
}

#!/usr/bin/env bats
# Windows as those print them who made the terms: the tables of Flink's documentation (windowing table-valued functions,
# window offsets, lateness), whatever the size of batches and reads.
# bats file_tags=plain
load ../helper

# The bids that all of Flink's tables of windows start from.
bids() {
	local line
	while read -r line; do
		# shellcheck disable=SC2086 # three words
		printf '{"bidtime":"2020-04-15T%s:00Z","price":%s,"item":"%s"}\n' $line
	done <<'EOF' >bids.json
08:05 4.00 C
08:07 2.00 A
08:09 5.00 D
08:11 3.00 B
08:13 1.00 E
08:17 6.00 F
EOF
}

# golden SPEC <TABLE: each line is `START END PRICE`, times of that day.
golden() {
	local want=want.${1//[^0-9a-z]/}
	cat >"$want"
	echo "status 0" >>"$want"
	everyway "$want" "stream-window $1 -t bidtime bids.json | stream-agg 'price = sum(price)' -o csv |
		sed -nE 's/^.{11}(.{5}):00Z,.{11}(.{5}):00Z,/\\1 \\2 /p'"
}

@test "TUMBLE of 10 minutes" {
	bids
	golden 'tumble 10m' <<'EOF'
08:00 08:10 11.00
08:10 08:20 10.00
EOF
}

@test "TUMBLE of 10 minutes with an offset of one" {
	bids
	golden 'tumble 10m --offset 1m' <<'EOF'
08:01 08:11 11.00
08:11 08:21 10.00
EOF
}

@test "HOP of 10 minutes every 5" {
	bids
	golden 'hop 10m 5m' <<'EOF'
08:00 08:10 11.00
08:05 08:15 15.00
08:10 08:20 10.00
08:15 08:25 6.00
EOF
}

@test "CUMULATE to 10 minutes by 2" {
	bids
	golden 'cumulate 10m 2m' <<'EOF'
08:00 08:06 4.00
08:00 08:08 6.00
08:00 08:10 11.00
08:10 08:12 3.00
08:10 08:14 4.00
08:10 08:16 4.00
08:10 08:18 10.00
08:10 08:20 10.00
EOF
}

@test "window offsets: 00:00:04 in windows of 10 minutes" {
	echo '{"bidtime":"2021-06-30T00:00:04Z","price":1}' >bids.json
	for minutes in -16 -6 4; do
		golden "tumble 10m --offset=${minutes}m" <<<'23:54 00:04 1'
	done
	for minutes in -4 6 16; do
		golden "tumble 10m --offset=${minutes}m" <<<'23:56 00:06 1'
	done
	for minutes in -10 0 10; do
		golden "tumble 10m --offset=${minutes}m" <<<'00:00 00:10 1'
	done
}

@test "starts of windows before and after 1970" {
	# Time, size, offset, start: seconds.
	while read -r t size offset start; do
		echo "{\"t\":$t}" >in.json
		pipe "stream-window ${size}s --offset=${offset}s -t t in.json | stream-agg 's = count()' |
			jq -r '.window_start | fromdate' >out"
		[ "$PIPE" = "0 0 0" ]
		[ "$(cat out)" = "$start" ] || { echo "$t $size $offset: $(cat out), not $start"; false; }
	done <<'EOF'
0 10 0 0
-1 10 0 -10
-10 10 0 -10
7 5 3 3
-7 5 3 -7
EOF
}

@test "SESSION: a record exactly the gap later joins, a later one does not, and one between joins two" {
	printf '{"bidtime":"2020-04-15T08:%s:00Z","price":1}\n' 00 05 11 30 >bids.json
	golden 'session 5m' <<'EOF'
08:00 08:10 2
08:11 08:16 1
08:30 08:35 1
EOF
	rm want.*
	printf '{"bidtime":"2020-04-15T08:%s:00Z","price":1}\n' 00 08 04 >bids.json
	golden 'session 5m' <<<'08:00 08:13 3'
}

@test "COUNT: what is not full is never closed" {
	bids
	everyway want "stream-window count 4 -t bidtime bids.json | stream-agg 'price = sum(price)' -o csv | cut -d, -f3"
	[ "$(cat want)" = $'price\n14.00\nstatus 0' ]
}

@test "a window holds its start and not its end" {
	printf '{"bidtime":"2020-04-15T08:%s","price":1}\n' 10:00Z 09:59.999999999Z >bids.json
	golden 'tumble 10m' <<'EOF'
08:00 08:10 1
08:10 08:20 1
EOF
}

# The window has come while its input is still open.
@test "COUNT: a window comes when it is full, though time does not move" {
	mkfifo in
	stream-window 'count 2' -t t --delay 0 <in 3>&- | stream-agg count 'last(n)' 3>&- |
		jq --unbuffered -r '[.count, .last_n] | join(" ")' >out 3>&- &
	local last=$!
	exec 5>in
	printf '{"t":"2020-04-15T08:00:00Z","n":%d}\n' 1 2 3 >&5
	wait_for seen 1
	printf '{"t":"2020-04-15T08:00:00Z","n":%d}\n' 4 5 >&5
	wait_for seen 2
	exec 5>&-
	wait $last
	[ "$(cat out)" = $'2 2\n2 4' ]
}

# seen N: N results have come out.
seen() { [ "$(wc -l <out)" -ge "$1" ]; }

# say MM:SS...: records of that time go in.
say() { printf '{"t":"2020-04-15T08:%s.000Z"}\n' "$@" >&5; }

@test "late firing: in time, late but allowed (the whole result again, at once), too late" {
	mkfifo in
	stream-window 10m -t t --delay 1m --lateness 2m --late late.json <in 3>&- 2>err |
		stream-agg count 3>&- | jq --unbuffered -r '[.window_start[11:16], .count] | join(" ")' >out 3>&- &
	local last=$!
	exec 5>in
	# The watermark is 08:09:59: nothing closes.
	say 05:00 09:00 10:59
	# 08:10:00: the first window closes, as its last instant has passed.
	say 11:00
	wait_for seen 1
	# Late, and allowed until the watermark has come to 08:12:00.
	say 07:00
	wait_for seen 2
	say 12:59 08:00
	wait_for seen 3
	say 13:00 08:30
	exec 5>&-
	wait $last
	cat >want <<'EOF'
08:00 2
08:00 3
08:00 4
08:10 4
EOF
	same out want
	[ "$(jq -r .t late.json)" = 2020-04-15T08:08:30.000Z ]
	[ ! -s err ]
}

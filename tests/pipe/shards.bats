# What stream-shard -n N gives is what the command alone gives: byte for byte where the order is defined, sorted where it is not.
load ../helper

# Four hundred records of nine paths, some seconds out of order, with ties.
visits() {
	awk -v n="${1:-400}" 'BEGIN {
		srand(3)
		for (i = 1; i <= n; i++) {
			t = i * 700 - int(rand() * rand() * 9000)
			if (t < 0) t = 0
			printf "{\"n\":%d,\"t\":\"2026-03-01T10:%02d:%02d.%03dZ\",\"path\":\"/p%d\",\"status\":%d,\"rt\":%d.%02d}\n", i,
				int(t / 60000), int(t / 1000) % 60, t % 1000, int(rand() * 9), rand() < .3 ? 503 : 200, rand() * 3, rand() * 100
		}
	}'
}

# alike ORDER SOURCE COMMAND: alone and behind stream-shard; ORDER `same`, or `sorted` where the order is not defined.
alike() {
	local order=$1 n
	export COPY=$3
	pipe "$2 | $3 | stream-cat -o json >want"
	[[ "$PIPE" =~ ^(0 |3 )+0$|^(3 )+3$ ]] || {
		echo "$PIPE: $2 | $3"
		return 1
	}
	[ -s want ] || return 1
	[ "$order" = same ] || sort -o want want
	for n in $(few 2 1 4); do
		pipe "$2 | stream-shard -k path -n $n -- \"\$COPY\" | stream-cat -o json >got"
		[ "$order" = same ] || sort -o got got
		same got want || {
			echo "-n $n, rows ${STREAM_TEST_ROWS-}: $2 | $3"
			return 1
		}
	done
}

# commands SOURCE <<LIST: each line an order and a command.
commands() {
	local order command
	while read -r order command; do
		alike "$order" "$1" "$command" || return 1
	done
}

by_group() {
	cat <<-'END'
		same stream-agg -b path count 'sum(rt)' 'p99(rt)' 'distinct(n)' 'first(n)' 'last(n)' 'collect(n)'
		same stream-agg -b status,path count 'avg(rt)'
		same stream-agg -b path count | stream-filter 'count > 3' | stream-map 'y = count * 2'
		sorted stream-agg -b path count | stream-map --drop path
		same stream-filter 'status == 503' | stream-agg -b path count
		same stream-sort -k path,n
		same stream-sort -k rt:desc,n | stream-filter 'status == 200'
		sorted stream-sort -k rt:desc | stream-map 'rt = -rt'
		same stream-top -n 2 -k rt -b path
		same stream-top -n 2 -k rt -b status,path --rank r
		same stream-top -n 2 -k status,n:asc -b path --ties
		same stream-agg -b path 'm = max(rt)' | stream-top -n 3 -k m -b path
		sorted stream-filter 'status >= 500'
		sorted stream-map 'x = rt * n' --drop n
		sorted stream-join --left -k path ../table.csv
	END
}

once() {
	cat <<-'END'
		sorted stream-uniq -k path,status
		same stream-uniq --last -k path
		same stream-uniq --last -k status,path
	END
}

both() {
	mkdir -p at && cd at
	printf 'path,owner\n/p1,ann\n/p2,bob\n/p2,eve\n/p5,cy\n' >../table.csv
	visits >in.json
	stream-cat -o frames in.json >in.frames
}

@test "without windows, from JSON and from frames" {
	both
	commands 'stream-cat in.json' < <(by_group; once)
	export STREAM_TEST_ROWS=1
	commands 'stream-cat in.frames' < <(by_group; once)
	export STREAM_TEST_ROWS=65536
	commands 'stream-cat in.frames' < <(by_group; once)
}

# bats test_tags=plain
@test "in windows that tumble, with nothing late and with a delay that is too short" {
	both
	commands 'stream-window 1m -t t in.json' < <(by_group; once)
	export STREAM_TEST_ROWS=1
	commands 'stream-window 30s --delay 1s --late /dev/null -t t in.frames' < <(by_group; once)
}

# bats test_tags=plain
@test "in windows that overlap, by steps, and of sessions" {
	both
	commands 'stream-window hop 2m 1m -t t in.frames' < <(by_group)
	export STREAM_TEST_ROWS=7
	commands 'stream-window cumulate 2m 1m -t t in.json' < <(by_group)
	commands 'stream-window session 5s -b path -t t --delay 1s --late /dev/null in.json' <<-'END'
		same stream-agg -b path count 'sum(rt)'
		same stream-agg -b path,status count | stream-filter 'count > 1'
	END
	commands 'stream-window count 3 -b path -t t in.json' <<<"sorted stream-agg -b path count 'sum(n)'"
}

# bats test_tags=plain
@test "live: fed line by line, of a source that has no end" {
	both
	cat >slowly <<-'END'
		#!/bin/bash
		while read -r line; do
			echo "$line"
			((++i % 40)) || sleep 0.02
		done <in.json
	END
	chmod +x slowly
	commands './slowly | stream-window 30s -t t --late /dev/null' < <(by_group | grep -E -- 'p99|top|uniq|sort -k path'; once)
	commands './slowly' <<<"same stream-agg -b path count 'sum(n)'"
}

@test "which records are late is judged before the split: --delay is the same in any number of copies" {
	both
	stream-window 10s --delay 1s --late want.late -t t in.json 2>/dev/null | stream-agg -b path count >want
	[ "$(wc -l <want.late)" -gt 5 ]
	for n in 1 2 4; do
		rm -f got.late
		stream-window 10s --delay 1s --late got.late -t t in.json | stream-shard -k path -n $n -- stream-agg -b path count >got
		same got want
		same got.late want.late
	done
	# Behind a window stream-uniq takes that judgement, and has none of its own.
	commands 'stream-window 10s --delay 1s --late /dev/null -t t in.json' <<<'sorted stream-uniq -k path --within 3s'
}

@test "a key of a megabyte, keys 1 and 1.0, nested copies" {
	{
		printf '{"path":"%s","n":1}\n' "$(head -c 1000000 /dev/zero | tr '\0' x)"
		printf '{"path":%s,"n":2}\n' 1 1.0 null 1e0
		printf '{"path":"%s","n":3}\n' "$(head -c 1000000 /dev/zero | tr '\0' x)"
	} >in.json
	alike same 'stream-cat in.json' 'stream-agg -b path "sum(n)"'
	visits >in.json
	alike same 'stream-window 1m -t t in.json' 'stream-shard -k status -n 2 -- stream-agg -b path,status count'
	alike same 'stream-window 1m -t t in.json' 'stream-shard -k status -n 2 -- stream-top -n 3 -k n -b status,path'
}

# bats test_tags=plain
@test "two hundred thousand keys: results come out in order, and the copies do not wait for each other" {
	awk 'BEGIN { for (i = 0; i < 400000; i++) printf "{\"path\":%d,\"n\":%d}\n", (i * 7919) % 200000, i }' >in.json
	pipe "stream-agg -b path 'sum(n)' in.json >want"
	for n in 1 3; do
		pipe "timeout 300 stream-shard -k path -n $n -- stream-agg -b path 'sum(n)' <in.json >got"
		[ "$PIPE" = 0 ]
		same got want
	done
	pipe "stream-sort -k path:desc,n in.json >want"
	pipe "timeout 300 stream-shard -k path -n 3 -- stream-sort -k path:desc,n <in.json >got"
	[ "$PIPE" = 0 ]
	same got want
}

@test "groups without the key of the split are refused, but not partial results, which merge" {
	both
	local command
	for command in 'stream-agg -b status count' 'stream-agg count' 'stream-map "x = 1" | stream-agg -b status count'; do
		pipe "stream-shard -k path -n 2 -- '$command' <in.json 2>err >out"
		[ "$PIPE" = 4 ]
		[ ! -s out ]
		grep -q '^stream-agg: stream-shard -k path has divided the records, .*: add path to -b, or say --partial' err
	done
	# Also when nothing comes, and in one copy: it does not depend on the day.
	pipe "stream-shard -k path -n 1 -- stream-agg count </dev/null 2>err >out"
	[ "$PIPE" = 4 ]
	[ ! -s out ]
	pipe "stream-window session 5s -b status -t t in.json | stream-shard -k path -n 2 -- stream-agg -b path count 2>err >out"
	[ "$PIPE" = '141 4' ] || [ "$PIPE" = '0 4' ]
	grep -q 'sessions, or counts: they need `stream-window -b path`' err
	for window in 'stream-cat in.json' 'stream-window 1m -t t in.json'; do
		pipe "$window | stream-agg -b status count 'avg(rt)' 'p99(rt)' 'distinct(path)' >want"
		pipe "$window | stream-shard -k path -n 3 -- stream-agg --partial -b status count 'avg(rt)' 'p99(rt)' 'distinct(path)' |
			stream-agg --merge -b status count 'avg(rt)' 'p99(rt)' 'distinct(path)' >got"
		[ "$PIPE" = '0 0 0' ]
		same got want
	done
}

@test "shares in files: partial results of them merge, made apart or by one command" {
	both
	stream-agg -b status count 'avg(rt)' in.json >want
	stream-shard -k path -o frames a b c <in.json
	for part in a b c; do
		stream-agg --partial -b status count 'avg(rt)' -o frames $part >$part.part
	done
	stream-agg --merge -b status count 'avg(rt)' ?.part >got
	same got want
	stream-agg --partial -b status count 'avg(rt)' a b c | stream-agg --merge -b status count 'avg(rt)' >got
	same got want
	# But what merges must not be divided itself.
	pipe "stream-agg --partial -b status,path count -o frames in.json |
		stream-shard -k path -n 2 -- stream-agg --merge -b status count 2>err >out"
	[ "${PIPE##* }" = 4 ]
	[ ! -s out ]
	grep -q '^stream-agg: stream-shard -k path has divided the records' err
}

@test "groups that tell the key are taken: by more fields, by the same expression, by fields that it is computed from" {
	both
	local how
	for how in "path|path, status" "lower(path)|p = lower(path)" "lower(path)|path" "path + string(status)|path, status"; do
		pipe "stream-agg -b '${how#*|}' count in.json >want"
		pipe "stream-shard -k '${how%|*}' -n 3 -- stream-agg -b '${how#*|}' count <in.json >got"
		[ "$PIPE" = 0 ]
		same got want
	done
	# Behind the copies, and behind a merge of named pipes, all is together again.
	stream-agg -b status count in.json >want
	stream-shard -k path -n 3 -- stream-filter true <in.json | stream-agg -b status count >got
	same got want
	mkfifo a b
	stream-shard -k path a b <in.json &
	stream-merge -t t a b | stream-agg -b status count >got
	wait
	same got want
}

@test "stream-merge of the shares of one stream-shard: those that are too far apart are an error, not a wait for ever" {
	mkfifo a b
	awk 'BEGIN { for (i = 0; i < 300000; i++) printf "{\"@time\":\"2026-03-01T10:00:00Z\",\"path\":1,\"n\":%d}\n", i }' >in.json
	stream-shard -k path a b <in.json 2>/dev/null &
	pipe 'timeout 300 stream-merge --limit 1M a b 2>err >out'
	wait
	[ "$PIPE" = 1 ]
	one_line err 'the shares of one stream-shard are so far apart in time that .* wait for [ab]; raise --limit'
	stream-shard -k path a b <in.json &
	pipe 'timeout 300 stream-merge a b >out'
	wait
	[ "$PIPE" = 0 ]
	[ "$(wc -l <out)" -eq 300000 ]
}

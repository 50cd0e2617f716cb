# Processes that die, disks that are full, readers that leave.
load ../helper

@test "kill -9 of the first process, after it has written: status 4 in every later stage, and no final aggregate" {
	: >early
	{ wait_for filled early; kill -9 "$(cat gen.pid)"; } 2>/dev/null &
	pipe 'started gen stream-gen sensor --rate 200 2>/dev/null | stream-filter --bad /dev/null true | stream-map "x = 1" |
		stream-shard -k sensor -n 2 -- "tee -a early | stream-cat" | stream-agg count >out 2>err'
	wait
	[ "${PIPE#137 }" = "4 4 4 4" ]
	[ ! -s out ]
	grep -q 'ended without END: the process upstream died' err
}

@test "kill -9 of an idle first process: the same" {
	{ wait_for filled seen; sleep 0.2; kill -9 "$(cat gen.pid)"; } &
	pipe 'started gen stream-gen sensor --rate 1 | stream-filter true 2>/dev/null | stream-agg --every 50ms count 2>err | tee seen >out'
	wait
	[ "$PIPE" = "137 4 4 0" ]
	grep -q 'the process upstream died' err
	# Updates of the running count, but nothing after the death: the last is that of one record or two.
	[ "$(tail -n 1 out | jq .count)" -le 2 ]
}

@test "kill -9 before anything was written: a pipe that was announced is no empty stream" {
	{ wait_for filled put.pid; sleep 0.5; kill -9 "$(cat get.pid)"; } &
	stream-put s </dev/null
	pipe 'started get stream-get -f s | started put stream-filter true 2>/dev/null | stream-agg count 2>/dev/null >out'
	wait
	[ "$PIPE" = "137 4 4" ]
	[ ! -s out ]
}

@test "kill -9 under windows: only windows that event time has closed" {
	{ wait_for filled out; kill -9 "$(cat gen.pid)"; } &
	pipe 'started gen stream-gen sensor --rate 2000 | stream-window 1s 2>/dev/null | stream-agg count 2>/dev/null >out'
	wait
	[ "$PIPE" = "137 4 4" ]
	# 10 records a second: the window that was being filled, and those that 5 s of delay hold open, are not among them.
	[ "$(jq .count out | sort -u)" = 10 ]
}

@test "kill -9 of a stage in the middle: its readers end with 4, its writers by the closed pipe" {
	{ wait_for filled seen; kill -9 "$(cat map.pid)"; } &
	pipe 'stream-gen sensor --rate 500 | started map stream-map "x = 1" | stream-agg --every 50ms count 2>/dev/null | tee seen >/dev/null'
	wait
	[ "$PIPE" = "141 137 4 0" ]
}

@test "kill -9 of the source in front of shards: no copy takes it for the end" {
	{ wait_for filled gen.pid; sleep 0.5; kill -9 "$(cat gen.pid)"; } &
	pipe 'started gen stream-gen sensor --rate 1 | stream-shard -k sensor -n 4 -- stream-agg -b sensor count 2>/dev/null >out'
	wait
	[ "$PIPE" = "137 4" ]
	[ ! -s out ]
}

@test "kill -9 of the source in front of a sink: nothing is delivered that was not committed" {
	{ wait_for filled gen.pid; sleep 0.3; kill -9 "$(cat gen.pid)"; } &
	pipe 'started gen stream-gen sensor --rate 100 | stream-sink dir:lake 2>err'
	wait
	[ "$PIPE" = "137 4" ]
	[ -z "$(find lake -type f -name '2*' 2>/dev/null)" ]
	grep -q 'not delivered' err
}

@test "SIGINT on a plain source ends with END: the stages after it finish with their results" {
	{ wait_for filled seen; kill -INT "$(cat gen.pid)"; } &
	pipe 'started gen stream-gen sensor --rate 200 --stats 2>stats | stream-filter true | stream-agg --every 50ms count | tee seen >out'
	wait
	[ "$PIPE" = "0 0 0 0" ]
	made=$(sed -n 's/^stream-gen .* out \([0-9]*\) .*/\1/p' stats)
	[ "$(tail -n 1 out)" = "{\"count\":$made}" ]
}

@test "SIGINT to the whole foreground, as the keyboard sends it: results, and all end with 0" {
	{ wait_for filled out; kill -INT -- "-$(ps -o pgid= -p "$(cat gen.pid)" | tr -d ' ')"; } 3>&- &
	timeout 300 bash -c 'set -m; started gen stream-gen sensor --rate 200 | stream-window 1s | stream-agg count >out; echo "${PIPESTATUS[@]}" >statuses' 3>&-
	wait
	[ "$(cat statuses)" = "0 0 0" ]
	# The last window is there though event time had not passed it: the end closes it.
	[ "$(tail -n 1 out | jq .count)" -le 10 ]
}

@test "SIGTERM is taken like SIGINT; a first stage that reads text ends its stream too" {
	mkfifo in
	exec 9<>in
	seq 100 >&9
	{ wait_for filled seen; kill -TERM "$(cat map.pid)"; } &
	pipe 'started map stream-map "n = int(line)" in 9>&- | stream-agg --every 50ms "sum(n)" 9>&- | tee seen 9>&- >out'
	wait
	[ "$PIPE" = "0 0 0" ]
	[ "$(tail -n 1 out)" = '{"sum_n":5050}' ]
}

@test "a full disk is loud in every format and every command" {
	requests 30 >in.json
	cp in.json access.log
	for command in 'stream-cat in.json' 'stream-filter true in.json' 'stream-map "x = 1" in.json' 'stream-agg -b n count in.json' \
		'stream-parse json in.json' 'stream-gen sensor -n 5' 'stream-shard -k n -n 2 -- stream-cat <in.json' 'stream-parse --list'; do
		for format in json csv table frames; do
			case $command in
			*'--list'*) pipe "$command >/dev/full 2>err" ;;
			*shard*) pipe "stream-shard -o $format -k n -n 2 -- stream-cat <in.json >/dev/full 2>err" ;;
			*) pipe "$command -o $format >/dev/full 2>err" ;;
			esac
			[ "$PIPE" = 1 ] || { echo "$command -o $format: $PIPE"; return 1; }
			grep -q 'No space left on device' err
		done
	done
}

@test "a reader that goes away ends the writers at once: endless, and idle" {
	pipe 'timeout 300 stream-gen sensor | stream-filter true | stream-map "x = 1" | head -n 1 >out'
	[ "$PIPE" = "141 141 141 0" ]
	pipe 'timeout 300 stream-gen sensor --rate 1 | stream-filter true | head -n 1 >out'
	[ "$PIPE" = "141 141 0" ]
	[ "$(wc -l <out)" -eq 1 ]
	# It ends though it will never write again.
	mkfifo in
	exec 9<>in
	echo '{"a":1}' >&9
	pipe 'timeout 300 stream-filter true in 9>&- | head -n 1 >out'
	[ "$PIPE" = "141 0" ]
	[ "$(cat out)" = '{"a":1}' ]
	pipe 'timeout 300 stream-cat in 9>&- | true'
	[ "$PIPE" = "141 0" ]
}

@test "nothing is said when the reader goes away" {
	pipe 'stream-gen sensor 2>err | stream-filter true 2>err2 | head -n 1 >out'
	[ ! -s err ] && [ ! -s err2 ]
}

@test "a command that fails before its first byte is no empty stream to the next" {
	requests 5 >in.json
	for command in 'stream-cat nofile' 'stream-cat --nonsense' 'stream-filter "a ="' 'stream-map "b == a" in.json' \
		'stream-window 1m in.json' 'stream-gen nothing' 'stream-get nostream'; do
		pipe "$command 2>err </dev/null | stream-agg count >out 2>/dev/null"
		[ "${PIPE#* }" = 4 ] || { echo "$command: $PIPE"; return 1; }
		[ ! -s out ]
		[ -s err ]
	done
}

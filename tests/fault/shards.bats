load ../helper

# Its children that run a command of this name.
children_called() {
	local child
	for child in $(cat "/proc/$1/task/$1/children"); do
		! grep -qsa "^$2" "/proc/$child/cmdline" || echo "$child"
	done
}

copies_run() { [ -s shard.pid ] && [ "$(children_called "$(cat shard.pid)" stream-agg | wc -l)" -eq 3 ]; }

gone() { # PID...: they are not there, or wait to be buried
	local one
	for one in "$@"; do
		! grep -qs '^State:.[^ZX]' "/proc/$one/status" || return 1
	done
}

@test "kill -9 of a copy at any moment: one line that names it, status 4, no result, nobody left behind" {
	local i source whole victims all
	for ((i = 0; i < $(often 50); i++)); do
		rm -f shard.pid pipe.status err
		source='stream-gen weblog -n 50000000 -o frames'
		((i % 2)) || source='stream-gen weblog --rate 5000 -o frames'
		pipe "$source 2>/dev/null | started shard stream-shard -k path -n 3 -- stream-agg -b path count 2>err | stream-cat -o json >out 2>cat.err" 3>&- &
		whole=$!
		wait_for copies_run
		sleep "0.0$((RANDOM % 10))"
		all=$(cat "/proc/$(cat shard.pid)/task/$(cat shard.pid)/children")
		mapfile -t victims < <(children_called "$(cat shard.pid)" stream-agg)
		kill -9 "${victims[$((RANDOM % 3))]}"
		wait "$whole"
		# shellcheck disable=SC2086
		wait_for gone $all
		[ "$(cut -d' ' -f 2- pipe.status)" = '4 4' ]
		one_line err '^stream-shard: copy [123] of 3 \(stream-agg\) was killed by signal 9'
		[ ! -s out ]
	done
}

@test "kill -9 of the splitter: it is named, no result, nobody left behind" {
	pipe "stream-gen weblog --rate 5000 -o frames | started shard stream-shard -k path -n 3 -- stream-agg -b path count 2>err >out" 3>&- &
	wait_for copies_run
	all=$(cat "/proc/$(cat shard.pid)/task/$(cat shard.pid)/children")
	kill -9 "$(children_called "$(cat shard.pid)" stream-shard)"
	wait $!
	# shellcheck disable=SC2086
	wait_for gone $all
	[ "$(cat pipe.status)" = '141 4' ]
	grep -q '^stream-shard: the splitter was killed by signal 9' err
	[ ! -s out ]
}

@test "kill -9 of stream-shard itself: its copies end" {
	pipe "stream-gen weblog --rate 5000 -o frames | started shard stream-shard -k path -n 3 -- stream-agg -b path count 2>err >out" 3>&- &
	wait_for copies_run
	all=$(cat "/proc/$(cat shard.pid)/task/$(cat shard.pid)/children")
	kill -9 "$(cat shard.pid)"
	# shellcheck disable=SC2086
	wait_for gone $all
	wait
	[ ! -s out ]
}

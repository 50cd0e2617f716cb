load ../helper

# What a killed stream-exec, and a command that is killed, leave behind.

@test "kill -9 at any moment: no command is left behind" {
	seq 1 4000 | sed 's/.*/{"n":&}/' >in.json
	# Some read and print, some only wait; each says who it is before it does anything.
	cat >victim <<-'END'
		#!/bin/bash
		echo $$ >>pids
		((RANDOM % 3)) && exec cat
		exec sleep 300
	END
	chmod +x victim
	for ((i = 0; i < $(often 100); i++)); do
		stream-exec -n $((1 + RANDOM % 100)) -P $((1 + RANDOM % 6)) -- ./victim <in.json >out 2>err 3>&- &
		pid=$!
		# From before the first command has begun until some have ended.
		((i % 4)) && wait_for filled pids
		sleep "0.0$((RANDOM % 5))"
		kill -9 $pid
		wait $pid || true
		[ ! -e pids ] || cat pids >>all
		rm -f pids
	done
	[ "$(wc -l <all)" -gt $((i / 2)) ]
	gone() {
		local one
		while read -r one; do
			! grep -qs -e victim -e sleep -e cat "/proc/$one/cmdline" || return 1
		done <all
	}
	wait_for gone
}

@test "commands that are killed at any moment: nothing lost, nothing twice in the output" {
	seq 1 600 | sed 's/.*/{"n":&}/' >in.json
	cat >victim <<-'END'
		#!/bin/bash
		echo $$ >>pids
		cat
		sleep 0.02
	END
	chmod +x victim
	(
		exec 3>&-
		while [ ! -e over ]; do
			pid=$(tail -n 1 pids 2>/dev/null) && [ -n "$pid" ] && grep -qs victim "/proc/$pid/cmdline" && kill -9 "$pid" && echo x >>killed
			sleep 0.05
		done
	) 2>/dev/null &
	killer=$!
	pipe 'timeout 100 stream-exec -q -n 20 -P 3 --retries 1000 --backoff 1ms --dead dead.json --stats -- ./victim <in.json >out 2>err'
	touch over
	wait $killer || true
	[ "$PIPE" = 0 ]
	[ -s killed ]
	same out in.json
	grep -q 'in 600 -> out 600, rejected 0' err
	[ ! -e dead.json ]
}

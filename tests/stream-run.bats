#!/usr/bin/env bats
load helper
load store

# background COMMAND...: starts it; $run is its process id. (SIGINT is ignored behind a shell's `&`: SIGTERM is used.)
background() {
	"$@" 2>err 3>&- &
	run=$!
}

# stage NAME COMMAND FIELD: of the first stage of a running pipeline whose command begins so.
stage() {
	stream-run --list "$1" -o json | jq -r --arg c "$2" --arg f "$3" '[.[$f] as $v | select(.command | startswith($c)) | $v][0] // empty' | head -n 1
}

# is NAME COMMAND FIELD VALUE: the stage is there and says so.
is() { [ "$(stage "$1" "$2" "$3" 2>/dev/null)" = "$4" ]; }

runs() { stream-run --list -o json | jq -e --arg n "$1" 'select(.name == $n)' >/dev/null; }

# starts NAME N: it has been started so often, or oftener.
starts() { [ "$(stream-run --list -o json | jq --arg n "$1" 'select(.name == $n) | .starts')" -ge "$2" ]; }

checkpointed() { [ "$(stream-run --list -o json | jq '.checkpoint')" = 1 ]; }

# group NAME: the process group of its stages.
group() { ps -o pgid= -p "$(stage "$1" stream- pid)" | tr -d ' '; }

# No process of the group is left, but for those that nobody has waited for.
group_gone() { ! ps -e -o pgid=,state= | awk -v g="$1" '$1 == g && $2 != "Z" { found = 1 } END { exit !found }'; }

# -- one run --

@test "runs a pipeline: its output, its status, and the audit of its stages" {
	requests 40 | stream-run "stream-filter 'status == 503' | stream-map --keep n | stream-cat -o json" >out 2>audit
	same out <(requests 40 | jq -c 'select(.status == 503) | {n}')
	printf '%s\n' 'stream-filter  in 40 = out 8 + filtered 32 + rejected 0 + late 0' \
		'stream-map     in 8 = out 8 + filtered 0 + rejected 0 + late 0' \
		'stream-cat     in 8 = out 8 + filtered 0 + rejected 0 + late 0' >want
	same audit want
	requests 40 | stream-run -q "stream-filter 'status == 503'" >out 2>audit
	[ ! -s audit ]
	[ ! -e "$STREAM_HOME"/.runs/* ]
}

@test "the audit has all: copies, what is in <( ) and >( ), and they are waited for" {
	command -v bash || skip "bash is not there"
	stream-run "stream-merge <(stream-gen sensor -n 1000) <(stream-gen sensor -n 500 --seed 3) |
		stream-tee -o frames >(sleep 0.3; stream-put copy) |
		stream-shard -k sensor -n 2 -- stream-filter true | stream-agg count" >out 2>audit
	[ "$(cat out)" = '{"count":1500}' ]
	[ "$(stream-get copy | stream-agg count)" = '{"count":1500}' ]
	grep -qx 'stream-put     in 1500 = out 1500 + .*' audit
	[ "$(grep -c '^stream-gen ' audit)" -eq 2 ]
	[ "$(awk '/^stream-filter/ { n += $3 } END { print n }' audit)" -eq 1500 ]
	head -n 1 audit | grep -q ^stream-merge
}

@test "the status is that of the stage at fault, and it is named" {
	# status | pipeline | what is said
	while IFS='|' read -r want words pipeline; do
		status=0
		stream-run "${pipeline//;/|}" >out 2>err </dev/null || status=$?
		[ "$status" = "$want" ] || { echo "status $status, not $want: $pipeline"; cat err; false; }
		[ -z "$words" ] || grep -qF -- "$words" err || { echo "no '$words': $pipeline"; cat err; false; }
	done <<-'END'
		0||stream-gen weblog -n 9 ; stream-filter true
		0||stream-gen weblog ; stream-filter true ; head -n 1
		5|stage 3 ended with status 5|stream-gen weblog -n 9 ; stream-filter true ; (exit 5)
		2|stream-filter 'nosuch(' ended with status 2|stream-gen weblog -n 9 ; stream-filter 'nosuch(' ; stream-cat
		1|stream-cat missing ended with status 1|stream-cat missing ; stream-filter true ; stream-agg count
		127|stage 2 ended with status 127|stream-gen weblog -n 9 ; no-such-program ; stream-cat
		3||printf '{"a":1}\n{b}\n' ; stream-filter true ; stream-cat
		7||exit 7
		143|stage 1 was killed by signal 15|sh -c 'kill $$' ; stream-cat
		4|stream-cat ended with status 4|stream-gen weblog -n 9000 -o frames ; sh -c 'head -c 3000 && cat >/dev/null' ; stream-cat
	END
}

@test "its standard input is the pipeline's, and frames come out for one of ours" {
	counted 1 100 | stream-cat -o frames | stream-run -q "stream-filter 'n > 50'" | stream-agg count >out
	[ "$(cat out)" = '{"count":50}' ]
	# A reader that goes away is not the pipeline's fault.
	pipe 'stream-run -q "stream-gen weblog" | head -n 1 >out'
	[ "$PIPE" = "141 0" ]
}

@test "SIGTERM ends the source, and nothing of what it gave is lost" {
	counted 1 100 | stream-put s
	background stream-run --name t "stream-get -f s | stream-filter true | stream-agg count >out"
	wait_for is t stream-agg in 100
	kill "$run"
	ends "$run" 0
	[ "$(cat out)" = '{"count":100}' ]
	grep -qx 'stream-agg     in 100 -> out 1, .*' err
}

@test "SIGTERM at any moment of its start ends it" {
	for i in $(seq "$(often 100)"); do
		background stream-run -q --name "t$i" "stream-gen sensor --rate 100 | stream-agg count >out"
		sleep "0.0$((i % 10))"
		kill "$run"
		wait_for gone "$run"
		status=0
		wait "$run" || status=$?
		# Before it could catch the signal, it has begun nothing.
		[[ $status = 0 || $status = 143 ]] || { echo "status $status"; cat err; false; }
	done
}

@test "Ctrl-C on a terminal ends the source, and the audit is printed" {
	# exec: a shell between the terminal and us would die of the Ctrl-C itself, and its status would hide ours.
	command -v script || skip "script is not there"
	gets_some() { [ "$(stage t stream-agg in)" -gt 0 ]; } 2>/dev/null
	(wait_for gets_some; printf '\003'; sleep 1) |
		timeout 300 script -qfec "exec stream-run --name t 'stream-gen sensor --rate 100 | stream-agg --every 1h count'" screen >/dev/null 3>&-
	grep -q '^stream-agg     in [0-9]* -> out 1' screen
}

@test "SIGTERM reaches a program of others where records begin, and leaves those behind it to finish" {
	counted 1 10 >log
	background stream-run --name t "tail -n +1 -f log | stream-filter true | { cat; sleep 0.2; echo end; } >out"
	wait_for is t stream-filter in 10
	kill "$run"
	wait_for gone "$run"
	same out <(counted 1 10; echo end)
}

@test "a second signal ends everything at once" {
	background stream-run --name t "stream-gen sensor --rate 1000 | stream-exec -n 1 -- 'sleep 100' | stream-cat"
	wait_for is t stream-exec waits 'for its command'
	group=$(group t)
	kill "$run"
	wait_for is t stream-gen waits 'ended with status 0' || wait_for is t stream-gen waits 'for its reader'
	kill "$run"
	ends "$run" 143
	wait_for group_gone "$group"
	stream-run --list >list
	[ ! -s list ]
}

@test "when stream-run is killed its pipeline ends, in good order" {
	counted 1 100 | stream-put s
	background stream-run --name t "stream-get -f s | stream-agg count >out"
	wait_for is t stream-agg in 100
	group=$(group t)
	kill -9 "$run"
	wait_for group_gone "$group"
	[ "$(cat out)" = '{"count":100}' ]
	# What it left behind goes when somebody looks, and the name is free.
	[ -e "$STREAM_HOME/.runs/t" ]
	stream-run --list >list
	[ ! -s list ]
	[ ! -e "$STREAM_HOME/.runs/t" ]
	stream-run -q --name t true
}

@test "a name runs once" {
	background stream-run --name t "stream-gen sensor --rate 10 >/dev/null"
	wait_for runs t
	says 1 "a pipeline with the name t runs already \(process $run\)" stream-run --name t true
	kill "$run"
	ends "$run" 0
	says 2 "is no name" stream-run --name a/b true
}

# -- again --

@test "what fails is started again until it goes well" {
	stream-run --restart 'echo x >>tries; [ $(wc -l <tries) -ge 3 ] && stream-gen weblog -n 9 | stream-agg count' >out 2>err
	[ "$(wc -l <tries)" -eq 3 ]
	[ "$(cat out)" = '{"count":9}' ]
	[ "$(grep -c 'it is started again in [0-9.]*m*s (failure [12] of 10)' err)" -eq 2 ]
	# Without --restart once is all.
	rm tries
	says 1 'it ended with status 1$' stream-run 'echo x >>tries; false'
	[ "$(wc -l <tries)" -eq 1 ]
}

@test "it is given up after --retries in a row without progress" {
	status=0
	stream-run --restart --retries 2 --name t 'echo x >>tries; stream-gen weblog -n 9 | (exit 9)' 2>err || status=$?
	[ "$status" -eq 9 ]
	[ "$(wc -l <tries)" -eq 3 ]
	grep -q '^stream-run: t: stage 2 ended with status 9; given up' err
}

@test "what would fail again the same way is not started again" {
	for pipeline in "stream-filter 'nosuch(' </dev/null" "no-such-program" "stream-gen weblog | | cat" "printf '{\"a\":1}\n{b}\n' | stream-cat"; do
		status=0
		stream-run --restart "echo x >>tries; $pipeline" >out 2>err || status=$?
		[[ $status = [23] || $status = 127 ]] || { echo "$status: $pipeline"; false; }
	done
	[ "$(wc -l <tries)" -eq 3 ] # (none where the shell could not read it)
	lacks 'started again' err
}

@test "a source that feeds a dead reader without noticing is ended, and all begins again" {
	# It never writes, so it never learns that the next stage has died; bash waits for it.
	background stream-run --restart --name t "{ sleep 1000; echo; } | stream-filter true | stream-cat"
	wait_for is t stream-filter waits 'for input'
	kill -9 "$(stage t stream-filter pid)"
	wait_for starts t 2
	kill "$run"
	sleep 0.1
	kill "$run" || true
	wait_for gone "$run"
}

@test "SIGTERM during the pause ends it" {
	background stream-run --restart --name t 'false'
	wait_for grep -q 'started again' err
	kill "$run"
	wait_for gone "$run"
}

# -- checkpointed --

# committed N: the flow of group g of s has a checkpoint after which stream-put had got N records.
committed() {
	grep -qsE "^tally .* stream-put $1 " "$STREAM_HOME"/s/groups/g/0/state/*/receipt.*
}

@test "whichever member is killed, it goes on where it stood" {
	counted 1 500 | stream-put s
	background stream-run --restart --name t "stream-get -f -g g s | stream-filter 'n % 2 == 1' | stream-map 'm = n * 2' | stream-put out"
	at=500
	for victim in stream-get stream-filter stream-map stream-put; do
		wait_for committed $((at / 2))
		kill -9 "$(stage t $victim pid)"
		counted $((at + 1)) $((at + 500)) | stream-put s
		((at += 500))
	done
	wait_for is t stream-put in $((at / 2))
	[ "$(stream-run --list -o json | jq .starts)" -eq 5 ]
	kill "$run"
	ends "$run" 0
	stream-get out | stream-sort -k n | stream-cat -o json >got
	same got <(counted 1 $at | jq -c 'select(.n % 2 == 1) | {n, m: (.n * 2)}')
	# Each commit was progress: no failure was the second in a row.
	lacks 'failure [2-9]' err
	# The audit is that of all runs.
	grep -qx "stream-put     in $((at / 2)) = out $((at / 2)) + .*" err
}

@test "stream-run itself is killed, and the same line again goes on" {
	counted 1 1000 | stream-put s
	for i in 1 2 3; do
		background stream-run --name t "stream-get -f -g g s | stream-filter true | stream-put out"
		wait_for is t stream-put in $((i * 1000))
		group=$(group t)
		kill -9 "$run"
		counted $((i * 1000 + 1)) $((i * 1000 + 1000)) | stream-put s
		wait_for group_gone "$group"
	done
	stream-run -q "stream-get -g g s | stream-filter true | stream-put out"
	stream-get out | stream-sort -k n | stream-cat -o json >got
	same got <(counted 1 4000)
}

@test "from a log that is followed into a database: the tail and the sink are killed" {
	lines() { seq "$1" "$2" | sed 's/.*/{"n":&}/' >>log; }
	lines 1 500
	background stream-run --restart --name t "stream-tail -g g log | stream-parse json | stream-sink 'sqlite:t.db?table=t'"
	at=500
	for victim in stream-tail stream-parse stream-sink; do
		wait_for is t stream-sink in $at
		kill -9 "$(stage t $victim pid)"
		lines $((at + 1)) $((at + 500))
		((at += 500))
	done
	wait_for is t stream-sink in $at
	kill "$run"
	ends "$run" 0
	[ "$(sqlite3 t.db 'SELECT count(*), count(DISTINCT n), max(n) FROM t')" = "$at|$at|$at" ]
}

# -- what runs --

@test "--list shows what runs: checkpoint, lag, and where it waits" {
	counted 1 300 | stream-put s
	background stream-run --name t "stream-get -f -g g s | stream-filter true | stream-put out"
	wait_for is t stream-put in 300
	wait_for checkpointed
	wait_for is t stream-get waits 'for records'
	stream-run --list -o json >list
	[ "$(jq -c '[.name, .pid, .starts, .checkpoint, .group, .lag, .waits]' list)" = \
		"[\"t\",$run,1,1,\"g of s\",0,\"stream-get -f -g g s for records\"]" ]
	jq -e '.committed | startswith("20")' list
	stream-run --list t -o json >stages
	[ "$(jq -c '[.stage, .command, .in, .out, .filtered]' stages)" = '[1,"stream-get -f -g g s",0,300,0]
[2,"stream-filter true",300,300,0]
[3,"stream-put out",300,300,0]' ]
	says 2 'no pipeline `tt` runs; is it `t`\?' stream-run --list tt
	kill "$run"
	ends "$run" 0
}

@test "a stopped member and a busy slot are seen to be what a pipeline waits for" {
	counted 1 10 | stream-put s
	background stream-run --name t "stream-get -f -g g s | stream-filter true | stream-put out"
	wait_for is t stream-put in 10
	wait_for checkpointed
	victim=$(stage t stream-put pid)
	kill -STOP "$victim"
	counted 11 20 | stream-put s
	wait_for is t stream-get waits 'for the receipt of checkpoint 2'
	[ "$(stream-run --list -o json | jq -r .waits)" = 'stream-put out is stopped' ]
	# Its barrier stands behind these ten; what comes now lies before it.
	counted 21 25 | stream-put s
	[ "$(stream-run --list -o json | jq -r .lag)" = 5 ]
	first=$run
	# Into another stream: who is stopped may hold a lock of its own.
	background stream-run --name second "stream-get -f -g g s | stream-filter true | stream-put other"
	wait_for is second stream-get waits 'for a free slot'
	kill "$run"
	wait_for gone "$run"
	kill -CONT "$victim"
	wait_for is t stream-put in 25
	kill "$first"
	ends "$first" 0
}

@test "a slow end is what the others wait for" {
	background stream-run --name t "stream-gen weblog | stream-filter true | stream-exec -n 1 -- 'sleep 100' | stream-cat"
	wait_for is t stream-gen waits 'for its reader'
	wait_for is t stream-exec waits 'for its command'
	[[ "$(stream-run --list -o json | jq -r .waits)" = stream-exec*'for its command' ]]
	kill "$run"
	sleep 0.2
	kill "$run"
	ends "$run" 143
}

@test "an end that waits for a database's lock is what the others wait for" {
	background stream-run --name t "stream-gen sensor --rate 20 | stream-sink 'sqlite:t.db?table=t&timeout=1h'"
	counted_some() { [ "$(stage t stream-sink in 2>/dev/null)" -ge 10 ] 2>/dev/null; }
	wait_for counted_some
	mkfifo lock
	sqlite3 t.db <lock 3>&- &
	exec 8>lock
	printf '%s\n' '.timeout 20000' 'BEGIN EXCLUSIVE;' '.system touch locked' >&8
	wait_for [ -e locked ]
	holds() { stream-run --list -o json | jq -e 'select(.seconds > 0.5) | .waits | startswith("stream-sink") and endswith("works")'; }
	wait_for holds
	exec 8>&-
	kill "$run"
	ends "$run" 0
}

@test "SIGUSR1 prints where each stage stands, --metrics the counts" {
	counted 1 10 | stream-put s
	background stream-run --name t --metrics m "stream-get -f s | stream-filter true | stream-put out"
	wait_for is t stream-put in 10
	kill -USR1 "$run"
	wait_for grep -q '^stream-put     in 10 = .*; for input, [0-9.]* s$' err
	grep -q '^stream-run: t: runs, started 1 times$' err
	kill "$run"
	ends "$run" 0
	grep -qx 'stream_records_in_total{stage="2",command="stream-put"} 10' m
}

@test "commands that are run again and again are added up, and leave no heap of pages" {
	stream-run --name t 'for i in $(seq 150); do stream-gen weblog -n 10; done | stream-agg count
		ls "$STREAM_RUN" | grep -c "^[0-9]*$" >before; sleep 2.5; ls "$STREAM_RUN" | grep -c "^[0-9]*$" >pages' >out 2>audit
	[ "$(cat out)" = '{"count":1500}' ]
	[ "$(cat pages)" -lt 70 ]
	[ "$(awk '/^stream-gen/ { n += $6 } END { print n }' audit)" -eq 1500 ]
}

@test "a full disk under the pages is no harm to the stages" {
	# A directory that cannot be written to: the pipeline runs, and nobody sees how.
	mkdir nowhere
	chmod 500 nowhere
	STREAM_RUN=$PWD/nowhere stream-gen weblog -n 9 | STREAM_RUN=$PWD/missing stream-agg count >out
	[ "$(cat out)" = '{"count":9}' ]
}

# The end of a checkpointed flow: whatever is killed when, each record is delivered once.
load ../helper
load ../store

# storm ROUNDS ARGUMENT...: runs that are killed after a while, then one that is not. A process that was killed has said nothing, and one
# whose neighbour was killed fails by the statuses that say so.
storm() {
	local rounds=$1 i victim status
	shift
	for ((i = 0; i < rounds; i++)); do
		rm -f get.pid sink.pid
		(
			set +e
			started get stream-get -g g --checkpoint 1ms web 2>get.err |
				started sink stream-sink --every 1ms "$@" 2>sink.err
			echo "${PIPESTATUS[@]}" >status
		) &
		wait_for filled get.pid
		wait_for filled sink.pid
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		victim=$((RANDOM % 2 ? 1 : 0))
		kill -KILL "$(cat $([ $victim = 1 ] && echo get.pid || echo sink.pid))" 2>/dev/null || true
		wait
		read -r -a status <status
		case "${status[*]}" in
		"0 0") ;;
		*137*) ;;
		*)
			echo "round $i: ${status[*]}"
			cat get.err sink.err
			return 1
			;;
		esac
	done
	pipe "stream-get -g g --checkpoint 1ms web 2>get.err | stream-sink --every 1ms $(printf ' %q' "$@") 2>sink.err"
	[ "$PIPE" = "0 0" ] || {
		echo "$PIPE"
		cat get.err sink.err
		return 1
	}
}

numbers() { seq 1 "$1" | sed 's/.*/{"n":&,"k":&}/;s/\("k":\)[0-9]*\([0-9]\)}/\1\2}/'; }

@test "dir: killed again and again, files hold each record once" {
	numbers 200000 >in.json
	stream-put web in.json
	storm 12 'dir:lake/{k}?format=csv'
	find lake -name '*.csv' -exec tail -qn +2 {} + | cut -d, -f1 | sort -n >got
	seq 1 200000 >want
	same got want
	# What dead runs have hidden is gone, and all that is left is the last commit.
	[ "$(find lake -path '*/.*' -type f | wc -l)" -eq 1 ]
	find lake -name '*.csv' | sort >before
	flow=$(ls -d lake/.stream-*)
	storm 0 'dir:lake/{k}?format=csv'
	find lake -name '*.csv' | sort >after
	same after before
	[ "$(ls -d lake/.stream-*)" = "$flow" ]
}

@test "sqlite: killed again and again, the table holds each record once" {
	command -v sqlite3 || skip "sqlite3 is not there"
	numbers 200000 >in.json
	stream-put web in.json
	storm 12 'sqlite:t.db?table=t'
	[ "$(sqlite3 t.db 'select count(*), count(distinct n), min(n), max(n) from t')" = "200000|200000|1|200000" ]
}

@test "exec: each commit's records are a run of the command; killed, none is lost" {
	numbers 50000 >in.json
	stream-put web in.json
	echo 'cat >part.$$ && mv part.$$ whole.$$.$(date +%N)' >take
	storm 6 'exec:sh ./take'
	[ "$(ls whole.* | wc -l)" -gt 1 ]
	# A run whose writer was killed ends in the midst of a record; its records come again.
	for file in whole.*; do cat "$file"; echo; done | jq -R 'fromjson? | .n' | sort -nu >got
	seq 1 50000 >want
	same got want
	# Nothing new: the command is not run.
	rm whole.*
	storm 0 'exec:sh ./take'
	[ -z "$(ls whole.* 2>/dev/null)" ]
	# A command that fails commits nothing.
	numbers 3 | stream-put web
	mv take take.good
	echo 'cat >lost; exit 7' >take
	pipe "stream-get -g g web 2>get.err | stream-sink --every 1ms 'exec:sh ./take' 2>sink.err"
	[ "${PIPE#* }" = 1 ]
	one_line sink.err 'exec:sh ./take: ended with status 7|exec:sh ./take ended with status 7'
	mv take.good take
	storm 0 'exec:sh ./take'
	[ "$(cat whole.* | wc -l)" -eq 3 ]
}

# zombie DEST: an end is stopped, a later run takes over and does it all, and then the first one goes on.
zombie() {
	rm -f get.pid sink.pid status
	(
		set +e
		started get stream-get -f -g g --checkpoint 1ms web 2>get.err |
			started sink stream-sink --every 1ms "$1" 2>sink.err
		echo "${PIPESTATUS[@]}" >status
	) &
	wait_for filled get.pid
	wait_for filled sink.pid
	wait_for test -e "$STREAM_HOME/web/groups/g/0/1.run"
	sleep "0.0$((RANDOM % 10))"
	kill -STOP "$(cat sink.pid)"
	pipe "stream-get --steal -g g web 2>get2.err | stream-sink --every 1ms '$1' 2>sink2.err"
	# In the middle of a commit it has SQLite's lock, and the later run names it; then that commit is done first.
	if grep -q "^stream-sink: t.db: process $(cat sink.pid) (stream-sink), which is stopped, keeps" sink2.err; then
		[ "${PIPE#* }" = 1 ]
		kill -CONT "$(cat sink.pid)"
		wait
		storm 0 "$1"
		return 0
	fi
	kill -CONT "$(cat sink.pid)"
	wait
	[[ $PIPE = "0 0" && $(cat status) =~ ^(4|141)\ 4$ ]] || {
		echo "$PIPE"
		cat get2.err sink2.err status get.err sink.err
		return 1
	}
	one_line sink.err 'taken over|upstream died'
}

@test "a stopped end wakes up late: it changes nothing, says so, and ends with status 4" {
	command -v sqlite3 || skip "sqlite3 is not there"
	local i
	numbers 30000 >in.json
	seq 1 30000 >want
	for i in $(few 1 2 3); do
		rm -rf lake t.db* "$STREAM_HOME"
		stream-put web in.json
		zombie 'dir:lake/{k}?format=csv'
		find lake -name '*.csv' -exec tail -qn +2 {} + | cut -d, -f1 | sort -n >got
		same got want
		rm -r "$STREAM_HOME"
		stream-put web in.json
		zombie 'sqlite:t.db?table=t'
		sqlite3 t.db 'select n from t order by n' >got
		same got want
	done
}

# idle 'SOURCE' 'THIEF': a pipeline whose source has nothing to give ends when another process takes what it has.
idle() {
	rm -rf idle
	$1 2>source.err | stream-sink dir:idle 2>sink.err &
	local first=$!
	wait_for filled_receipt
	$2 --steal | stream-sink dir:idle
	ends $first 4
	one_line source.err 'another process has taken'
}
filled_receipt() { [ -n "$(find "$STREAM_HOME" -name receipt.1)" ]; }

@test "who has nothing to do learns too that another process has taken over" {
	numbers 10 >in.json
	stream-put web in.json
	idle 'stream-get -f -g g web' 'stream-get -g g web'
	rm -r "$STREAM_HOME"
	idle 'stream-tail -g g in.json' 'stream-tail --once -g g in.json'
}

@test "a destination that has lost what it had is refused; a reset begins anew" {
	numbers 100 >in.json
	stream-put web in.json
	storm 0 'dir:lake'
	rm -r lake
	pipe "stream-get -g g web 2>get.err | stream-sink --every 1ms 'dir:lake' 2>sink.err"
	[ "${PIPE#* }" = 1 ]
	one_line sink.err 'has committed checkpoint 1 here, but the destination knows of 0.*stream-ctl reset'
	stream-ctl reset web g --from start
	storm 0 'dir:lake'
	[ "$(cat lake/*.json | wc -l)" -eq 100 ]
}

@test "what a table's constraint refuses is kept once, whatever is killed" {
	command -v sqlite3 || skip "sqlite3 is not there"
	numbers 100000 >in.json
	stream-put web in.json
	sqlite3 t.db 'create table t(n check (n % 100 != 0), k)'
	storm 8 --dead dead.json 'sqlite:t.db?table=t'
	[ "$(sqlite3 t.db 'select count(*), count(distinct n) from t')" = "99000|99000" ]
	jq -r .record.n dead.json | sort -n >got
	seq 100 100 100000 >want
	same got want
}

@test "the sum of the counts is right over many runs: in = out + rejected" {
	local i
	for i in 1 2 3; do
		numbers 1000 | stream-put web
		pipe "stream-get -g g web | stream-sink --stats --every 1ms 'dir:lake' 2>stats"
		[ "$PIPE" = "0 0" ]
	done
	grep -q '^stream-sink  *in 3000 = out 3000 ' stats
}

@test "--drain: what windows and files hold back comes before the last commit; full files wait for the barrier" {
	numbers 100000 >in.json
	stream-put web in.json
	pipe "stream-get -g g --drain web | stream-sink --size 1K 'dir:lake?format=csv'"
	[ "$PIPE" = "0 0" ]
	[ "$(ls lake | wc -l)" -gt 3 ]
	[ "$(tail -qn +2 lake/*.csv | wc -l)" -eq 100000 ]
}

@test "another program: each commit's records are a run of it" {
	mkdir bin
	printf '#!/bin/sh\nstream-cat -o json >part && cat part >>"${1#mine:}.got"\n' >bin/stream-sink-mine
	chmod +x bin/stream-sink-mine
	export PATH=$PWD/bin:$PATH
	local i
	for i in 1 2; do
		numbers 100 | stream-put web
		storm 0 mine:x
	done
	storm 0 mine:x
	[ "$(wc -l <x.got)" -eq 200 ]
	# One that fails commits nothing.
	numbers 7 | stream-put web
	printf '#!/bin/sh\nstream-cat -o json >lost; exit 9\n' >bin/stream-sink-mine
	pipe "stream-get -g g --checkpoint 1ms web 2>get.err | stream-sink --every 1ms mine:x 2>sink.err"
	[ "${PIPE#* }" = 1 ]
	one_line sink.err 'mine:x ended with status 9'
	printf '#!/bin/sh\nexec stream-cat -o json >>x.got\n' >bin/stream-sink-mine
	storm 0 mine:x
	[ "$(wc -l <x.got)" -eq 207 ]
}

@test "stream: killed again and again, the other stream holds each record once" {
	numbers 200000 >in.json
	stream-put web in.json
	pipe "stream-get -g try web 2>/dev/null | stream-sink stream:try 2>err"
	if grep -q 'stream-put: .*keeps no checkpoints' err; then skip "stream-put takes no part in checkpoints"; fi
	storm 12 stream:copy
	stream-get copy | jq .n | sort -n >got
	seq 1 200000 >want
	same got want
}

@test "ends in copies side by side are refused, for a flow has one" {
	numbers 100 | stream-put web
	pipe "stream-get -g g web 2>get.err | stream-shard -k k -n 3 -- stream-sink dir:lake 2>err"
	grep -q 'stream-sink: .*has one end.*put it behind stream-shard' err
	[ ! -e lake ]
	pipe "stream-get -g g web | stream-shard -k k -n 3 -- stream-filter true | stream-sink dir:lake 2>err"
	cat err
	[ "$PIPE" = "0 0 0" ]
	[ "$(cat lake/*.json | wc -l)" -eq 100 ]
}

@test "dir: a directory on another file system is refused before anything is decided" {
	[ -w /dev/shm ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" ] || skip "no other file system to write to"
	local far
	far=$(mktemp -d /dev/shm/sink-XXXXXX)
	numbers 100 | stream-put web
	mkdir lake
	ln -s "$far" lake/3
	pipe "stream-get -g g web 2>get.err | stream-sink 'dir:lake/{k}' 2>err"
	[ -z "$(ls -A "$far")" ]
	rm -r "$far"
	[ "${PIPE#* }" = 1 ]
	one_line err 'lake/3 is on another file system than lake/.stream-'
	[ -z "$(find lake -name "*.json")" ]
	rm lake/3
	storm 0 dir:lake/{k}
}

# What runs, resets and deaths leave behind: many of them leave no more files than a few, and nothing that was committed goes with them.

load ../helper
load ../store

state() {
	echo "$STREAM_HOME"/s/groups/g/0/state/*
}

files() {
	find "$@" -type f | wc -l
}

@test "many runs of one flow, most of them killed: the files are no more than those of a few" {
	local i line="stream-get -g g --checkpoint 1ms s | stream-uniq --bad bad -k n --within 1m -t ts | stream-cat -o json >>out"
	counted 1 10 | sed 's/}/,"ts":"2026-01-01T00:00:00Z"}/' | stream-put s
	pipe "$line"
	[ "$PIPE" = "0 0 0" ]
	local before
	before=$(files .)
	for i in $(seq 1 12); do
		counted "$i"1 "$i"9 | sed 's/}/,"ts":"2026-01-01T00:00:00Z"}/' | stream-put s
		timeout -s KILL "0.0$((i % 6 + 1))" bash -c "$line" 2>/dev/null || true
	done
	# As one that is killed in the midst of a rename leaves it.
	: >"$(state)/+end.3"
	: >"$(state)/+receipt.3.3"
	: >"$(state)/2/+7.2"
	wait_for sh -c "$line"
	find . -type f
	[ "$(files .)" -le $((before + 14)) ]
	[ -z "$(find . -name '+*')" ]
}

@test "many resets of a flow into a stream: its ledgers go, and what they had decided is in the stream" {
	local i flow
	needs_strace
	for i in $(seq 1 8); do
		counted "$i" "$i" | stream-put s
		pipe "stream-get -g g s | stream-filter 'n == $i' | stream-put out"
		[ "$PIPE" = "0 0 0" ]
		flow=$(basename "$(state)")
		: >"$STREAM_HOME/out/flows/$flow.done.1"
		stream-ctl reset s g --from start
	done
	[ "$(stream-get out | jq -s -c 'map(.n)')" = "[1,2,3,4,5,6,7,8]" ]
	ls "$STREAM_HOME/out/flows"
	[ "$(files "$STREAM_HOME/out/flows")" -eq 0 ]
	# One that dies before its first commit.
	pipe "stream-get -g g s | stream-filter true | strace -f -o trace -e trace=renameat2 -e inject=renameat2:error=EIO:signal=KILL:when=2 stream-put out 2>/dev/null" || true
	stream-ctl reset s g --from start
	[ "$(files "$STREAM_HOME/out/flows")" -eq 0 ]
	# Those of others that are alive stay; compaction does the same for the group that is no more.
	pipe "stream-get -g a s | stream-put out"
	pipe "stream-get -g b s | stream-put out"
	[ "$(files "$STREAM_HOME/out/flows")" -eq 2 ]
	rm -r "$STREAM_HOME/s/groups/a"
	stream-ctl compact out >/dev/null
	[ "$(files "$STREAM_HOME/out/flows")" -eq 1 ]
	pipe "stream-get -g b s | stream-put out"
	[ "$PIPE" = "0 0" ]
	[ "$(stream-get out | wc -l)" -eq 24 ]
	stream-ctl delete s
	[ "$(files "$STREAM_HOME/out/flows")" -eq 0 ]
}

@test "where the streams are not mounted, a flow is not taken for gone" {
	mkdir home
	STREAM_HOME=$PWD/home
	counted 1 3 | stream-put s
	pipe "stream-get -g a s | stream-sink dir:lake"
	[ "$PIPE" = "0 0" ]
	mv home elsewhere
	mkdir home
	STREAM_HOME=$PWD/other
	counted 4 6 | stream-put s
	pipe "stream-get -g b s | stream-sink dir:lake"
	[ "$(find lake -name '.stream-*' | wc -l)" -eq 2 ]
	rmdir home
	mv elsewhere home
	STREAM_HOME=$PWD/home
	counted 7 9 | stream-put s
	pipe "stream-get -g a s | stream-sink dir:lake"
	[ "$PIPE" = "0 0" ]
	[ "$(cat lake/* | jq .n | sort -n | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 9 " ]
}

@test "many resets of a flow into a directory: what it had hidden there goes, and what was committed is published" {
	local i
	needs_strace
	for i in $(seq 1 6); do
		counted "$i" "$i" | stream-put s
		pipe "stream-get -g g s | stream-filter 'n == $i' | stream-sink dir:lake"
		[ "$PIPE" = "0 0 0" ]
		stream-ctl reset s g --from start
	done
	find lake
	[ "$(find lake -name '.stream-*' | wc -l)" -le 1 ]
	counted 7 7 | stream-put s
	# Killed before its first commit.
	pipe "stream-get -g g s | stream-filter 'n == 7' | strace -o trace -e trace=renameat2 -e inject=renameat2:error=EIO:signal=KILL:when=5 stream-sink dir:lake 2>/dev/null"
	[ "$(find lake -name '*.part' | wc -l)" -eq 1 ]
	stream-ctl reset s g --from start
	pipe "stream-get -g g s | stream-filter 'n == 0' | stream-sink dir:lake"
	[ "$PIPE" = "0 0 0" ]
	[ "$(find lake -name '*.part' | wc -l)" -eq 0 ]
	[ "$(find lake -name '.stream-*' | wc -l)" -eq 1 ]
	stream-ctl reset s g --from start
	# Committed, and killed before it could publish.
	pipe "stream-get -g g s | stream-filter 'n == 7' | strace -f -o trace -e trace=renameat2 -e inject=renameat2:error=EIO:signal=KILL:when=5 stream-sink dir:lake 2>/dev/null"
	grep -q KILL trace
	[ "$(find lake -type f ! -path '*/.stream-*' | xargs cat | jq -s -c 'map(.n) | sort')" = "[1,2,3,4,5,6]" ]
	[ "$(find lake -name '*.part' | wc -l)" -eq 1 ]
	stream-ctl reset s g --from start
	pipe "stream-get -g g s | stream-filter 'n == 1' | stream-sink dir:lake"
	[ "$PIPE" = "0 0 0" ]
	[ "$(find lake -type f ! -path '*/.stream-*' | xargs cat | jq -s -c 'map(.n) | sort')" = "[1,1,2,3,4,5,6,7]" ]
	[ "$(find lake -name '.stream-*' | wc -l)" -eq 1 ]
}

# -- stream-ctl while a flow runs --

follow() {
	(started get stream-get -f -g g --checkpoint 10ms s 2>err.1 | stream-uniq -k n --within 1m -t ts 2>err.2 | started put stream-put out 2>err.3) 3>&- &
	wait_for eval '[ "$(stream-get out 2>/dev/null | wc -l)" -ge '"$1"' ]'
}

timed() {
	counted "$1" "$2" | sed 's/}/,"ts":"2026-01-01T00:00:00Z"}/' | stream-put s
}

@test "reset and delete of a group while its flow runs: refused, with who holds it; nothing has changed" {
	timed 1 100
	follow 100
	fails 2 "held by process $(cat get.pid)" stream-ctl reset s g --from start
	fails 2 "held by process $(cat get.pid)" stream-ctl delete s g
	fails 2 "a process reads s as slot g/0" stream-ctl delete s
	timed 101 200
	wait_for eval '[ "$(stream-get out | wc -l)" -eq 200 ]'
	kill -TERM "$(cat get.pid)"
	wait
	[ ! -s err.1 ] && [ ! -s err.2 ] && [ ! -s err.3 ]
	[ "$(stream-get out | jq .n | sort -un | wc -l)" -eq 200 ]
}

@test "the stream is deleted by force while a flow reads it: one clear line, what was committed stays, no file of the flow" {
	timed 1 100
	follow 100
	stream-ctl delete --force s
	wait
	one_line err.1 's.*(deleted|removed|is gone|not there)'
	cat err.2 err.3 | grep -v 'ended without END' && false
	[ "$(stream-get out | wc -l)" -eq 100 ]
	[ ! -e "$STREAM_HOME/s" ]
	# A stream of that name is another one, and its flow too.
	timed 1 10
	pipe "stream-get -g g s | stream-uniq -k n --within 1m -t ts | stream-put out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(stream-get out | wc -l)" -eq 110 ]
	[ "$(files "$STREAM_HOME/out/flows")" -eq 1 ]
}

@test "the destination is deleted while a flow writes it: its ledger goes with it, and the flow is told" {
	timed 1 100
	follow 100
	stream-ctl delete out
	timed 101 110
	wait
	one_line err.3 'out.*(deleted|removed|is gone|not there)'
	pipe "stream-get -g g s | stream-uniq -k n --within 1m -t ts | stream-put out 2>err"
	[ "${PIPE##* }" = 1 ]
	one_line err 'has committed checkpoint .* here, but the destination knows of 0.*to begin anew: stream-ctl reset s g'
	stream-ctl reset s g --from start
	pipe "stream-get -g g s | stream-uniq -k n --within 1m -t ts | stream-put out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(stream-get out | jq .n | sort -un | wc -l)" -eq 110 ]
}

@test "reset when only the end of a flow is left, stopped: when it wakes it commits nothing" {
	timed 1 100
	follow 100
	kill -STOP "$(cat put.pid)"
	timed 101 200
	sleep 0.3
	kill -9 "$(cat get.pid)"
	# Nobody holds the slot. What the end has in its pipe was not committed.
	wait_for stream-ctl reset s g --from start 2>/dev/null
	kill -CONT "$(cat put.pid)"
	wait
	[ "$(stream-get out | wc -l)" -le 200 ]
	pipe "stream-get -g g s | stream-uniq -k n --within 1m -t ts | stream-put new"
	[ "$PIPE" = "0 0 0" ]
	[ "$(stream-get new | wc -l)" -eq 200 ]
}

@test "runs that come to nothing, one after the other, leave no more than one" {
	local i before last line="stream-get -g g s | stream-uniq -k n --within 1m -t ts | stream-put out"
	timed 1 10
	pipe "$line"
	[ "$PIPE" = "0 0 0" ]
	timed 11 20
	for i in 1 2 3 4 5 6 7 8; do
		last=$(echo "$(state)"/receipt.*)
		# The end has answered, and dies before it commits.
		bash -c "stream-get -f -g g --checkpoint 1h s | stream-uniq -k n --within 1m -t ts | started put stream-put out" 2>/dev/null 3>&- &
		wait_for eval '[ ! -e "$last" ] && [ -e "$(echo "$(state)"/receipt.*)" ]'
		kill -9 "$(cat put.pid)"
		wait
		[ $i -gt 1 ] || before=$(files "$STREAM_HOME/s/groups")
	done
	find "$STREAM_HOME/s/groups" -type f
	[ "$(files "$STREAM_HOME/s/groups")" -le $((before + 6)) ]
	pipe "$line"
	[ "$PIPE" = "0 0 0" ]
	[ "$(stream-get out | jq .n | tr '\n' ' ')" = "$(seq 1 20 | tr '\n' ' ')" ]
}

# The checkpoint protocol, seen from a shell: pipelines that go on where they stood, and what they refuse.
# Kill storms are in scripts/torture and tests/fault/exactly_once.bats.

load ../helper
load ../store

# Records with numbers, so that a ledger can be kept.
fill() {
	counted "$1" "$2" | stream-put s
}

# What the source has used of a processor, in hundredths of a second.
used() {
	awk '{ print $14 + $15 }' "/proc/$(cat pid)/stat"
}

state() {
	echo "$STREAM_HOME"/s/groups/"$1"/0/state/*
}

@test "a pipeline goes on where it stood; with nothing new nothing comes" {
	fill 1 1000
	pipe "stream-get -g g s | stream-filter 'n % 2 == 0' | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(wc -l <out)" -eq 500 ]
	pipe "stream-get -g g s | stream-filter 'n % 2 == 0' | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(wc -l <out)" -eq 500 ]
	fill 1001 1010
	pipe "stream-get -g g s | stream-filter 'n % 2 == 0' | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(cat out)" = "$(counted 1 1010 | jq -c 'select(.n % 2 == 0)')" ]
}

@test "a follower commits while it runs, and SIGTERM ends it with all committed" {
	fill 1 100
	bash -c "stream-get -f -g g s & echo \$! >pid; wait" | stream-filter true | stream-cat -o json >>out &
	wait_for has_lines out 100
	fill 101 200
	wait_for has_lines out 200
	kill -TERM "$(cat pid)"
	wait
	pipe "stream-get -g g s | stream-filter true | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(cat out)" = "$(counted 1 200)" ]
}

@test "a pipeline that was changed is refused, with the stage that is another and what to do" {
	fill 1 10
	stream-get -g g s | stream-filter 'n > 1' | stream-map 'm = n' | stream-cat -o json >out
	pipe "stream-get -g g s | stream-filter 'n > 2' | stream-map 'm = n' | stream-cat -o json >out 2>err"
	[ "${PIPE##* }" = 2 ]
	one_line err "stage 2 was \`stream-filter 'n > 1'\` and is \`stream-filter 'n > 2'\` now"
	grep -q 'stream-ctl reset s g --from' err
	pipe "stream-get -g g s | stream-filter 'n > 1' | stream-cat -o json >out 2>err"
	[ "${PIPE##* }" = 2 ]
	one_line err "stage 3 was \`stream-map 'm = n'\` and is \`stream-cat -o json\` now"
	pipe "stream-get -g g s | stream-filter 'n > 1' | stream-map 'm = n' | stream-filter true | stream-cat -o json >out 2>err"
	[ "${PIPE##* }" = 2 ]
	# What says nothing of the records may change.
	pipe "stream-get -g g s | stream-filter -q 'n > 1' | stream-map --stats 'm = n' 2>stats | stream-cat -o json >out"
	[ "$PIPE" = "0 0 0 0" ]
	stream-ctl reset s g --from start
	pipe "stream-get -g g s | stream-filter 'n > 2' | stream-cat -o json >out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(wc -l <out)" -eq 8 ]
}

@test "a destination that has forgotten a checkpoint is refused" {
	fill 1 10
	stream-get -g g s | stream-cat -o json >out
	rm "$(state g)/end"
	pipe "stream-get -g g s | stream-cat -o json >>out 2>err"
	[ "${PIPE##* }" = 1 ]
	one_line err "has committed checkpoint 1 here, but the destination knows of 0"
	[ "$(wc -l <out)" -eq 10 ]
}

@test "a damaged commit is refused, not taken for none" {
	fill 1 10
	stream-get -g g s | stream-cat -o json >out
	printf x | dd of="$(state g)/end" bs=1 seek=3 conv=notrunc 2>/dev/null
	pipe "stream-get -g g s | stream-cat -o json >>out 2>err"
	[ "${PIPE##* }" = 1 ]
	one_line err "is damaged"
}

@test "a run that was stopped and lost its slot commits nothing when it goes on" {
	fill 1 100
	bash -c 'echo $$ >pid; exec stream-get -f -g g s 2>err1' | stream-cat -o json >>out1 &
	wait_for has_lines out1 100
	wait_for grep -q "^n 1$" "$(state g)"/receipt.1
	kill -STOP "$(cat pid)"
	fill 101 200
	pipe "stream-get --steal -g g s | stream-cat -o json >>out1"
	[ "$PIPE" = "0 0" ]
	kill -CONT "$(cat pid)"
	wait
	one_line err1 "another process has taken slot 0 of group g"
	[ "$(sort -u out1 | wc -l)" -eq 200 ]
	[ ! -e "$(state g)"/receipt.1 ]
}

@test "a text tool in between: at least once, and it says so" {
	fill 1 10
	pipe "stream-get -g g s 2>err | grep -v 5 | stream-filter true | stream-cat -o json >out"
	[ "$PIPE" = "0 0 0 0" ]
	one_line err "counts as read"
	[ "$(wc -l <out)" -eq 9 ]
}

@test "rejected records in a file: cut back to what is committed, so that none is there twice" {
	echo before >bad
	(counted 1 50; echo '{"n":"x"}') | stream-put s
	stream-get -f -g g s | stream-filter --bad bad 'n + 1 > 0' | bash -c 'echo $$ >pid; exec stream-cat -o json' >>out &
	wait_for has_lines bad 2
	wait_for grep -q "^n 1$" "$STREAM_HOME"/s/groups/g/0/state/*/receipt.1
	# The end commits no more; then it dies.
	kill -STOP "$(cat pid)"
	(echo '{"n":"y"}'; counted 51 60) | stream-put s
	wait_for has_lines bad 3
	kill -9 "$(cat pid)"
	wait
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(head -n 1 bad)" = before ]
	[ "$(wc -l <bad)" -eq 3 ]
	[ "$(sort -u out | wc -l)" -eq 60 ]
}

@test "what cannot stand in a checkpointed pipeline says so" {
	fill 1 10
	pipe "stream-get -g g s | stream-tee copy 2>err | stream-cat >out"
	[ "${PIPE#* }" = "2 4" ]
	[ "$(wc -l <err)" -eq 1 ]
	grep -q "group g of s" err
}

@test "text beside a checkpointed input is refused" {
	fill 1 10
	counted 1 10 >other
	pipe "stream-get -g g s | stream-merge - other 2>err >out"
	[ "${PIPE##* }" = 2 ]
	[ "$(wc -l <err)" -eq 1 ]
}

@test "--drain: what only the end brings is delivered too, into a stream, a database and a file" {
	counted 1 50000 | stream-put s
	stream-get s | stream-agg -b 'k = n % 100' 'sum(n)' >want
	pipe "stream-get -g a --checkpoint 1ms --drain s | stream-agg -b 'k = n % 100' 'sum(n)' | stream-put out"
	[ "$PIPE" = "0 0 0" ]
	cmp want <(stream-get out)
	pipe "stream-get -g b --checkpoint 1ms --drain s | stream-agg -b 'k = n % 100' 'sum(n)' >text"
	[ "$PIPE" = "0 0" ]
	cmp want text
	pipe "stream-get -g c --checkpoint 1ms --drain s | stream-agg -b 'k = n % 100' 'sum(n)' | stream-sink 'sqlite:d.db?table=t'"
	[ "$PIPE" = "0 0 0" ]
	[ "$(sqlite3 d.db 'SELECT count(*), sum(sum_n) FROM t')" = "100|1250025000" ]
	# Without it the results stay in the pipeline, for the next run.
	pipe "stream-get -g d --checkpoint 1ms s | stream-agg -b 'k = n % 100' 'sum(n)' | stream-put out2"
	[ "$PIPE" = "0 0 0" ]
	[ -z "$(stream-get out2)" ]
	counted 50001 50100 | stream-put s
	stream-get s | stream-agg -b 'k = n % 100' 'sum(n)' >want
	pipe "stream-get -g d --checkpoint 1ms --drain s | stream-agg -b 'k = n % 100' 'sum(n)' | stream-put out2"
	[ "$PIPE" = "0 0 0" ]
	cmp want <(stream-get out2)
}

@test "collecting goes on while a commit is carried out, and the last one is not forgotten" {
	counted 1 300000 | stream-put s
	pipe "stream-get -g a --checkpoint 1ms --drain s | stream-filter true | stream-put out"
	[ "$PIPE" = "0 0 0" ]
	cmp <(stream-get s) <(stream-get out)
	[ -z "$(find "$STREAM_HOME/out/flows" -name "*.done.*")" ]
}

@test "several slots: an aggregate that lacks the stream's key is refused, for each slot would have a part" {
	keyed 1 100 7 | stream-put -k key s
	pipe "stream-get -g g --slots 2 s | stream-agg 'sum(n)' 2>err | stream-put out"
	[ "$PIPE" = "141 2 4" ]
	one_line err "share the records by key"
	pipe "stream-get -g g s | stream-agg -b key 'sum(n)' | stream-put out"
	[ "$PIPE" = "0 0 0" ]
	pipe "stream-get -g part s | stream-agg 'sum(n)' | stream-put out"
	[ "$PIPE" = "0 0 0" ]
	counted 1 10 | stream-put plain
	pipe "stream-get -g g --slots 2 plain | stream-agg -b n 2>err | stream-put out"
	[ "${PIPE#* }" = "2 4" ]
	one_line err "its stream no key"
}

@test "two sources: stages before they meet go on with them, over several runs" {
	local run name
	for run in 1 2 3; do
		for name in s t; do
			echo "{\"id\":$run,\"ts\":\"2026-01-01T00:00:0${run}Z\"}" | stream-put "$name"
		done
		pipe "stream-join -t ts -k id --within 1m <(stream-get -g g s | stream-filter true --bad bad) <(stream-get -g g t | stream-filter true) | stream-cat -o json >>out"
		[ "$PIPE" = "0 0" ]
		[ "$(jq .id out)" = "$(seq 1 $run)" ]
	done
}

@test "what else happens in a flow's directory keeps no source awake" {
	local before
	fill 1 10
	bash -c "stream-get -f -g g s & echo \$! >pid; wait" | stream-filter true | stream-cat -o json >>out &
	wait_for has_lines out 10
	wait_for test -e "$(state g)/end"
	wait_for grep -q '^n 1$' "$(state g)"/receipt.1
	for before in 1 2 3; do
		: >other
		mv other "$(state g)/other$before"
	done
	before=$(used)
	sleep 1
	# One that is woken again and again uses all of it.
	[ $(($(used) - before)) -lt 40 ]
	kill -TERM "$(cat pid)"
	wait
}

@test "two sources: the audit speaks of all runs, of the stages of the second one too" {
	local run name
	for run in 1 2 3; do
		for name in s t; do
			echo "{\"id\":$run,\"ts\":\"2026-01-01T00:00:0${run}Z\"}" | stream-put "$name"
		done
		pipe "stream-join -t ts -k id --within 1m <(stream-get -g g s | stream-filter true) <(stream-get -g g t | stream-map 'm = 1' | stream-uniq -k id --within 1m -t ts) | stream-cat --stats -o json >>out 2>stats"
		[ "$PIPE" = "0 0" ]
		cat stats
		[ "$(grep -cE "^stream-(filter|map|uniq) +in $run .*out $run " stats)" -eq 3 ]
		grep -E "^stream-get +in 0 = out $((2 * run)) " stats
	done
	# Its snapshots are missed as well.
	rm "$STREAM_HOME"/t/groups/g/0/state/*/3/*
	pipe "stream-join -t ts -k id --within 1m <(stream-get -g g s | stream-filter true) <(stream-get -g g t | stream-map 'm = 1' | stream-uniq -k id --within 1m -t ts 2>err) 2>/dev/null | stream-cat --stats -o json >>out 2>/dev/null"
	one_line err "state/[0-9a-f]*/3 has lost the snapshot of checkpoint 3"
}

@test "copies: each goes on with its own counts, and a lost snapshot of one is noticed" {
	local line="stream-get -g g s | stream-shard -k k -n 3 -- stream-uniq -k n --within 1m -t ts" run
	for run in 1 2; do
		seq $((run * 100)) $((run * 100 + 99)) | sed 's/.*/{"k":&,"n":&,"ts":"2026-01-01T00:00:00Z"}/' | stream-put s
		pipe "$line | stream-cat --stats -o json >>out 2>stats"
		[ "$PIPE" = "0 0 0" ]
		grep -E "^stream-uniq +in $((run * 100)) = out $((run * 100)) " stats
	done
	rm "$(state g)"/3.1/*
	pipe "$line 2>err | stream-cat -o json >>out 2>/dev/null"
	grep -E "stream-uniq: .*/3\.1 has lost the snapshot of checkpoint 2" err
}

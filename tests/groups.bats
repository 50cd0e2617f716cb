#!/usr/bin/env bats
# stream-get -g, stream-ctl groups and reset: who reads what, how far, and who goes on when one dies.
load helper
load store

# position GROUP [STREAM]: the positions of its slots and shards.
position() {
	stream-ctl groups "${2-s}" "$1" | jq -c '[.slot, .shard, .position]' | xargs
}

# holder GROUP: the process ids of those who hold its slots.
holder() {
	stream-ctl groups s "$1" | jq -r '.holder // empty' | sort -u
}

holds() { [ "$(holder "$1")" = "$2" ]; }
held() { [ -n "$(holder "$1")" ]; }
says_so() { grep -q -- "$1" "$2"; }

# -- going on --

@test "a group goes on where it stands" {
	counted 1 10 | stream-put s
	stream-get -g g s >out
	[ "$(cat out)" = "$(counted 1 10)" ]
	stream-get -g g s >out
	[ ! -s out ]
	counted 11 20 | stream-put s
	stream-get -g other s >out
	[ "$(cat out)" = "$(counted 1 20)" ]
	stream-get -g g s >out
	[ "$(cat out)" = "$(counted 11 20)" ]
}

@test "-n takes a part, and the rest is for the next one" {
	counted 1 3000 | stream-put s
	local i
	for i in 1 2 3; do
		stream-get -g g -n 777 s >>out
	done
	[ "$(position g)" = "[0,0,2331]" ]
	stream-get -g g s >>out
	counted 1 3000 >want
	same want out
}

@test "--to takes a part, and the rest is for the next one, though it stands in the same frame" {
	counted 0 99 | stream-put s
	stream-get -q -g g --to 50 s >out
	[ "$(stream-ctl groups s | jq .position)" -eq 50 ]
	stream-get -q -g g s >>out
	counted 0 99 >want
	same want out
}

@test "--from is for a new group; one that is there says that it is not looked at" {
	counted 1 10 | stream-put s
	stream-get -g e --from end s >out
	[ ! -s out ]
	stream-get -g n --from 4 s >out
	[ "$(cat out)" = "$(counted 5 10)" ]
	counted 11 12 | stream-put s
	stream-get -g e --from end s >out 2>err
	[ "$(cat out)" = "$(counted 11 12)" ]
	[ ! -s err ]
	stream-get -g e --from start s >out 2>err
	[ ! -s out ]
	one_line err "--from start is not looked at"
	stream-get -g t --from now-1h s >out
	[ "$(wc -l <out)" -eq 12 ]
	stream-get -g u --from 2100-01-01 s >out
	[ ! -s out ]
	fails 2 "lies behind the end" stream-get -g v --from 13 s
	fails 2 'has no group `v`' stream-ctl groups s v
}

@test "several streams: each has its own part of the group" {
	counted 1 5 | stream-put a
	counted 6 9 | stream-put b
	stream-get -g g a b >out
	[ "$(sort -V out)" = "$(counted 1 9)" ]
	counted 10 11 | stream-put a
	[ "$(position g a) $(position g b)" = "[0,0,5] [0,0,4]" ]
	stream-get -g g b a >out
	[ "$(cat out)" = "$(counted 10 11)" ]
	fails 2 "are the same stream" stream-get -g g a "$STREAM_HOME/a"
	stream-get -g wide --slots 2 a >out
	stream-get -g wide b >out
	fails 2 "it cannot read both" stream-get -g wide a b
	stream-get -g also --slots 2 a >out
	stream-get -g also a b >out
	[ "$(stream-ctl groups b also | jq -c .slot | sort -u | xargs)" = "0 1" ]
}

@test "following: positions are kept every --checkpoint, and at the end" {
	stream-ctl create s
	stream-get -f -g g --checkpoint 20ms s >out &
	local get=$!
	counted 1 5 | stream-put s
	at_five() { [ "$(position g)" = "[0,0,5]" ]; }
	wait_for at_five
	kill -TERM $get
	ends $get 0
	stream-get -f -g g --checkpoint 1h s >out &
	get=$!
	counted 6 9 | stream-put s
	wait_for has_lines out 4
	at_five
	kill -TERM $get
	ends $get 0
	[ "$(position g)" = "[0,0,9]" ]
}

# -- slots --

@test "two slots share a stream: together they see each record once" {
	stream-ctl create --shards 3 s
	keyed 1 6000 50 | stream-put -k key s
	stream-get -g g --slots 2 -n 500 s >one
	stream-get -f -g g s >two &
	local two=$!
	wait_for held g
	stream-get -g g s >three
	kill -TERM $two
	ends $two 0
	wait_for gone $two
	stream-get -g g s >four
	cat one two three four | jq .n | sort -n >out
	seq 1 6000 >want
	same want out
	# A key belongs to one slot.
	jq -r .key two | sort -u >keys.two
	jq -r .key three | sort -u >keys.three
	[ -s keys.two ]
	[ -s keys.three ]
	[ -z "$(comm -12 keys.two keys.three)" ]
	in_order two
	in_order three
	fails 2 "was made with 2" stream-get -g g --slots 3 s
}

@test "more slots than shards: keyless records, too, have an owner" {
	counted 1 4000 | stream-put s
	local k pids=()
	for k in 0 1 2 3; do
		stream-get -f -g g --slots 4 s >out.$k &
		pids+=($!)
	done
	all_there() { [ "$(cat out.? | wc -l)" -ge 4000 ]; }
	wait_for all_there
	for k in "${pids[@]}"; do kill -TERM "$k"; done
	for k in "${pids[@]}"; do ends "$k" 0; done
	cat out.? | jq .n | sort -n >out
	seq 1 4000 >want
	same want out
	for k in 0 1 2 3; do
		[ "$(wc -l <out.$k)" -gt 500 ]
	done
	[ "$(position g)" = "[0,0,4000] [1,0,4000] [2,0,4000] [3,0,4000]" ]
}

# -- holders --

@test "no slot is free: it waits and says so once; -w 0 fails at once" {
	stream-ctl create s
	stream-get -f -g g s >one &
	local one=$!
	wait_for holds g $one
	fails 1 "no slot of group g is free (slot 0: process $one, since " stream-get -g g -w 0 s
	stream-get -f -g g s >two 2>err &
	local two=$!
	wait_for filled err
	counted 1 3 | stream-put s
	wait_for has_lines one 3
	kill -TERM $one
	ends $one 0
	wait_for holds g $two
	counted 4 6 | stream-put s
	wait_for has_lines two 3
	kill -TERM $two
	ends $two 0
	[ "$(cat two)" = "$(counted 4 6)" ]
	one_line err "waiting for a slot of group g"
	stream-get -f -g g s >three &
	local three=$!
	wait_for holds g $three
	fails 1 "no slot" stream-get -q -g g -w 50ms s
	kill -TERM $three
	ends $three 0
}

@test "who waits can be told to end" {
	stream-ctl create s
	stream-get -f -g g s >one &
	local one=$!
	wait_for holds g $one
	stream-get -g g s >two 2>err &
	local two=$!
	wait_for filled err
	kill -TERM $two
	# It has not read what it was to read.
	ends $two 143
	kill -TERM $one
	ends $one 0
}

@test "a holder is killed: the one that waits goes on, and nothing is lost" {
	counted 1 1000 | stream-put s
	stream-get -f -g g --checkpoint 10ms s >one &
	local one=$!
	wait_for has_lines one 1000
	stream-get -f -g g s >two 2>err &
	local two=$!
	wait_for filled err
	kill -9 $one
	wait_for holds g $two
	counted 1001 2000 | stream-put s
	last_came() { tail -n 1 two | grep -q 2000; }
	wait_for last_came
	kill -TERM $two
	ends $two 0
	cat one two | jq .n | sort -nu >out
	seq 1 2000 >want
	same want out
}

@test "kill storms: at least once, whoever dies when" {
	stream-ctl create --shards 2 s
	stream-get -g g --slots 2 s >out.0
	local i pids=() round victim
	(for ((i = 0; i < 100; i++)); do
		keyed $((i * 100 + 1)) $((i * 100 + 100)) 20
		sleep 0.02
	done | stream-put -k key s) &
	local put=$!
	for i in 0 1 2; do
		stream-get -f -g g --checkpoint 5ms s >out.start.$i 2>/dev/null &
		pids[i]=$!
	done
	for ((round = 0; round < 40; round++)); do
		victim=$((RANDOM % 3))
		sleep 0.0$((RANDOM % 9 + 1))
		kill -9 ${pids[victim]}
		stream-get -f -g g --checkpoint 5ms s >out.$round 2>/dev/null &
		pids[victim]=$!
	done
	ends $put 0
	for i in 0 1 2; do kill -TERM ${pids[i]}; done
	for i in 0 1 2; do ends ${pids[i]} 0; done
	stream-get -f -g g s >last.0 2>/dev/null &
	local one=$!
	wait_for held g
	stream-get -g g s >last.1
	kill -TERM $one
	ends $one 0
	# A line that was cut by a kill was not committed.
	cat out.* last.? | jq -R 'fromjson? | .n' | sort -nu >out
	seq 1 10000 >want
	same want out
	[ "$(stream-ctl groups s g | jq -s 'map(.lag) | add')" = 0 ]
}

@test "--steal takes the slot of a stopped holder, which ends with 4 and commits nothing" {
	stream-ctl create s
	stream-get -f -g g --checkpoint 10ms s >one 2>err &
	local one=$!
	wait_for holds g $one
	counted 1 5 | stream-put s
	at_five() { [ "$(position g)" = "[0,0,5]" ]; }
	wait_for at_five
	kill -STOP $one
	counted 6 9 | stream-put s
	fails 1 "it is stopped" stream-get -g g -w 0 s
	stream-get -f -g g --steal s >two &
	local two=$!
	wait_for has_lines two 4
	kill -TERM $two
	ends $two 0
	[ "$(position g)" = "[0,0,9]" ]
	kill -CONT $one
	ends $one 4
	one_line err "another process has taken slot 0 of group g"
	[ "$(position g)" = "[0,0,9]" ]
	[ "$(cat one)" = "$(counted 1 5)" ]
	[ "$(cat two)" = "$(counted 6 9)" ]
}

# -- what is written, and what a commit is worth --

@test "to a file: written and synced before the commit" {
	needs_strace
	counted 1 5 | stream-put s
	strace -f -y -o trace -e trace=write,fdatasync,rename stream-get -g g s >out
	sed -nE 's/.*write\(1<.*/write/p; s/.*fdatasync\(1<.*/sync/p; s/.*rename.*1\.1\.pos.*/commit/p' trace | xargs >order
	[ "$(cat order)" = "sync write sync commit" ]
}

@test "a stream that never syncs: what is passed on is made durable before the commit" {
	needs_strace
	stream-ctl create --sync never s
	counted 1 5 | stream-put s
	strace -f -y -o trace -e trace=fdatasync,rename stream-get -g g s >out
	sed -nE 's/.*fdatasync\([0-9]+<.*\.seg.*/segment/p; s/.*rename.*1\.1\.pos.*/commit/p' trace | xargs >order
	[ "$(cat order)" = "segment commit" ]
}

@test "to a pipe it says what that is worth; a group is a pipeline's or text's, not both" {
	counted 1 5 | stream-put s
	stream-get -g g s 2>err | jq -c . >out
	[ "$(cat out)" = "$(counted 1 5)" ]
	one_line err "counts as read"
	stream-get -g q -q s 2>err | jq -c . >out
	[ ! -s err ]
	fails 2 "a table is written when its end is known" stream-get -g h -o table s
	pipe "stream-get -g h s 2>err | stream-cat -o json >out 2>err2"
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" = "$(counted 1 5)" ]
	fails 2 "is read by a pipeline of our commands" stream-get -g h -o json s
	pipe "stream-get -g g s 2>err | stream-cat -o json >out 2>err2"
	[ "$PIPE" = "2 4" ]
	one_line err "was read as text so far"
	stream-ctl reset s g --from start
	pipe "stream-get -g g s | stream-cat -o json >out"
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" = "$(counted 1 5)" ]
	fails 2 "drain is for the windows" stream-get -g new --drain -o json s
}

@test "a reader that goes away: nothing more is committed" {
	counted 1 100000 | stream-put s
	pipe "stream-get -g g -q s | head -n 1 >out"
	[ "$PIPE" = "141 0" ]
	[ "$(position g)" != "[0,0,100000]" ]
}

@test "a full disk: status 1, and the rest comes later" {
	[ -e /dev/full ] || skip "/dev/full is not there"
	counted 1 5 | stream-put s
	fails 1 "No space left" bash -c 'stream-get -g g -q s >/dev/full'
	[ "$(position g)" = "[0,0,0]" ]
	stream-get -g g s >out
	[ "$(cat out)" = "$(counted 1 5)" ]
}

# -- groups and reset --

@test "groups: lag in records, bytes and seconds" {
	stream-ctl create --shards 2 s
	stream-get -g g s >out
	[ "$(stream-ctl groups s g)" = '{"group":"g","slot":0,"shard":0,"position":0,"lag":0,"bytes":0,"seconds":0.000,"holder":null}
{"group":"g","slot":0,"shard":1,"position":0,"lag":0,"bytes":0,"seconds":0.000,"holder":null}' ]
	keyed 1 100 10 | stream-put -k key s
	stream-get -g g s >out
	sleep 0.01
	keyed 1 300 10 | stream-put -k key s
	sleep 0.1
	stream-ctl groups s >groups
	[ "$(jq -s 'map(.lag) | add' groups)" = 300 ]
	[ "$(jq -s 'map(.position) | add' groups)" = 100 ]
	[ "$(jq -s 'all(.seconds >= 0.1 and .seconds < 60)' groups)" = true ]
	# The second frame of each shard lies before it, and no more.
	[ "$(jq -s 'all(.bytes > 100)' groups)" = true ]
	[ "$(jq -s 'map(.bytes) | add' groups)" -lt "$(stream-ctl show s | jq -s 'map(.bytes) | add')" ]
	stream-get -g z s >out
	[ "$(stream-ctl groups s | jq -r .group | xargs)" = "g g z z" ]
	[ "$(stream-ctl groups s z | jq -s 'map(.lag, .bytes, .seconds) | add')" = 0 ]
	stream-get -g nightly s >out
	fails 2 'has no group `nigthly`; is it `nightly`?' stream-ctl groups s nigthly
	fails 2 "is no name for a group" stream-ctl groups s a/b
	stream-ctl create empty
	[ -z "$(stream-ctl groups empty)" ]
}

@test "reset: to the start, the end, a time, a @seq; not while a slot is held" {
	counted 1 10 | stream-put s
	stream-get -g g s >out
	local flow=$(grep -h flow "$STREAM_HOME"/s/groups/g/0/*.pos)
	stream-ctl reset s g --from start
	stream-get -g g s >out
	[ "$(cat out)" = "$(counted 1 10)" ]
	[ "$flow" != "$(grep -h flow "$STREAM_HOME"/s/groups/g/0/*.pos)" ]
	stream-ctl reset s g --from 7
	stream-get -g g s >out
	[ "$(cat out)" = "$(counted 8 10)" ]
	stream-ctl reset s g --from 1970-01-01
	[ "$(position g)" = "[0,0,0]" ]
	stream-ctl reset s g --from end
	[ "$(position g)" = "[0,0,10]" ]
	stream-get -f -g g s >out &
	local get=$!
	wait_for holds g $get
	fails 2 "held by process $get" stream-ctl reset s g --from start
	kill -TERM $get
	ends $get 0
	fails 2 "where to?" stream-ctl reset s g
	fails 2 "lies behind the end" stream-ctl reset s g --from 11
	fails 2 'has no group `h`' stream-ctl reset s h --from start
	fails 2 "GROUP is missing" stream-ctl reset s
	[ "$(position g)" = "[0,0,10]" ]
}

@test "delete: a group goes, and not while a slot is held" {
	counted 1 3 | stream-put s
	stream-get -g g s >out
	stream-get -f -g g s >out &
	local get=$!
	wait_for holds g $get
	fails 2 "held by process $get" stream-ctl delete s g
	kill -TERM $get
	ends $get 0
	stream-ctl delete s g
	fails 2 'has no group `g`' stream-ctl delete s g
	[ -z "$(stream-ctl groups s)" ]
	[ -z "$(ls -A "$STREAM_HOME/s/groups")" ]
	stream-get -g g s >out
	[ "$(cat out)" = "$(counted 1 3)" ]
}

@test "a position behind the end of the log is refused: the log has lost records" {
	counted 1 10 | stream-put s
	stream-get -g g s >out
	mv "$STREAM_HOME/s/groups" .
	rm -r "$STREAM_HOME/s"
	counted 1 3 | stream-put s
	mv groups "$STREAM_HOME/s"
	fails 1 "stands at @seq 10 of shard 0, which ends at 3" stream-get -g g s
	stream-ctl reset s g --from start
	stream-get -g g s >out
	[ "$(cat out)" = "$(counted 1 3)" ]
}

@test "damaged records are reported once, and passed" {
	counted 1 3 | stream-put s
	counted 4 6 | stream-put s
	local file=$(segment s) size
	size=$(stat -c %s "$file")
	printf x | dd of="$file" bs=1 seek=$((size - 8)) conv=notrunc status=none
	fails 3 "lost @seq 3 to 5" bash -c 'stream-get -g g s >out'
	[ "$(cat out)" = "$(counted 1 3)" ]
	stream-get -g g s >out
	[ ! -s out ]
}

@test "usage" {
	stream-ctl create s
	fails 2 "--steal is for groups" stream-get --steal s
	fails 2 "--slots is for groups" stream-get --slots 2 s
	fails 2 "--checkpoint is for groups" stream-get --checkpoint 1s s
	fails 2 "--on-gap is for groups" stream-get --on-gap skip s
	fails 2 "-w is for groups" stream-get -w 1s s
	fails 2 "--shard: a group reads all shards" stream-get -g g --shard 0 s
	fails 2 "is no name for a group" stream-get -g 'a b' s
	fails 2 "is no name for a group" stream-get -g .. s
	fails 2 "a group has 1 to 1000 slots" stream-get -g g --slots 1001 s
	fails 2 'there is no stream `t`' stream-get -g g t
	[ ! -e "$STREAM_HOME/s/groups" ]
}

# -- shards that are split and merged --

@test "splits and merges don't matter to a group: each record once, each key in order" {
	stream-ctl create --shards 2 s
	local i parts=(0 1)
	stream-get -g g --slots 3 s >out.0
	for i in 1 2 3 4; do
		keyed $((i * 500 - 499)) $((i * 500)) 30 | stream-put -k key s
		case $i in
		1) stream-ctl split s 0 >made ;;
		2) stream-get -f -g g s >out.1 2>/dev/null & parts[0]=$! ;;
		3) stream-ctl split s 1 >made ;;
		esac
	done
	for i in 2 3; do
		stream-get -f -g g s >out.$i 2>/dev/null &
		parts[i - 1]=$!
	done
	all_there() { [ "$(cat out.? | wc -l)" -ge 2000 ]; }
	wait_for all_there
	stream-ctl merge s 2 3 >made
	keyed 2001 2500 30 | stream-put -k key s
	all_there() { [ "$(cat out.? | wc -l)" -ge 2500 ]; }
	wait_for all_there
	for i in "${parts[@]}"; do kill -TERM $i; done
	for i in "${parts[@]}"; do ends $i 0; done
	cat out.? | jq .n | sort -n >out
	seq 1 2500 >want
	same want out
	for i in 1 2 3; do in_order out.$i; done
	[ "$(stream-ctl groups s g | jq -s 'map(.lag) | add')" = 0 ]
	# Whoever comes next begins with no shard again.
	for i in 1 2 3; do
		stream-get -g g s >again
		[ ! -s again ]
	done
}

# -- records that go away --

@test "a group that retention has overtaken stops and names the range; --on-gap skip goes on" {
	counted 0 99 | stream-put s
	stream-get -g g -n 10 s >out
	sleep 1.2
	stream-ctl retain --retention 1s s >out
	counted 100 104 | stream-put s
	fails 1 "@seq 10 to 99 of shard 0 are not kept any more" stream-get -g g s
	[ "$(position g)" = "[0,0,10]" ]
	[ "$(stream-ctl groups s g | jq .lag)" -eq 5 ]
	fails 3 "@seq 10 to 99" bash -c 'stream-get -g g --on-gap skip s >out'
	[ "$(cat out)" = "$(counted 100 104)" ]
	stream-get -g g s >out
	[ ! -s out ]
	# One that is made now begins with what there is.
	stream-get -g new s >out
	[ "$(cat out)" = "$(counted 100 104)" ]
}

@test "a group reads through the tier, and over what was compacted" {
	mkdir cold
	stream-ctl create --tier cold s
	local i
	for i in 0 1 2 3; do counted $((i * 25)) $((i * 25 + 24)) | stream-put s; done
	stream-get -g g -n 10 s >out
	stream-get -g h -n 60 s >out.h
	stream-ctl compact s >made
	[ "$(stream-ctl groups s g | jq -c '[.position, .lag]')" = "[10,90]" ]
	stream-get -g g -n 10 s >>out
	sleep 1.2
	stream-ctl retain --retention 1s s >made
	counted 100 104 | stream-put s
	[ "$(stream-ctl groups s g | jq -c '[.position, .lag]')" = "[20,85]" ]
	stream-get -g g s >>out
	stream-get -g h s >>out.h
	counted 0 104 >want
	same want out
	same want out.h
	stream-ctl reset s g --from start
	mv cold gone
	fails 1 "are in the tier" stream-get -g g s
	mv gone cold
	stream-get -g g s >out
	same want out
}

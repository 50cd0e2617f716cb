#!/usr/bin/env bats
# Shards that change: stream-ctl split, merge and scale, and what writers and readers make of it.
load helper
load store

MAX=340282366920938463463374607431768211455

# ids STREAM: its open shards, in the order of their ranges.
ids() {
	stream-ctl show "$1" | jq -c 'select(.state == "open") | [.shard, .from]' | tr -d '[]"' | sort -t, -k2,2g |
		cut -d, -f1 | xargs
}

# tiles STREAM: its open shards cover the space, without gap or overlap.
tiles() {
	stream-ctl show "$1" | python3 -c 'import json, sys
rows = sorted((int(r["from"]), int(r["to"])) for r in map(json.loads, sys.stdin) if r["state"] == "open")
assert rows[0][0] == 0 and rows[-1][1] == 2**128 - 1, rows
assert all(a[1] + 1 == b[0] for a, b in zip(rows, rows[1:])), rows'
}

# whole FILE FROM TO: it has these numbers once, those of each key in order.
whole() {
	jq .n "$1" | sort -n >whole.numbers
	seq "$2" "$3" | cmp - whole.numbers && in_order "$1"
}

# lists STREAM SHARD: the shard's parents.
parents() {
	stream-ctl show "$1" | jq -c "select(.shard == $2).parents"
}

# -- the verbs --

@test "split: two halves, and the parent is closed" {
	stream-ctl create s
	stream-ctl split s 0 >out
	[ "$(jq -c '[.shard, .state, .parents, .from, .to]' out)" = \
"[1,\"open\",[0],\"0\",\"170141183460469231731687303715884105727\"]
[2,\"open\",[0],\"170141183460469231731687303715884105728\",\"$MAX\"]" ]
	[ "$(stream-ctl show s | jq -r .state | xargs)" = "closed open open" ]
	[ "$(stream-ctl list | jq .shards)" -eq 2 ]
	tiles s
}

@test "split --at: the point is the first of the second part" {
	stream-ctl create s
	[ "$(stream-ctl split s 0 --at 1 | jq -r '.from + " " + .to' | xargs)" = "0 0 1 $MAX" ]
	[ "$(stream-ctl split s 2 --at $MAX | jq -r '.from + " " + .to' | xargs)" = \
		"1 340282366920938463463374607431768211454 $MAX $MAX" ]
	fails 2 "a single point" stream-ctl split s 1
	fails 2 "a single point" stream-ctl split s 4
	tiles s
}

@test "merge: two that meet, in either order" {
	stream-ctl create --shards 3 s
	[ "$(stream-ctl merge s 1 0 | jq -c '[.shard, .parents, .from]')" = '[3,[0,1],"0"]' ]
	[ "$(stream-ctl merge s 3 2 | jq -c '[.shard, .parents, .from, .to]')" = "[4,[2,3],\"0\",\"$MAX\"]" ]
	tiles s
}

@test "scale: equal parts in one change; what fits already stays" {
	stream-ctl create --shards 4 s
	[ "$(stream-ctl scale s 3 | jq -c '[.shard, .parents]' | xargs)" = "[4,[0,1]] [5,[1,2]] [6,[2,3]]" ]
	tiles s
	[ "$(stream-ctl scale s 1 | jq -c '.parents')" = "[4,5,6]" ]
	stream-ctl split s 7 >split
	# The halves of 8 are the first two of four quarters; 9 is none.
	stream-ctl split s 8 >split
	[ "$(stream-ctl scale s 4 | jq -c '[.shard, .parents]' | xargs)" = "[12,[9]] [13,[9]]" ]
	[ "$(ids s)" = "10 11 12 13" ]
	tiles s
}

@test "scale to what is there says so and does nothing" {
	stream-ctl create --shards 3 s
	cp streams/s/catalog before
	run --separate-stderr stream-ctl scale s 3
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ $stderr == *"s has 3 shards of equal parts already"* ]]
	cmp before streams/s/catalog
}

@test "what makes no sense is refused, and changes nothing" {
	stream-ctl create --shards 4 web
	stream-ctl split web 3 >out
	cp streams/web/catalog before
	fails 2 "SHARD is missing" stream-ctl split web
	fails 2 "STREAM is missing" stream-ctl split
	fails 2 'is it `web`?' stream-ctl split wbe 0
	fails 2 "is no shard" stream-ctl split web first
	fails 2 "web has no shard 17; open are 0, 1, 2, 4, 5" stream-ctl split web 17
	fails 2 "shard 3 of web is closed already: its records go to 4, 5" stream-ctl split web 3
	fails 2 "one operand too many" stream-ctl split web 1 2
	fails 2 "is no point of the hash space" stream-ctl split web 0 --at half
	fails 2 "is no point of the hash space" stream-ctl split web 0 --at 340282366920938463463374607431768211456
	fails 2 "is no point of the hash space" stream-ctl split web 0 --at -1
	fails 2 "does not split shard 0, which has 0 to 85070591730234615865843651857942052863" \
		stream-ctl split web 0 --at 85070591730234615865843651857942052864
	fails 2 "both parts need a point" stream-ctl split web 0 --at 0
	fails 2 "SHARD is missing" stream-ctl merge web 1
	fails 2 "shards 0 and 2 of web do not meet: 0 meets 1, 2 meets 1 and 4" stream-ctl merge web 0 2
	fails 2 "cannot be merged: 0 meets 1" stream-ctl merge web 0 0
	fails 2 "closed already" stream-ctl merge web 2 3
	fails 2 "N, the number of shards, is missing" stream-ctl scale web
	fails 2 "1 to 10000 shards" stream-ctl scale web 0
	fails 2 "1 to 10000 shards" stream-ctl scale web 10001
	fails 2 "1 to 10000 shards" stream-ctl scale web many
	cmp before streams/web/catalog
}

@test "what a resharding left that did not come to its decision is replaced" {
	stream-ctl create s
	mkdir -p streams/s/shards/1/aside
	cp streams/s/shards/0/*.seg streams/s/shards/1/
	echo junk >streams/s/shards/1/head
	echo half >streams/s/+catalog
	stream-ctl split s 0 >out
	keyed 1 200 20 | stream-put -k key s
	stream-get s >out
	whole out 1 200
	[ ! -e streams/s/shards/1/aside ]
}

@test "a catalog as it was written before shards had children still reads" {
	stream-ctl create --shards 2 s
	counted 1 10 | stream-put s
	[ "$(grep -c '^shard . open [0-9a-f]* [0-9a-f]* - -$' streams/s/catalog)" -eq 2 ]
	[ "$(stream-get s | wc -l)" -eq 10 ]
}

# -- records --

@test "each key keeps its order through splits, merges and scalings" {
	stream-ctl create s
	keyed 1 500 20 | stream-put -k key s
	stream-ctl split s 0 >out
	keyed 501 1000 20 | stream-put -k key s
	stream-ctl scale s 5 >out
	keyed 1001 1500 20 | stream-put -k key s
	stream-ctl merge s 3 4 >out
	keyed 1501 2000 20 | stream-put -k key s
	stream-get s >out
	whole out 1 2000
	# All of a generation comes before what its children have.
	stream-get --meta s | jq -r '"\(.n) \(."@shard") \(."@seq") \(."@arrived")"' >places
	[ "$(awk '$1 <= 500 { print $2 }' places | sort -u)" = 0 ]
	[ "$(awk '$1 > 500 && $1 <= 1000 { print $2 }' places | sort -un | xargs)" = "1 2" ]
	# @seq rises from parents to children.
	awk '$2 == 0 && $3 > most { most = $3 } ($2 == 1 || $2 == 2) && $3 <= most { print; bad = 1 } END { exit bad }' places
}

@test "records of one key lie in the shard that owns its hash" {
	stream-ctl create --hash md5 s
	stream-ctl scale s 16 >out
	keyed 1 200 200 | stream-put -k key s
	stream-get --meta s | jq -r '"\(.key) \(."@shard")"' >out
	while read -r key shard; do
		echo "$key $((16#$(printf %s "$key" | md5sum | cut -c1) + 1))"
	done <out >want
	same want out
}

@test "a writer at work goes over to the new shards" {
	mkfifo pipe
	stream-put -k key s <pipe &
	local put=$!
	exec 7>pipe
	keyed 1 300 20 >&7
	wait_for has_records s 300
	stream-ctl split s 0 >out
	keyed 301 600 20 >&7
	wait_for has_records s 600
	stream-ctl merge s 1 2 >out
	keyed 601 900 20 >&7
	exec 7>&-
	ends $put 0
	stream-get s >out
	whole out 1 900
	[ "$(stream-get --shard 0 s | wc -l)" -eq 300 ]
	[ "$(stream-get --shard 1,2 s | wc -l)" -eq 300 ]
	[ "$(stream-get --shard 3 s | wc -l)" -eq 300 ]
}

has_records() {
	[ "$(stream-get "$1" | wc -l)" -ge "$2" ]
}

@test "a follower goes over to the new shards, and each key keeps its order" {
	stream-ctl create s
	stream-get -f s >out &
	local get=$!
	local i
	for i in 0 1 2 3 4 5; do
		keyed $((i * 200 + 1)) $((i * 200 + 200)) 20 | stream-put -k key s
		stream-ctl scale s $((i % 3 + 2)) >new
	done
	keyed 1201 1400 20 | stream-put -k key s
	wait_for has_lines out 1400
	kill $get
	ends $get 0
	whole out 1 1400
}

@test "a follower from the end reads children from their beginning" {
	stream-ctl create s
	keyed 1 100 10 | stream-put -k key s
	stream-get -f --from end s >out &
	local get=$!
	wait_for follows $get
	stream-ctl split s 0 >new
	keyed 101 200 10 | stream-put -k key s
	wait_for has_lines out 100
	kill $get
	ends $get 0
	whole out 101 200
}

# follows PID: it waits for news.
follows() {
	[ -n "$(find /proc/"$1"/fd -lname 'anon_inode:inotify' 2>/dev/null)" ] &&
		grep -qE 'poll|select' /proc/"$1"/wchan
}

@test "--from SEQ, --to SEQ, -n and --shard in a stream whose shards have changed" {
	stream-ctl create s
	keyed 1 100 10 | stream-put -k key s
	stream-ctl split s 0 >new
	keyed 101 200 10 | stream-put -k key s
	stream-get --from 50 --to 100 s >out
	whole out 51 100
	stream-get --from 100 s >out
	whole out 101 200
	stream-get -n 150 s >out
	[ "$(head -n 100 out | jq .n | sort -n | tail -n 1)" -eq 100 ]
	[ "$(wc -l <out)" -eq 150 ]
	stream-get --shard 0 s >out
	whole out 1 100
	stream-get --shard 1 --shard 2 s >out
	whole out 101 200
	# A grandchild waits for its grandparent, also where the parent is not read.
	stream-ctl split s 1 >new
	keyed 201 300 10 | stream-put -k key s
	[ "$(stream-get --shard 4,0,3 --meta s | jq '."@shard"' | uniq | head -n 1)" -eq 0 ]
	fails 2 "s has no shard 9" stream-get --shard 9 s
	fails 2 "lies behind the end" stream-get --from 100000 s
	fails 2 "one operand" stream-ctl show s s
}

@test "several streams that change are followed together" {
	stream-ctl create a
	stream-ctl create b
	stream-get -f --meta a b >out &
	local get=$! name
	for name in a b; do
		keyed 1 100 10 | stream-put -k key $name
		stream-ctl split $name 0 >new
		keyed 101 200 10 | stream-put -k key $name
	done
	wait_for has_lines out 400
	kill $get
	ends $get 0
	for name in a b; do
		jq -c "select(.\"@stream\" == \"$name\")" out >one
		whole one 1 200
	done
}

@test "polling finds new shards as well" {
	stream-ctl create s
	# Where no process may watch, stream-get polls.
	command -v unshare >/dev/null || skip "no unshare"
	unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_inotify_instances' 2>/dev/null || skip "inotify cannot be refused here"
	unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_inotify_instances; exec stream-get -f s' >out 2>err &
	local get=$!
	keyed 1 100 10 | stream-put -k key s
	stream-ctl split s 0 >new
	keyed 101 200 10 | stream-put -k key s
	wait_for has_lines out 200
	kill $get
	ends $get 0
	grep -q "looked for every 50 ms" err
	whole out 1 200
}

@test "time goes on through a split: windows close once and hold the same" {
	local cut
	mkfifo records
	stream-gen sensor -n 20000 --seed 3 >in
	stream-ctl create s
	stream-window 10s -t ts records | stream-agg count -o json >live &
	local pipe=$!
	stream-get -f s >records &
	local get=$!
	for cut in 1 2 3 4; do
		sed -n "$((cut * 5000 - 4999)),$((cut * 5000))p" in | stream-put -k sensor s
		stream-ctl scale s $cut >new 2>&1
	done
	stream-window 10s -t ts --delay 5s in | stream-agg count -o json >want
	local lines
	lines=$(($(wc -l <want) - 2))
	wait_for has_lines live $lines
	kill $get
	ends $get 0
	ends $pipe 0
	head -n $lines live >got
	head -n $lines want | same - got
}

# -- streams that go --

@test "a follower whose stream is removed ends with one line and status 1" {
	counted 1 10 | stream-put s
	stream-get -f s >out 2>err &
	local get=$!
	wait_for has_lines out 10
	rm -r streams/s
	ends $get 1
	[ "$(wc -l <err)" -eq 1 ]
	grep -q "the stream s was removed" err
}

@test "a stream that is removed and made anew is another one" {
	counted 1 10 | stream-put s
	stream-get -f s >out 2>err &
	local get=$!
	mkfifo pipe
	stream-put s <pipe 2>put.err &
	local put=$!
	exec 7>pipe
	wait_for has_lines out 10
	counted 11 12 >&7
	wait_for has_lines out 12
	mv streams/s streams/old
	stream-ctl create s
	ends $get 1
	grep -q "the stream s was removed" err
	counted 13 14 >&7
	exec 7>&-
	ends $put 1
	grep -q "the stream s was removed, and another made in its place" put.err
	[ -z "$(stream-get s)" ]
}

# -- creators that die --

@test "what a dead creator left is removed by the next one; what is being made is not" {
	stream-ctl create a
	mkdir -p streams/+new-0123456789abcdef/shards/0 streams/+new-held
	echo x >streams/+new-0123456789abcdef/shards/0/lock
	exec 8<streams/+new-held
	flock 8
	stream-ctl create b
	[ "$(ls -A streams | xargs)" = "+new-held a b" ]
	exec 8<&-
	[ "$(stream-ctl list | jq -r .stream | xargs)" = "a b" ]
	stream-ctl create c
	[ "$(ls -A streams | xargs)" = "a b c" ]
}

@test "many creators at once, some of them killed: all streams are whole, nothing is left" {
	local i all=()
	for i in {1..12}; do
		stream-ctl create --shards 30 s$i &
		all+=($!)
	done
	sleep 0.01
	for i in 0 3 6 9; do
		kill -9 "${all[i]}" 2>/dev/null || true
	done
	for i in "${all[@]}"; do
		wait "$i" || true
	done
	stream-ctl create last
	[ -z "$(ls -A streams | grep '^+' || true)" ]
	for i in $(ls streams); do
		stream-ctl show "$i" >shown
		stream-put "$i" <<<'{"n":1}'
	done
	for i in 2 3 5 6 8 9 11 12; do
		[ -d streams/s$i ]
	done
}

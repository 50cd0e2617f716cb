#!/usr/bin/env bats
# The store under kill -9, many writers, full disks and damage: what was acknowledged is there once, the rest is told.
load ../helper
load ../store

# -- killed writers --

# attempt NAME RUN: a run of stream-put that is killed two times out of three, at a moment that differs from run to run;
# NAME.ledger gets the records of those that ended with 0, NAME.status what became of each.
attempt() {
	local put status=0 part
	seq $(($2 * 1000 + 1)) $(($2 * 1000 + 400)) | awk -v name="$1" '{ printf "{\"key\":\"%s%d\",\"n\":%d}\n", name, $1 % 7, $1 }' \
		>"$1.in"
	# The input rests now and then, so that a run is many appends and syncs.
	for part in 1 101 201 301; do
		sed -n "$part,$((part + 99))p" "$1.in"
		sleep 0.005
	done 2>/dev/null | stream-put -k key s 2>>"$1.err" &
	put=$!
	if [ $(($2 % 3)) -ne 0 ]; then
		sleep 0.0$(($2 * 7 % 23 + 10))
		kill -9 $put 2>/dev/null || true
	fi
	wait $put 2>/dev/null || status=$?
	[ $status -ne 0 ] || cat "$1.in" >>"$1.ledger"
	echo $status >>"$1.status"
}

# accounted: none is lost, none is there twice; of a run that was killed a key has the first records of its, or none.
accounted() {
	stream-get s >out
	sort ./*.ledger >want
	sort out >have
	[ -z "$(comm -23 want have)" ]
	[ -z "$(uniq -d have)" ]
	jq -r '"\(.key) \(.n / 1000 | floor) \(.n)"' out | awk '{
		if ($3 <= newest[$1] || (($1, $2) in last && $3 != last[$1, $2] + 7)) { print; bad = 1 }
		newest[$1] = last[$1, $2] = $3
	} END { exit bad }'
	stream-get --meta s | jq -r '"\(."@shard") \(."@seq")"' | awk '$2 != n[$1]++ { print; bad = 1 } END { exit bad }'
	cat ./*.status | sort | uniq -c
	[ "$(sort -u ./*.status | xargs)" = "0 137" ]
	[ ! -s a.err ]
}

@test "kill -9 of stream-put, again and again: what was acknowledged is there, once and in order" {
	stream-ctl create --shards 2 s
	local run
	for run in {1..20}; do
		attempt a $run
	done
	accounted
}

@test "the same with three at once, killed while they sync for each other" {
	stream-ctl create --shards 2 --sync always s
	local name all=()
	for name in a b c; do
		(for run in {1..10}; do
			attempt $name $run
		done) &
		all+=($!)
	done
	for name in "${all[@]}"; do
		ends "$name" 0
	done
	accounted
}

@test "a torn write that a killed writer left behind is cut, and nothing is told of it" {
	counted 1 5 | stream-put s
	head -c 300 "$(segment s)" | tail -c 150 >>"$(segment s)"
	[ "$(stream-get s 2>err)" = "$(counted 1 5)" ]
	counted 6 7 | stream-put s
	[ "$(stream-get s 2>>err)" = "$(counted 1 7)" ]
	[ ! -s err ]
}

@test "a follower outlives the writers that are killed under it" {
	stream-ctl create s
	stream-get -f -o json s >out &
	local get=$! i
	mkfifo pipe
	for i in 1 2 3 4 5; do
		stream-put s <pipe &
		local put=$!
		exec 7>pipe
		counted $i $i >&7
		wait_for has_lines out $i
		kill -9 $put
		exec 7>&-
		wait $put 2>/dev/null || true
	done
	kill -TERM $get
	ends $get 0
	[ "$(cat out)" = "$(counted 1 5)" ]
}

@test "stream-get -f into stream-agg: a putter that dies is no end, a reader that dies is status 4" {
	stream-ctl create s
	mkfifo pipe input
	stream-get -f -o frames s >pipe &
	local get=$!
	stream-agg count --every 10ms <pipe >out 2>err &
	local agg=$!
	stream-put s <input &
	local put=$!
	exec 7>input
	counted 1 3 >&7
	says() { [ "$(tail -n 1 out)" = "{\"count\":$1}" ]; }
	wait_for says 3
	kill -9 $put
	exec 7>&-
	counted 4 5 | stream-put s
	wait_for says 5
	kill -0 $agg
	kill -9 $get
	ends $agg 4
	grep -q 'without END' err
}

@test "upstream of stream-put is killed in mid stream: status 4, and a whole beginning is there" {
	stream-gen weblog -n 40000 >in
	# again: the input over and over, until nobody reads it.
	again() { while cat in 2>/dev/null; do :; done; }
	mkfifo input pipe
	stream-put s <pipe 2>err &
	local put=$!
	stream-cat <input >pipe &
	local upstream=$!
	again >input &
	some() { [ "$(stream-get -q s 2>/dev/null | head -n 5 | wc -l)" -eq 5 ]; }
	wait_for some
	kill -9 $upstream
	ends $put 4
	grep -q 'without END' err
	stream-get s >out
	[ -s out ]
	again | head -n "$(wc -l <out)" | cmp - out
	stream-put s <<<'{"after":1}'
	[ "$(stream-get s | tail -n 1)" = '{"after":1}' ]
}

# -- many at once --

@test "eight writers and three followers on four shards: each record once, in order by key" {
	stream-ctl create --shards 4 s
	local i followers=() writers=()
	for i in 1 2 3; do
		stream-get -f -n 8000 s >follow.$i &
		followers+=($!)
	done
	for i in {1..8}; do
		# Ten appends or more each: the input has a rest in between. Each writer has keys of its own.
		(for part in {0..9}; do
			seq $((part * 100 + 1)) $((part * 100 + 100)) |
				awk -v w=$i '{ printf "{\"key\":\"w%d-%d\",\"n\":%d}\n", w, $1 % 5, $1 }'
			sleep 0.002
		done) | stream-put -k key s &
		writers+=($!)
	done
	for i in "${writers[@]}"; do
		ends "$i" 0
	done
	for i in "${followers[@]}"; do
		ends "$i" 0
	done
	stream-get s >out
	local file
	for file in out follow.1 follow.2 follow.3; do
		[ "$(wc -l <$file)" -eq 8000 ]
		[ "$(sort -u $file | wc -l)" -eq 8000 ]
		in_order $file
	done
}

@test "eight writers make the same stream at once" {
	local i all=()
	for i in {1..8}; do
		counted $i $i | stream-put s &
		all+=($!)
	done
	for i in "${all[@]}"; do
		ends "$i" 0
	done
	[ "$(stream-get s | sort)" = "$(counted 1 8)" ]
	[ "$(ls -A "$STREAM_HOME")" = s ]
}

# -- no room --

@test "a full disk: status 1, what was acknowledged stays, and it goes on when there is room" {
	mkdir disk
	mount -t tmpfs -o size=2m tmpfs disk 2>/dev/null || skip "no right to mount a tmpfs"
	export STREAM_HOME=$PWD/disk
	counted 1 10 | stream-put s
	head -c 1800K /dev/zero >disk/ballast
	stream-gen weblog -n 20000 >in
	local status=0
	stream-put s in 2>err || status=$?
	stream-get s >out 2>err.get || true
	rm disk/ballast
	local again=0
	counted 11 20 | stream-put s || again=$?
	stream-get s >after || again=$?
	umount -l disk
	[ $status -eq 1 ]
	grep -q 'No space left' err
	[ ! -s err.get ]
	[ "$(head -n 10 out)" = "$(counted 1 10)" ]
	[ $again -eq 0 ]
	[ "$(head -n 10 after)" = "$(counted 1 10)" ]
	[ "$(tail -n 10 after)" = "$(counted 11 20)" ]
}

@test "a limit on the size of files: an error where the signal is ignored, and a good store in any case" {
	counted 1 10 | stream-put s
	stream-gen weblog -n 20000 >in
	local status=0
	(trap '' XFSZ && ulimit -f 400 && exec stream-put s in 2>err) || status=$?
	[ $status -eq 1 ]
	grep -q 'File too large' err
	status=0
	(ulimit -f 400 && ulimit -c 0 && exec stream-put s in 2>/dev/null) || status=$?
	[ $status -ne 0 ]
	counted 11 20 | stream-put s
	stream-get s >out
	[ "$(head -n 10 out)" = "$(counted 1 10)" ]
	[ "$(tail -n 10 out)" = "$(counted 11 20)" ]
	# What came between is whole records of the input.
	[ -z "$(tail -n +11 out | head -n -10 | sort -u | comm -23 - <(sort -u in))" ]
}

@test "a directory that may only be read" {
	[ "$(id -u)" -ne 0 ] || skip "root may write everywhere"
	counted 1 3 | stream-put s
	chmod -R a-w "$STREAM_HOME"
	fails 1 "Permission denied" stream-put t
	fails 1 "Permission denied" stream-ctl create t
	stream-get s >out
	chmod -R u+w "$STREAM_HOME"
	[ "$(cat out)" = "$(counted 1 3)" ]
}

# -- damage --

# five: a stream with an append for each of five records, 0 to 4, so that each has its @seq for number.
five() {
	local i
	for i in 0 1 2 3 4; do
		counted $i $i | stream-put s
	done
}

# changed AT: a byte of the segment becomes another.
changed() {
	local file byte
	file=$(segment s)
	byte=$(od -An -tu1 -j "$1" -N 1 "$file")
	printf "\\x$(printf %x $(((byte + 1) % 256)))" | dd of="$file" bs=1 seek="$1" conv=notrunc status=none
}

@test "a flipped byte anywhere in a segment: reported, what it does not touch is served, and it goes on" {
	five
	local size at
	size=$(wc -c <"$(segment s)")
	cp -r "$STREAM_HOME" whole
	for at in 3 90 130 200 $((size / 2 - 50)) $((size / 2)) $((size / 2 + 77)) $((size - 200)) $((size - 9)); do
		rm -r "$STREAM_HOME"
		cp -r whole "$STREAM_HOME"
		changed "$at"
		local status=0
		stream-get s >out 2>err || status=$?
		[ -z "$(comm -23 <(sort out) <(counted 0 4 | sort))" ]
		case $(wc -l <out) in
		5) [ $status -eq 0 ] || [ "$at" -lt 128 ] ;;
		4) [ $status -eq 3 ] && grep -q 's: shard 0 has lost @seq' err ;;
		*) false ;;
		esac || { echo "byte $at, status $status:"; cat out err; false; }
		counted 5 5 | stream-put s
		[ "$(stream-get s 2>/dev/null | tail -n 1)" = '{"n":5}' ]
	done
}

@test "damage is counted and kept, once, and a pipeline behind it ends with 3" {
	five
	changed $(($(wc -c <"$(segment s)") / 2))
	stream-get --bad bad s >out
	[ "$(cat out)" = '{"n":0}
{"n":1}
{"n":3}
{"n":4}' ]
	[ "$(wc -l <bad)" -eq 1 ]
	grep -q 'lost @seq 2 to 2' bad
	pipe 'stream-get -q s | stream-agg count >count'
	[ "$PIPE" = "3 3" ]
	[ "$(cat count)" = '{"count":4}' ]
	run -3 --separate-stderr stream-get s
	[[ $stderr == "stream-get: s: shard 0 has lost @seq 2 to 2 ("*")" ]]
	# What lies elsewhere is no one's concern.
	[ "$(stream-get --from 3 s)" = "$(counted 3 4)" ]
	[ "$(stream-get --to 2 s)" = "$(counted 0 1)" ]
}

@test "a segment cut short below what was acknowledged: reported, and numbers go on behind it" {
	five
	truncate -s -10 "$(segment s)"
	run -3 --separate-stderr stream-get s
	[ "$output" = "$(counted 0 3)" ]
	[[ $stderr == *"lost @seq 4 to 4"* ]]
	counted 5 6 | stream-put s
	run -3 --separate-stderr stream-get s
	[ "$output" = "$(printf '{"n":%d}\n' 0 1 2 3 5 6)" ]
	[ "$(stream-get -q --meta s | jq '."@seq"' | xargs)" = "0 1 2 3 5 6" ]
}

@test "a head that is lost or damaged comes back" {
	five
	local head=$STREAM_HOME/s/shards/0/head how
	for how in 'rm "$head"' 'truncate -s 0 "$head"' 'head -c 256 /dev/urandom >"$head"'; do
		eval "$how"
		[ "$(stream-get s)" = "$(counted 0 4)" ]
	done
	counted 5 5 | stream-put s
	[ "$(stream-get s)" = "$(counted 0 5)" ]
}

@test "a damaged catalog, and one of a newer version, are refused and left alone" {
	five
	cp "$STREAM_HOME/s/catalog" good
	sed 's/^stream 1/stream 2/' good >"$STREAM_HOME/s/catalog"
	fails 2 "newer release" stream-get s
	fails 2 "newer release" stream-put s
	fails 2 "newer release" stream-ctl show s
	fails 1 "already" stream-ctl create s
	sed 's/^hash xxh3/hash md5/' good >"$STREAM_HOME/s/catalog"
	fails 1 "checksum" stream-get s
	fails 1 "checksum" stream-put s
	: >"$STREAM_HOME/s/catalog"
	fails 1 "damaged" stream-get s
	cp good "$STREAM_HOME/s/catalog"
	[ "$(stream-get s)" = "$(counted 0 4)" ]
}

#!/usr/bin/env bats
# stream-ctl fsck, delete and sync.
load helper
load store

# bytes FILE OFFSET TEXT: overwrites.
bytes() {
	printf %s "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# frames STREAM COUNT: so many frames of ten records each.
frames() {
	local i
	for ((i = 0; i < $2; i++)); do
		counted $((i * 10 + 1)) $((i * 10 + 10)) >frame
		stream-put "$1" frame
	done
}

faults() {
	stream-ctl fsck "$@" -o json 2>fsck.err | jq -c 'select(.kind == "fault")'
}

@test "fsck: a stream that is well, also while it is written and read" {
	stream-ctl create --shards 3 s
	keyed 1 3000 50 | stream-put -k key s
	stream-ctl fsck s >out
	[ "$(jq -r .kind out | xargs)" = "shard shard shard" ]
	[ "$(jq -c keys_unsorted out | sort -u)" = '["kind","shard","segments","records","bytes","faults"]' ]
	[ "$(jq -s 'map(.records) | add' out)" -eq 3000 ]
	[ "$(jq -s 'map(.bytes) | add' out)" -eq "$(cat "$STREAM_HOME"/s/shards/*/*.seg | wc -c)" ]
	(for i in 1 2 3 4 5 6 7 8 9 10; do keyed 1 2000 50; sleep 0.02; done) | stream-put -k key s &
	local put=$! i
	stream-get -f s >/dev/null &
	local get=$!
	for i in 1 2 3 4 5 6; do
		stream-ctl fsck s >out
		[ "$(jq -s 'map(.faults) | add' out)" -eq 0 ]
	done
	ends $put 0
	kill $get
	[ "$(stream-ctl fsck s | jq -s 'map(.records) | add')" -eq 23000 ]
}

@test "fsck: a damaged frame, its repair, and quiet readers" {
	frames s 5
	local file
	file=$(segment s)
	bytes "$file" $(($(stat -c %s "$file") / 2)) '####'
	[ "$(faults s | jq -c '[.shard, .file, .first, .last, .repair]')" = \
		'[0,"shards/0/00000000000000000000.seg",20,29,null]' ]
	one_line fsck.err 's: 1 fault found'
	run -3 --separate-stderr stream-get s
	[ "${#lines[@]}" -eq 40 ]
	cp "$file" before
	run -1 --separate-stderr stream-ctl fsck --repair s
	[ "$(jq -c 'select(.kind == "fault") | [.first, .last, .repair]' <<<"$output")" = '[20,29,"set aside"]' ]
	# The bytes are aside, whole.
	local from to
	from=$(jq 'select(.kind == "fault").from' <<<"$output")
	to=$(jq 'select(.kind == "fault").to' <<<"$output")
	tail -c +$((from + 1)) before | head -c $((to - from)) >want
	same want "$STREAM_HOME"/s/shards/0/aside/*
	grep -q ' lost 20 30 ' "$STREAM_HOME/s/shards/0/lost"
	# What could be read can be read, nobody complains, and a note stays.
	stream-get s 2>err | jq .n | xargs >out
	[ "$(cat out)" = "$({ seq 1 20; seq 31 50; } | xargs)" ]
	[ ! -s err ]
	stream-ctl fsck s >out
	[ "$(jq -c 'select(.kind == "note" and .first != null) | [.first, .last]' out)" = '[20,29]' ]
	counted 51 60 | stream-put s
	[ "$(stream-get s | wc -l)" -eq 50 ]
	stream-ctl fsck s >/dev/null
}

@test "fsck --repair under a writer: it goes on, and nothing of it is lost" {
	frames s 5
	mkfifo in
	stream-put s <in &
	local put=$! file
	exec 7>in
	counted 51 60 >&7
	wait_for has_records s 60
	file=$(segment s)
	bytes "$file" $(($(stat -c %s "$file") / 3)) '##'
	run -1 --separate-stderr stream-ctl fsck --repair s
	counted 61 70 >&7
	exec 7>&-
	ends $put 0
	stream-ctl fsck s >/dev/null
	[ "$(stream-get s | jq .n | tail -n 20 | xargs)" = "$(seq 51 70 | xargs)" ]
	[ "$(stream-get s | wc -l)" -eq 60 ]
}

has_records() {
	[ "$(stream-get "$1" | wc -l)" -eq "$2" ]
}

@test "fsck: the stream line, the head, a segment cut or gone, and the catalog" {
	local file
	frames line 3
	bytes "$(segment line)" 20 XX
	[ "$(faults line | jq -r .problem)" = "the stream line is damaged" ]
	run -1 --separate-stderr stream-ctl fsck --repair line
	stream-ctl fsck line >/dev/null
	[ "$(stream-get line | wc -l)" -eq 30 ]

	frames head 3
	bytes "$STREAM_HOME/head/shards/0/head" 130 XXXX
	[ "$(faults head | jq -r .problem)" = "a slot of the head is damaged" ]
	rm "$STREAM_HOME/head/shards/0/head"
	[ "$(faults head | jq -r .problem)" = "the head is missing" ]
	run -1 --separate-stderr stream-ctl fsck --repair head
	stream-ctl fsck head >/dev/null
	[ "$(stream-get head | wc -l)" -eq 30 ]

	frames cut 3
	truncate -s -8 "$(segment cut)"
	[ "$(faults cut | jq -c '[.first, .last]')" = '[20,29]' ]
	run -1 --separate-stderr stream-ctl fsck --repair cut
	stream-ctl fsck cut >/dev/null
	[ "$(stream-get cut | wc -l)" -eq 20 ]

	frames gone 3
	rm "$(segment gone)"
	[ "$(faults gone | jq -c '[.first, .last, .problem]')" = '[0,29,"the newest segment is not there"]' ]
	run -1 --separate-stderr stream-ctl fsck --repair gone
	counted 1 5 | stream-put gone
	stream-ctl fsck gone >/dev/null
	[ "$(stream-get --meta gone | jq -c '."@seq"' | head -n 1)" -eq 30 ]

	frames catalog 3
	bytes "$STREAM_HOME/catalog/catalog" 30 XXXX
	[ "$(faults catalog | jq -c '[.shard, .file]')" = '[null,"catalog"]' ]
	run -1 --separate-stderr stream-ctl fsck catalog
	[ "$(jq 'select(.kind == "shard").records' <<<"$output")" -eq 30 ]
}

@test "fsck: a torn write that nobody was promised is no fault; strangers and leftovers are notes" {
	frames s 2
	head -c 100 /dev/urandom >>"$(segment s)"
	touch "$STREAM_HOME/s/what" "$STREAM_HOME/s/shards/0/+segment" "$STREAM_HOME/s/shards/0/x.seg"
	mkdir "$STREAM_HOME/s/shards/7"
	stream-ctl fsck s >out
	[ "$(jq -r 'select(.kind == "note").file' out | sort | xargs)" = \
		"shards/0/+segment shards/0/x.seg shards/7 what" ]
}

@test "fsck: records of another shard" {
	stream-ctl create --shards 2 s
	keyed 1 100 10 | stream-put -k key s
	# The same frames, where the other shard's range is the catalog's: its lines change places.
	python3 - "$STREAM_HOME/s/catalog" <<'PY'
import ctypes, re, subprocess, sys
path = sys.argv[1]
lines = open(path).read().splitlines(True)
a = next(i for i, l in enumerate(lines) if l.startswith("shard 0 "))
x, y = lines[a].split(), lines[a + 1].split()
x[3:5], y[3:5] = y[3:5], x[3:5]
lines[a], lines[a + 1] = " ".join(x) + "\n", " ".join(y) + "\n"
body = "".join(lines[:-1])
try:
    lib = ctypes.CDLL("libxxhash.so.0")
except OSError:
    sys.exit(0)
lib.XXH3_64bits.restype = ctypes.c_uint64
open(path, "w").write(body + "check %016x\n" % lib.XXH3_64bits(body.encode(), len(body)))
open("swapped", "w")
PY
	[ -e swapped ] || skip "no libxxhash to sign a changed catalog with"
	faults s >out
	[ "$(jq -r .problem out | sort -u)" = "the @hash of a record belongs to another shard" ]
	[ "$(jq -s 'map(.last - .first + 1) | add' out)" -eq 100 ]
}

@test "fsck: what can't be checked, and usage" {
	stream-ctl create web
	fails 2 'is it `web`?' stream-ctl fsck wbe
	fails 2 "STREAM is missing" stream-ctl fsck
	fails 2 "one operand too many" stream-ctl fsck web web
	mkdir "$STREAM_HOME/directory"
	fails 2 "is no stream: it has no catalog" stream-ctl fsck directory
	echo "stream 99" >"$STREAM_HOME/web/catalog"
	fails 2 "newer release" stream-ctl fsck web
}

@test "sync: makes durable what a stream that never syncs has, and changes the policy, also of a writer at work" {
	stream-ctl create --sync never s
	counted 1 5 | stream-put s
	[ -z "$(stream-ctl sync s)" ]
	mkfifo in
	stream-put s <in &
	local put=$!
	exec 7>in
	counted 6 10 >&7
	wait_for has_records s 10
	stream-ctl sync --sync 20ms s
	[ "$(stream-ctl show s | jq -r .sync)" = 20ms ]
	counted 11 15 >&7
	wait_for has_records s 15
	exec 7>&-
	ends $put 0
	fails 2 "is no way to sync" stream-ctl sync --sync often s
	fails 2 'there is no stream `t`' stream-ctl sync t
	# With the head of another boot only what was durable is beyond doubt: all of it was.
	stream-ctl fsck s | jq -e '.faults == 0 and .records == 15'
}

@test "delete: at once and whole; writers and readers end; the name is free" {
	counted 1 5 | stream-put s
	ln -s / "$STREAM_HOME/s/shards/0/root"
	mkdir out
	touch out/kept
	ln -s "$PWD/out" "$STREAM_HOME/s/shards/0/aside"
	mkfifo in
	stream-put s <in 2>put.err &
	local put=$!
	exec 7>in
	counted 6 10 >&7
	wait_for has_records s 10
	stream-get -f s >got 2>get.err &
	local get=$!
	wait_for has_lines got 10
	[ -z "$(stream-ctl delete s)" ]
	[ -z "$(ls -A "$STREAM_HOME")" ]
	[ -e out/kept ]
	counted 11 15 >&7
	exec 7>&-
	ends $put 1
	ends $get 1
	one_line put.err 'the stream s was removed'
	one_line get.err 'the stream s was removed'
	fails 2 "there is no stream" stream-ctl delete s
	counted 1 1 | stream-put s
	[ "$(stream-get s)" = '{"n":1}' ]
}

@test "delete: a stream made anew in its place is not taken for it" {
	counted 1 5 | stream-put s
	mkfifo in
	stream-put s <in 2>err &
	local put=$!
	exec 7>in
	counted 6 10 >&7
	wait_for has_records s 10
	stream-ctl delete s
	stream-ctl create s
	counted 11 15 >&7
	exec 7>&-
	ends $put 1
	one_line err 'was removed, and another made in its place'
	[ -z "$(stream-get s)" ]
}

@test "delete: what is no stream, and a link, are left alone; an interrupted removal is finished by the next" {
	mkdir -p "$STREAM_HOME/directory" real
	touch "$STREAM_HOME/directory/file"
	fails 2 "is no stream" stream-ctl delete directory
	[ -e "$STREAM_HOME/directory/file" ]
	stream-ctl create ./real/s
	ln -s "$PWD/real/s" "$STREAM_HOME/linked"
	fails 2 "is a link" stream-ctl delete linked
	[ -e real/s/catalog ]
	stream-ctl create a
	mkdir -p "$STREAM_HOME/+gone-0123456789abcdef/shards/0"
	stream-ctl delete a
	[ "$(ls -A "$STREAM_HOME" | xargs)" = "directory linked" ]
}

# small STREAM ARG...: a stream of many segments.
small() {
	local i
	stream-ctl create --max-size 1G "$@"
	for i in 1 2 3 4 5 6; do
		counted $((i * 1000 - 999)) $((i * 1000)) | stream-put "$1"
		stream-ctl compact "$1" >/dev/null
	done
}

@test "fsck: segments that were compacted, their indexes, and the low-water mark" {
	small s
	stream-ctl fsck s >out
	[ "$(jq -s 'map(select(.kind == "shard").records) | add' out)" -eq 6000 ]
	[ "$(jq -s 'map(select(.kind != "shard")) | length' out)" -eq 0 ]
	# Damage in a compacted one is found and repaired, under its own name.
	local file
	file=$(ls "$STREAM_HOME"/s/shards/0/*-*.seg | head -n 1)
	bytes "$file" $(($(stat -c %s "$file") / 2)) '####'
	[ "$(faults s | wc -l)" -eq 1 ]
	stream-get s 2>/dev/null >before || [ $? -eq 3 ]
	[ "$(wc -l <before)" -lt 6000 ]
	run -1 --separate-stderr stream-ctl fsck --repair s
	[ -e "$file" ]
	stream-ctl fsck s >/dev/null
	stream-get s >after
	same before after
	# Below the mark nothing is missed; above it is.
	stream-ctl retain --max-size 1 s >/dev/null
	stream-get s >kept
	[ "$(wc -l <kept)" -lt 5000 ]
	stream-ctl fsck s >out
	[ "$(jq -s 'map(select(.kind == "shard").records) | add' out)" -eq "$(wc -l <kept)" ]
	echo "low 1 1 0123456789abcdef" >"$STREAM_HOME/s/shards/0/low"
	[ "$(faults s | jq -r .file)" = shards/0/low ]
}

@test "fsck: segments that are not there: the oldest, one in the middle, the newest" {
	local file
	for file in first middle newest; do
		stream-ctl create --max-size 1M $file
		for _ in 1 2 3 4 5 6; do
			head -c 25000 /dev/urandom | base64 -w 60 | jq -Rc '{n: .}' >bulk
			stream-put $file bulk
			stream-ctl compact $file >/dev/null
		done
		stream-put $file bulk
		local total=$((7 * $(wc -l <bulk)))
		local files=("$STREAM_HOME/$file"/shards/0/*.seg)
		case $file in
		first) rm "${files[0]}" ;;
		middle) rm "${files[2]}" ;;
		newest) rm "${files[-1]}" ;;
		esac
		timeout 300 stream-get $file >before 2>err && return 1
		[ $? -eq 3 ]
		one_line err "$file: shard 0 has lost @seq"
		local lost
		lost=$(faults $file | jq '.last - .first + 1')
		[ $((lost + $(wc -l <before))) -eq $total ]
		run -1 --separate-stderr stream-ctl fsck --repair $file
		stream-ctl fsck $file >/dev/null
		stream-get $file >after
		same before after
	done
}

@test "fsck: what is in a tier" {
	mkdir cold
	small s --tier "$PWD/cold"
	stream-ctl retain --max-size 1 s >/dev/null
	[ "$(stream-get s | wc -l)" -eq 6000 ]
	[ -n "$(find cold -name '*.seg')" ]
	stream-ctl fsck s >out
	[ "$(jq -s 'map(select(.kind == "shard").records) | add' out)" -eq 6000 ]
	local file
	file=$(find cold -name '*.seg' | sort | head -n 1)
	bytes "$file" $(($(stat -c %s "$file") / 2)) '####'
	[ "$(faults s | jq -r .repair)" = null ]
	[ "$(faults s | jq -r .file)" = "$PWD/$file" ]
	mv cold warm
	[ "$(faults s | jq -r .problem | cut -c 1-24)" = "the tier cannot be read:" ]
}

#!/usr/bin/env bats
# Stored frames that are wanted whole go out as they are, others are decoded and made anew: nobody can tell.
load ../helper
load ../store

# alike ARGUMENT...: what stream-get gives as frames is what it gives as text, metadata and all.
alike() {
	local text=0 frames=0
	stream-get -o json --meta "$@" >text 2>text.err || text=$?
	stream-get -o frames "$@" >frames 2>frames.err || frames=$?
	# What was lost is in the status of those behind, too.
	stream-cat -o json --meta frames >as-frames || [ $? -eq "$text" ]
	stream-get "$@" 2>/dev/null | stream-cat -o json --meta >as-piped || [ $? -eq "$text" ]
	[ "$text" -eq "$frames" ] || { echo "status $text, as frames $frames"; return 1; }
	same text as-frames && same text as-piped && same text.err frames.err
}

# raw FILE: how many of its frames have a place in a store.
raw() {
	python3 -c '
import sys
data, placed, at = open(sys.argv[1], "rb").read(), 0, 0
while at < len(data):
    if data[at:at + 1] == b"#":
        at = data.index(b"\n", at) + 1
        continue
    placed += data[at + 6] >> 3 & 1
    at += int.from_bytes(data[at + 8:at + 12], "little")
print(placed)' "$1"
}

@test "large frames go out as they are, with @stream, and read the same" {
	stream-gen weblog -n 30000 -o json >in
	stream-put s in
	alike s
	[ "$(raw frames)" -ge 3 ]
	[ "$(head -n 1 as-frames | jq -r '."@stream"')" = s ]
}

@test "so they do with several shards, keys and event time" {
	stream-ctl create s --shards 3
	stream-gen sensor -n 30000 | stream-map '@time = ts' | stream-put -k sensor s
	alike s
	[ "$(raw frames)" -ge 3 ]
}

@test "of a stream by its path the name is the last part" {
	stream-gen weblog -n 5000 | stream-put ./some.where
	alike ./some.where
	[ "$(head -n 1 as-frames | jq -r '."@stream"')" = some.where ]
}

@test "a part of a frame, small frames, and records of many kinds are made anew" {
	stream-gen weblog -n 5000 | stream-put s
	counted 1 10 | stream-put s
	printf '%s\n' '{"a":1.10,"b":null}' '{}' '{"b":[1, 2],"a":"é"}' '{"c":9007199254740993}' | stream-put s
	stream-gen orders -n 5000 | stream-put s
	alike s
	alike --from 17 s
	alike --from 4999 --to 5001 s
	alike --to 9000 s
	alike -n 1 s
	alike -n 6000 s
	alike --from "$(date -ud '1 hour ago' +%FT%TZ)" s
	[ "$(raw frames)" -ge 1 ]
	alike --to "$(date -ud '1 hour ago' +%FT%TZ)" s
	[ ! -s text ]
}

@test "several streams" {
	stream-gen weblog -n 5000 | stream-put s
	stream-gen weblog -n 5000 --seed 2 | stream-put t
	alike s t
}

@test "batches of few rows are asked for: no larger one is passed on" {
	stream-gen weblog -n 5000 | stream-put s
	stream-get -o json --meta s >want
	STREAM_TEST_ROWS=100 stream-get -o frames s >frames
	[ "$(raw frames)" -eq 0 ]
	stream-cat -o json --meta frames >out
	same want out
}

@test "a byte that changed on the disk is noticed wherever it is" {
	local at size file
	stream-gen weblog -n 5000 | stream-put s
	counted 1 3000 | stream-put s
	file=$(segment s)
	size=$(stat -c %s "$file")
	cp "$file" whole
	for at in 200 300 5000 100000 $((size / 2)) $((size - 40000)) $((size - 9)); do
		cp whole "$file"
		python3 -c 'import sys
f = open(sys.argv[1], "r+b"); at = int(sys.argv[2])
f.seek(at); b = f.read(1)[0]; f.seek(at); f.write(bytes([b ^ 4]))' "$file" "$at"
		alike s
		! cmp -s whole "$file"
		grep -q 'has lost @seq' text.err || { echo "byte $at: nothing was said"; return 1; }
	done
}

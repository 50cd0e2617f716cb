#!/usr/bin/env bats
# stream-ctl retain and compact, the tier, and what a writer does of it by itself.
load helper
load store

# bits FROM TO STREAM: the records one by one, each in a frame of its own.
bits() {
	counted "$1" "$2" | while read -r line; do stream-put "$3" <<<"$line"; done
}

# sizes STREAM: bytes of its segments.
sizes() {
	cat "$STREAM_HOME/$1"/shards/*/*.seg | wc -c
}

@test "compact: large frames instead of small ones, and every record as it was" {
	bits 1 60 s
	stream-get --meta s >before
	stream-ctl compact s >out
	[ "$(jq -c '[.shard, .segments_before, .segments_after, .frames_before, .frames_after]' out)" = '[0,1,1,60,1]' ]
	[ "$(jq '.bytes_after * 5 < .bytes_before' out)" = true ]
	same before <(stream-get --meta s)
	# Nothing is left to do, and one can go on.
	[ "$(stream-ctl compact s | jq -c '[.segments_before, .frames_after]')" = '[0,0]' ]
	bits 61 70 s
	[ "$(stream-get s)" = "$(counted 1 70)" ]
	stream-ctl compact s >out
	same <(stream-get --meta s | head -n 60) before
	[ "$(stream-get --from seq:33 --to seq:65 s)" = "$(counted 34 65)" ]
}

@test "compact: records of every kind, and their metadata" {
	local i
	for i in $(seq 20); do
		printf '%s\n' '{"a":1,"b":[1,{"x":null}]}' '{"b":"0870","a":1.10}' '{}' '{"a":null,"c":true}' \
			'{"a":12345678901234567890,"é":"\u0000"}' "{\"k\":$i}" | stream-put -k 'k' s
	done
	stream-get --meta s >before
	[ "$(stream-ctl compact s | jq -c '[.frames_before, .frames_after]')" = '[20,1]' ]
	same before <(stream-get --meta s)
}

@test "a segment is a file of frames that stream-cat reads" {
	counted 1 50 | stream-put s
	[ "$(stream-cat "$(segment s)")" = "$(counted 1 50)" ]
	stream-ctl compact s >out
	stream-put s <<<'{"n":51}'
	[ "$(stream-cat "$STREAM_HOME"/s/shards/0/*.seg)" = "$(counted 1 51)" ]
	head -c -9 "$(segment s)" >cut.seg
	run -4 stream-cat cut.seg
}

@test "retain by size: whole segments go, and no less than the size stays" {
	stream-ctl create --max-size 1M s
	local i
	for i in $(seq 0 39); do
		counted $((i * 2000)) $((i * 2000 + 1999)) | stream-put s
	done
	[ "$(stream-ctl show s | jq .first)" -ge 0 ]
	stream-ctl retain s >out
	[ "$(sizes s)" -ge 1 ]
	[ "$(jq -c keys_unsorted out)" = '["shard","segments","bytes","first"]' ]
	local first
	first=$(jq .first out)
	[ "$(stream-get s)" = "$(counted "$first" 79999)" ]
	stream-ctl retain --max-size 100K s >out
	[ "$(sizes s)" -ge 102400 ] && [ "$(sizes s)" -le $((102400 + 140000)) ]
	first=$(jq .first out)
	[ "$first" -gt 0 ]
	[ "$(stream-ctl show s | jq .first)" -eq "$first" ]
	[ "$(stream-get s)" = "$(counted "$first" 79999)" ]
	[ "$(stream-get --from seq:5 -n 1 s)" = "{\"n\":$first}" ]
	[ "$(stream-get --from now-1h -n 1 s)" = "{\"n\":$first}" ]
}

@test "retain by age: a stream to which nobody writes ends empty, and goes on where it was" {
	counted 0 99 | stream-put s
	sleep 1.2
	[ "$(stream-ctl retain --retention 1s s | jq -c '[.segments, .first]')" = '[1,100]' ]
	[ -z "$(stream-get s)" ]
	[ "$(stream-ctl show s | jq -c '[.first, .last]')" = '[null,null]' ]
	stream-put s <<<'{"n":100}'
	[ "$(stream-get --meta s | jq '."@seq"')" -eq 100 ]
	# For ever again.
	stream-ctl retain --retention 0 s >out
	[ "$(jq .segments out)" -eq 0 ]
}

@test "a tier: what goes is read from there" {
	mkdir cold
	stream-ctl create --shards 3 -k key --tier cold s
	keyed 1 3000 40 | stream-put s
	stream-get --meta s | sort >before
	sleep 1.2
	[ "$(stream-ctl retain --retention 1s s | jq -s 'map(.segments) | add')" -eq 3 ]
	[ "$(find cold -name '*.seg' | wc -l)" -eq 3 ]
	keyed 3001 3010 40 | stream-put s
	same before <(stream-get --meta s | grep -vE '"n":30(0[1-9]|10)[,}]' | sort)
	stream-get s >out
	in_order out
	[ "$(wc -l <out)" -eq 3010 ]
	[ "$(stream-ctl show s | jq -c .first | xargs)" = "0 0 0" ]

	# Not mounted: an error with the range, nothing in silence; what is here can be read.
	mv cold away
	fails 1 "are in the tier, and that cannot be read" stream-get s
	fails 1 "mount it, or read from seq:" stream-get --shard 1 s
	[ "$(stream-get --from now-1s s | wc -l)" -le 10 ]
	[ "$(for i in 0 1 2; do
		stream-get --shard $i --from "seq:$(sed 's/low \([0-9]*\).*/\1/' "$STREAM_HOME/s/shards/$i/low")" s
	done | wc -l)" -eq 10 ]
	sleep 1.2
	fails 1 "nothing of shard 0 was moved or deleted" stream-ctl retain s
	mkdir cold
	fails 1 "cannot be used" stream-ctl retain s
	rmdir cold

	# Another place: only with what is there.
	mkdir other
	mv away cold
	fails 2 "move that to" stream-ctl retain --tier other s
	mv cold/* other
	stream-ctl retain --tier other s >out
	[ "$(stream-get s | wc -l)" -eq 3010 ]
	stream-ctl retain --tier none s >out
	[ "$(stream-get s | wc -l)" -le 10 ]
}

@test "a writer retains and compacts by itself" {
	stream-ctl create --max-size 1M s
	stream-gen weblog -n 40000 -o json | split -l 400 --filter='stream-put s'
	[ "$(sizes s)" -le 1500000 ]
	[ "$(stream-get --from "seq:$(stream-ctl show s | jq .first)" s | wc -l)" -gt 1000 ]
}

# bats test_tags=plain
@test "one who follows sees each record once while all is compacted and moved" {
	mkdir cold
	stream-ctl create --tier cold --max-size 200K s
	stream-get -f -n 6000 s >followed &
	local reader=$!
	local i
	for i in $(seq 0 29); do
		counted $((i * 200)) $((i * 200 + 199)) | split -l 20 --filter='stream-put s'
		stream-ctl compact s >out
		stream-ctl retain s >out
	done
	ends $reader 0
	same followed <(counted 0 5999)
	same followed <(stream-get s)
}

@test "list says what is kept, and where the rest goes" {
	mkdir cold
	stream-ctl create --retention 90m --max-size 2K --tier cold s
	[ "$(stream-ctl list | jq -c '[.retention, .max_size, .tier]')" = "[\"90m\",2048,\"$(realpath cold)\"]" ]
	stream-ctl retain --retention 0 --max-size 0 --tier none s >out
	[ "$(stream-ctl list | jq -c '[.retention, .max_size, .tier]')" = '[null,null,null]' ]
}

@test "retain and compact: usage" {
	stream-ctl create s
	fails 2 "STREAM is missing" stream-ctl retain
	fails 2 "STREAM is missing" stream-ctl compact
	fails 2 "one operand too many" stream-ctl compact s s
	fails 1 "make the directory" stream-ctl retain --tier nowhere s
	fails 1 "make the directory" stream-ctl create --tier nowhere t
	[ "$(ls "$STREAM_HOME")" = s ]
	fails 2 "--retention" stream-ctl retain --retention long s
}

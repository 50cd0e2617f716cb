#!/usr/bin/env bats
# Memory of put and get does not grow with the stream: 64 MiB are enough, however many records and shards.
load ../helper
load ../store

LIMIT=65536 # KiB

# within COMMAND...: runs it; the largest of its processes stayed below the limit.
within() {
	[[ ${STREAM_BUILD-} != *san* ]] || skip "sanitizers take memory of their own"
	python3 -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if used > int(sys.argv[1]):
    sys.exit(f"{sys.argv[2:]}: {used} KiB")
sys.exit(status)' "$LIMIT" "$@"
}

# More than the limit, as text.
records() {
	stream-gen weblog -n 400000 -o json >in
	[ "$(stat -c %s in)" -gt $((LIMIT * 1024)) ]
}

@test "put, and get as frames and as text" {
	local shards
	records
	for shards in 1 16 64; do
		stream-ctl create "s$shards" --shards "$shards"
		within stream-put -k ip "s$shards" in
		within stream-get -o frames "s$shards" >frames
		within stream-get -o json "s$shards" >out
		[ "$(wc -l <out)" -eq 400000 ]
	done
}

@test "put through a pipe, of frames" {
	records
	stream-cat -o frames in >frames
	stream-ctl create s --shards 16
	within sh -c 'cat frames | stream-put -k ip s'
	[ "$(stream-get s | stream-agg -o json count)" = '{"count":400000}' ]
}

@test "a follower that starts at the beginning" {
	records
	stream-ctl create s --shards 4
	stream-put s in
	within stream-get -f -n 400000 -o json s >out
	[ "$(wc -l <out)" -eq 400000 ]
}

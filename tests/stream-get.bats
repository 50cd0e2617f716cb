#!/usr/bin/env bats
# stream-get: what is read, from where to where, in which order, and how it ends.
load helper
load store

# -- all that is there --

@test "reads what is there, in order, and ends" {
	counted 1 50000 >in
	stream-put s in
	stream-get s >out
	same in out
}

@test "small reads downstream and many small appends make no difference" {
	local i
	for i in {1..20}; do
		counted $i $i | stream-put s
	done
	counted 1 20 >want
	local rows
	for rows in 1 65536; do
		STREAM_TEST_ROWS=$rows STREAM_TEST_READ=$((rows == 1 ? 5 : 1048576)) stream-get s |
			STREAM_TEST_ROWS=$rows STREAM_TEST_READ=$((rows == 1 ? 5 : 1048576)) stream-cat -o json >out
		same want out
	done
}

@test "the end is fixed at the beginning" {
	counted 1 30000 | stream-put s
	mkfifo pipe
	stream-get -o json s >pipe &
	local get=$!
	exec 7<pipe
	read -r first <&7
	counted 30001 30100 | stream-put s
	(echo "$first"; cat <&7) >out
	exec 7<&-
	ends $get 0
	[ "$(wc -l <out)" -eq 30000 ]
}

@test "@seq rises by one within a shard, @arrived never falls" {
	stream-ctl create --shards 3 s
	local i
	for i in 1 2 3; do
		keyed 1 300 30 | stream-put -k key s
	done
	stream-get --meta s >out
	[ "$(wc -l <out)" -eq 900 ]
	jq -r '"\(."@shard") \(."@seq") \(."@arrived")"' out |
		awk '{ if ($2 != next_seq[$1]++ || $3 < arrived[$1]) { print; bad = 1 } arrived[$1] = $3 } END { exit bad }'
}

@test "formats: JSON to a file, CSV, a table; metadata only where asked for" {
	stream-put s <<<'{"a":1.10,"b":"x"}'
	[ "$(stream-get s)" = '{"a":1.10,"b":"x"}' ]
	[ "$(stream-get -o csv s)" = "$(printf 'a,b\n1.10,x')" ]
	[ "$(stream-get -o table s | tail -n 1 | xargs)" = "1.10 x" ]
	[ "$(stream-get --meta -o csv s | head -n 1)" = "@time,@arrived,@key,@hash,@stream,@shard,@seq,a,b" ]
	# Frames carry them.
	[ "$(stream-get s | stream-map 'n = @seq' --keep n)" = '{"n":0}' ]
}

# -- from, to, count, shard --

@test "--from and --to by @seq, in each shard" {
	counted 0 9 | stream-put s
	[ "$(stream-get --from 7 s)" = "$(counted 7 9)" ]
	[ "$(stream-get --to 3 s)" = "$(counted 0 2)" ]
	[ "$(stream-get --from 4 --to 6 s)" = "$(counted 4 5)" ]
	[ "$(stream-get --from start --to 1 s)" = '{"n":0}' ]
	[ -z "$(stream-get --from 10 s)" ]
	[ -z "$(stream-get --from end s)" ]
	[ -z "$(stream-get --from 6 --to 4 s)" ]
	[ -z "$(stream-get --to 0 s)" ]
	[ "$(stream-get --to 100 s | wc -l)" -eq 10 ]
	fails 2 "@seq 11 lies behind the end" stream-get --from 11 s
	stream-ctl create --shards 2 t
	keyed 1 100 10 | stream-put -k key t
	[ "$(stream-get --from 2 --to 4 --meta t | jq -c '[."@shard", ."@seq"]' | sort | xargs)" = "[0,2] [0,3] [1,2] [1,3]" ]
}

@test "--from and --to cut inside one append, and across several" {
	local i
	for i in 0 1 2 3; do
		counted $((i * 1000)) $((i * 1000 + 999)) | stream-put s
	done
	stream-get --from 998 --to 3001 s >out
	counted 998 3000 >want
	same want out
}

@test "--from and --to by time of arrival" {
	local i
	for i in 1 2 3 4; do
		counted $i $i | stream-put s
		sleep 0.002
	done
	local times=($(stream-get --meta s | jq -r '."@arrived"'))
	[ "$(stream-get --from "${times[1]}" s)" = "$(counted 2 4)" ]
	[ "$(stream-get --to "${times[1]}" s)" = "$(counted 1 1)" ]
	[ "$(stream-get --from "${times[1]}" --to "${times[3]}" s)" = "$(counted 2 3)" ]
	[ "$(stream-get --from now-1h s | wc -l)" -eq 4 ]
	[ -z "$(stream-get --to now-1h s)" ]
	[ -z "$(stream-get --from 2100-01-01 s)" ]
	[ "$(stream-get --from 1970-01-02 --to 2100-01-01 s | wc -l)" -eq 4 ]
	# A number of ten digits and more is a time.
	[ "$(stream-get --from 1000000000 s | wc -l)" -eq 4 ]
}

@test "-n stops after so many" {
	counted 1 100 | stream-put s
	[ "$(stream-get -n 3 s)" = "$(counted 1 3)" ]
	[ "$(stream-get -n 1 --from 50 s)" = '{"n":51}' ]
	[ "$(stream-get -n 1000 s | wc -l)" -eq 100 ]
	[ "$(stream-get -f -n 100 s | wc -l)" -eq 100 ]
	fails 2 "-n" stream-get -n x s
	fails 2 "-n" stream-get -n -1 s
}

@test "--shard: one, several, once each, and no other" {
	stream-ctl create --shards 4 s
	keyed 1 400 100 | stream-put -k key s
	local shard
	for shard in 0 1 2 3; do
		stream-get --shard $shard --meta s >out.$shard
		[ "$(jq '."@shard"' out.$shard | sort -u)" -eq $shard ]
	done
	[ "$(cat out.? | wc -l)" -eq 400 ]
	stream-get --meta --shard 3,1 --shard 1 s | sort >both
	sort out.1 out.3 >want
	same want both
	fails 2 "s has no shard 4" stream-get --shard 4 s
	fails 2 "is no shard" stream-get --shard x s
	fails 2 "is no shard" stream-get --shard 1, s
	fails 2 "is no shard" stream-get --shard -1 s
	fails 2 "is no shard" stream-get --shard 99999999999 s
}

# -- several streams --

@test "several streams: by arrival, each record says whence" {
	counted 1 1 | stream-put a
	counted 2 2 | stream-put b
	counted 3 3 | stream-put a
	[ "$(stream-get b a)" = "$(counted 1 3)" ]
	[ "$(stream-get --meta b a | jq -c '[."@stream", ."@shard"]' | xargs)" = "[a,a/0] [b,b/0] [a,a/0]" ]
	[ "$(stream-get -n 2 a b)" = "$(counted 1 2)" ]
	fails 2 'there is no stream `c`' stream-get a c
}

@test "a window waits for all shards: the result is that of one" {
	stream-gen weblog -n 5000 --seed 7 >in
	stream-ctl create --shards 5 -k ip many
	stream-put many in
	stream-put one in
	local stream
	for stream in many one; do
		stream-get $stream | stream-window -t ts 10s | stream-agg -b status count 'b = sum(bytes)' -o json >out.$stream
	done
	[ -s out.one ]
	same out.one out.many
}

# -- -f --

@test "-f gives a record at once, while the writer lives" {
	mkfifo pipe
	stream-ctl create s
	stream-put s <pipe &
	local put=$!
	stream-get -f s >out &
	local get=$!
	exec 7>pipe
	local i
	for i in 1 2 3; do
		counted $i $i >&7
		wait_for has_lines out $i
		kill -0 $put
	done
	exec 7>&-
	ends $put 0
	kill -TERM $get
	ends $get 0
	[ "$(cat out)" = "$(counted 1 3)" ]
}

@test "-f passes a record on through a pipe of commands, at once" {
	stream-ctl create s
	mkfifo pipe
	stream-get -f -o frames s >pipe &
	local get=$!
	stream-filter 'n > 1' pipe | stream-map 'm = n * 2' >out &
	local rest=$!
	local i
	for i in 1 2 3; do
		counted $i $i | stream-put s
	done
	wait_for has_lines out 2
	[ "$(cat out)" = "$(printf '{"n":2,"m":4}\n{"n":3,"m":6}')" ]
	kill -TERM $get
	ends $get 0
	ends $rest 0
}

@test "-f ends by SIGINT, and what is behind it finishes" {
	stream-ctl create --shards 2 s
	mkfifo pipe
	# The shell's & has SIGINT ignored, and a person at a terminal has not.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.execvp("stream-get", ["stream-get", "-f", "-o", "frames", "s"])' >pipe &
	local get=$!
	stream-agg count --every 10ms <pipe >out &
	local agg=$!
	keyed 1 10 5 | stream-put -k key s
	wait_for has_lines out 1
	kill -INT $get
	ends $get 0
	ends $agg 0
	[ "$(tail -n 1 out)" = '{"count":10}' ]
}

@test "-f --from end gives what comes, and not what was there" {
	counted 1 5 | stream-put s
	stream-get -f --from end --stats s >out 2>err &
	local get=$!
	# It has read its beginning when a record that comes is seen.
	see() {
		counted 6 6 | stream-put s
		has_lines out 1
	}
	wait_for see
	kill -TERM $get
	ends $get 0
	[ "$(sort -u out)" = '{"n":6}' ]
}

@test "-f --to ends where it was told" {
	stream-ctl create s
	stream-get -f --to 3 s >out &
	local get=$!
	counted 1 2 | stream-put s
	wait_for has_lines out 2
	counted 3 9 | stream-put s
	ends $get 0
	[ "$(cat out)" = "$(counted 1 3)" ]
}

@test "-f --to a time ends when it has come, though nothing comes" {
	counted 1 2 | stream-put s
	stream-get -f --to now+1s s >out &
	local get=$!
	counted 3 3 | stream-put s
	ends $get 0
	[ "$(cat out)" = "$(counted 1 3)" ]
	local end
	end=$(date -u +%FT%T.%NZ)
	counted 4 4 | stream-put s
	[ "$(timeout 300 stream-get -f --to "$end" s)" = "$(counted 1 3)" ]
	[ -z "$(timeout 300 stream-get -f --to now-1h s)" ]
}

@test "-f follows several streams" {
	stream-ctl create --shards 2 a
	stream-ctl create b
	stream-get -f -n 4 a b >out &
	local get=$!
	counted 1 1 | stream-put b
	counted 2 3 | stream-put -k n a
	counted 4 4 | stream-put b
	ends $get 0
	[ "$(sort out)" = "$(counted 1 4)" ]
}

@test "a reader that goes away ends it, at once and while idle" {
	counted 1 100000 | stream-put s
	local follow
	for follow in '' -f; do
		pipe "timeout 300 stream-get $follow s | head -n 1 >out"
		[ "$PIPE" = "141 0" ]
		[ "$(cat out)" = '{"n":1}' ]
	done
	stream-put few <<<'{"n":1}'
	pipe "timeout 300 stream-get -f few | head -n 1 >out"
	[ "$PIPE" = "141 0" ]
}

# -- killed --

@test "killed in the middle of a pipe: those behind it end with 4 and give no result" {
	counted 1 10 | stream-put s
	mkfifo one two
	stream-get -f -o frames s > >(tee seen >one) &
	local get=$!
	stream-cat -o frames <one >two &
	local cat=$!
	stream-agg count <two >out 2>err &
	local agg=$!
	# What is killed before it has said a word was an empty input.
	wait_for filled seen
	kill -9 $get
	ends $cat 4
	ends $agg 4
	[ ! -s out ]
	grep -q 'without END' err
}

# -- what is wrong --

@test "usage" {
	stream-ctl create web
	fails 2 "STREAM is missing" stream-get
	fails 2 'there is no stream `wbe`; is it `web`?' stream-get wbe
	fails 2 'there is no stream `nothing-like-it`' stream-get nothing-like-it
	fails 2 "there is no stream ./web" stream-get ./web
	fails 2 "is no name for a stream" stream-get 'we b'
	fails 2 "is no name for a stream" stream-get ..
	fails 2 "soon" stream-get --from soon web
	fails 2 "--to" stream-get --to end web
	fails 2 "--folow" stream-get --folow web
}

@test "what is there but is no stream" {
	mkdir d
	echo x >file
	fails 2 "./d is no stream" stream-get ./d
	fails 2 "./file is no stream" stream-get ./file
	fails 2 "is no stream" stream-get "$STREAM_HOME/../d"
}

@test "--stats has what was given" {
	counted 1 7 | stream-put s
	[[ $(stream-get --stats s 2>&1 >out) == *" out 7 "* ]]
	[[ $(stream-get s | stream-agg count --stats 2>&1 >out) == *stream-get*" out 7 "*stream-agg*"in 7 "* ]]
}

@test "-n 0 gives nothing, and is an end" {
	keyed 1 10 3 | stream-put s
	pipe "stream-get -n 0 s | stream-agg count >out"
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" = '{"count":0}' ]
	[ -z "$(timeout 300 stream-get -f -n 0 s)" ]
}

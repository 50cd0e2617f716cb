load helper

@test "the first of each key, for ever; values of one number are one; whole records" {
	requests >in.json
	stream-uniq -k path in.json >out
	jq -cs 'group_by(.path) | map(.[0].n) | sort[]' in.json >want
	jq -c .n out >got
	same got want
	[ "$(printf '{"a":%s}\n' 1 1.0 '"1"' 1e0 null 2 null | stream-uniq -k a -o json | jq -c .a | tr '\n' ' ')" = '1 "1" null 2 ' ]
	printf '%s\n' '{"a":1,"b":2}' '{"b":2,"a":1.0}' '{"a":1}' '{"a":1,"b":null}' '{"a":1}' >in2.json
	[ "$(stream-uniq in2.json | wc -l)" -eq 3 ]
	[ "$(stream-uniq -k 'path,status' in.json | wc -l)" -eq "$(jq -c '[.path,.status]' in.json | sort -u | wc -l)" ]
}

@test "--within: less than D apart, before or after; the record that was let through counts" {
	printf '{"t":%s,"k":"%s"}\n' 100 a 109 a 110 a 105 b 96 b 95 b 94 a 91 a 90 a 115 a >in.json
	[ "$(stream-uniq -k k --within 10s -t t in.json | jq -c .t | tr '\n' ' ')" = '100 110 105 95 90 ' ]
	# A duplicate keeps nothing alive: 0, 10, 20 pass, however many there are between.
	seq 0 29 | stream-map 't = int(line)' 'k = 1' | stream-uniq -k k --within 10s -t t -o json | jq -c .t >out
	[ "$(tr '\n' ' ' <out)" = '0 10 20 ' ]
}

@test "--within agrees with the definition on random records, whatever is forgotten" {
	for seed in 1 2 3; do
		awk -v seed=$seed 'BEGIN { srand(seed); for (i = 0; i < 3000; i++)
			printf "{\"t\":%d,\"k\":%d,\"i\":%d}\n", i + int(rand() * 40), int(rand() * 30), i }' >in.json
		jq -r '[.t, .k, .i] | @tsv' in.json | awk '{ for (j = 0; j < n[$2]; j++) { d = $1 - at[$2, j]; if (d < 20 && d > -20) next }
			at[$2, n[$2]++] = $1; print $3 }' >want
		stream-uniq -k k --within 20s -t t in.json | jq -c .i >got
		same got want
		stream-uniq -k k --within 20s --delay 40s -t t in.json | jq -c .i >got
		same got want
	done
	[ "$(wc -l <want)" -gt 500 ]
}

@test "late by its own shard's watermark: counted, and not passed" {
	printf '{"t":%s,"k":%s}\n' 100 1 200 2 150 3 196 4 >in.json
	for rows in 1 65536; do
		STREAM_TEST_ROWS=$rows run -3 --separate-stderr stream-uniq -k k --within 10s --delay 5s -t t --stats in.json
		[ "$(jq -c .k <<<"$output" | tr '\n' ' ')" = '1 2 4 ' ]
		[[ $stderr = *"in 4 = out 3 + filtered 0 + rejected 0 + late 1"* ]]
	done
}

@test "per window: the first of each, and what is behind it is windowed still" {
	requests >in.json
	stream-window 1m -t t in.json | stream-uniq -k path | stream-agg count -o csv >got
	stream-window 1m -t t in.json | stream-agg 'count = distinct(path)' -o csv >want
	same got want
	stream-window 1m -t t in.json | stream-uniq -k path --last | stream-agg count 'max(n)' -o csv >got
	stream-window 1m -t t in.json | stream-agg 'count = distinct(path)' 'max(n)' -o csv >want
	same <(cut -d, -f1-3 got) <(cut -d, -f1-3 want)
	pipe 'stream-window hop 2m 1m -t t in.json | stream-uniq -k path 2>err'
	[[ "$PIPE" = *" 2" ]]
	one_line err 'windows that do not overlap \(tumble\), or within a time'
	pipe 'stream-window hop 2m 1m -t t in.json | stream-uniq -k path --within 1m | stream-agg count >out'
	[ "$PIPE" = "0 0 0" ]
}

@test "--last: by time, then by arrival" {
	printf '%s\n' '{"@time":"2026-01-01T00:00:05Z","k":1,"n":1}' '{"@time":"2026-01-01T00:00:09Z","k":1,"n":2}' \
		'{"@time":"2026-01-01T00:00:09Z","k":1,"n":3}' '{"@time":"2026-01-01T00:00:07Z","k":1,"n":4}' '{"k":2,"n":5}' '{"k":2,"n":6}' >in.json
	[ "$(stream-uniq --last -k k in.json | jq -c .n | tr '\n' ' ')" = '3 6 ' ]
}

@test "the same from any size of batches, in one process and in shards" {
	requests 200 >in.json
	everyway one 'stream-uniq -k path,status --within 20s -t t in.json --stats 2>&1'
	everyway two 'stream-uniq -k path,status --within 20s --delay 10s -t t in.json'
	everyway three 'stream-window 1m -t t in.json | stream-uniq -k path,status | stream-cat -o json'
	everyway four 'stream-window 1m -t t in.json | stream-uniq --last -k path,status | stream-cat -o json'
	for how in '-k path,status --within 20s -t t' '-k path,status' '-k path,status --last'; do
		stream-uniq $how in.json | sort >want
		pipe "stream-shard -k path -n 3 -- stream-uniq $how <in.json | stream-cat -o json | sort >out"
		[ "$PIPE" = "0 0 0" ]
		same out want
	done
}

@test "prompt: the first leaves while more may come" {
	mkfifo go
	pipe 'timeout 300 bash -c "{ echo \"{\\\"a\\\":1}\"; read -r _ <go; echo \"{\\\"a\\\":1}\"; echo \"{\\\"a\\\":2}\"; }" | stream-uniq -k a -o json | { read -r x; echo "$x" >seen; echo >go; cat >rest; }'
	[ "$PIPE" = "0 0 0" ]
	[ "$(cat seen rest)" = $'{"a":1}\n{"a":2}' ]
}

@test "what is dropped is counted; state is bounded by --limit; what cannot be is said" {
	requests >in.json
	run --separate-stderr stream-uniq -k path --stats in.json
	[[ $stderr = *"in 300 = out 7 + filtered 293 + rejected 0 + late 0"* ]]
	stream-gen weblog -n 100000 -o frames >big.frames
	run -1 --separate-stderr stream-uniq -o csv --limit 100K big.frames
	[[ $stderr = *'the keys seen need more memory than --limit'* ]]
	says 2 'the records have no @time' stream-uniq -k path --within 1m in.json
	says 2 'does not go with --within' stream-uniq -k path --within 1m --last in.json
	stream-cat -o frames in.json | head -c 4000 >cut.frames
	run -4 --separate-stderr stream-uniq --last -k path cut.frames
	[ -z "$output" ]
}

@test "keys out of reach are forgotten: memory does not grow with the stream" {
	# 400,000 different keys in all, a few thousand at a time.
	stream-gen weblog -n 400000 -o frames | stream-map '@time = time(ts)' 'k = ip + path + string(bytes)' --keep k |
		stream-uniq -k k --within 10s --delay 10s --limit 4M -o frames | stream-agg count >out
	[ "$(jq .count out)" -gt 300000 ]
}

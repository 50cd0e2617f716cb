load helper

@test "the greatest, the least, of all and per group; ties in order of arrival" {
	requests >in.json
	[ "$(stream-top -n 3 -k n in.json | jq -c .n | tr '\n' ' ')" = '300 299 298 ' ]
	[ "$(stream-top -n 3 -k n:asc in.json | jq -c .n | tr '\n' ' ')" = '1 2 3 ' ]
	stream-top -n 2 -k rt -b path in.json | jq -c '[.path, .n]' >got
	jq -cs 'group_by(.path)[] | sort_by(-.rt)[:2][] | [.path, .n]' in.json >want
	same got want
	[ "$(stream-top -n 4 -k status in.json | jq -c .n | tr '\n' ' ')" = '5 10 15 20 ' ]
	[ "$(stream-top -k n in.json | wc -l)" -eq 10 ]
	stream-top -n 5 -k 'status,rt:asc' in.json | jq -c .n >got
	jq -cs 'sort_by(-.status, .rt)[:5][].n' in.json >want
	same got want
}

@test "--rank adds the place in the group, last" {
	requests >in.json
	stream-top -n 2 -k rt -b path --rank place in.json >out
	[ "$(jq -r .place out | tr '\n' ' ')" = '1 2 1 2 1 2 1 2 1 2 1 2 1 2 ' ]
	[ "$(head -n 1 out | jq -r 'keys_unsorted[-1]')" = place ]
}

@test "--ties: all that have the key of the last" {
	stream-gen weblog -n 20000 >in.json
	local n
	for n in 1 2 7 40 50000; do
		stream-top -n $n -k status -b method --ties --rank place in.json | jq -c '[.method, .status, .ts, .ip, .place]' | LC_ALL=C sort >got
		sqlite3 :memory: "CREATE TABLE r(m, s, ts, ip)" ".mode tabs" \
			".import '|jq -r \"[.method, .status, .ts, .ip] | @tsv\" in.json' r" \
			"SELECT json_array(m, CAST(s AS INT), ts, ip, place) FROM
				(SELECT *, rank() OVER (PARTITION BY m ORDER BY CAST(s AS INT) DESC) AS place FROM r) WHERE place <= $n" |
			LC_ALL=C sort >want
		same got want
	done
	# Many that tie, pushed out by better ones.
	for n in $(seq 100); do echo "{\"k\":$((n / 10))}"; done >in.json
	[ "$(stream-top -n 12 -k k --ties in.json | jq -c .k | uniq -c | xargs)" = "1 10 10 9 10 8" ]
	[ "$(tac in.json | stream-top -n 12 -k k --ties | jq -c .k | uniq -c | xargs)" = "1 10 10 9 10 8" ]
}

@test "a record without the key has no rank" {
	printf '%s\n' '{"a":1}' '{"b":1}' '{"a":null}' '{"a":2}' >in.json
	[ "$(stream-top -n 5 -k a:asc in.json)" = $'{"a":1}\n{"a":2}' ]
	run --separate-stderr stream-top -n 1 -k a --stats in.json
	[[ $stderr = *"in 4 = out 1 + filtered 3 + rejected 0 + late 0"* ]]
}

@test "agrees with stream-sort when records keep pushing others out" {
	stream-gen weblog -n 30000 >in.json
	for key in bytes ts; do
		stream-top -n 7 -k $key in.json >got
		stream-sort -k $key:desc in.json | head -n 7 >want
		same got want
	done
	stream-top -n 2 -k ts -b method in.json | jq -c . >got
	stream-sort -k method,ts:desc in.json | jq -c . | awk -F'"method":"' '{ split($2, m, "\""); if (seen[m[1]]++ < 2) print }' >want
	same got want
}

@test "per window, with its bounds first; windows that overlap" {
	requests >in.json
	stream-window 1m -t t in.json | stream-top -n 1 -k rt --rank r -o json >out
	[ "$(head -n 1 out | jq -r 'keys_unsorted | [.[0, 1, -1]] | join(" ")')" = 'window_start window_end r' ]
	jq -c '[.window_start, .n]' out >got
	jq -cs 'map(.w = .t[:16] + ":00Z") | group_by(.w)[] | sort_by(-.rt)[0] | [.w, .n]' in.json >want
	same got want
	stream-window hop 2m 1m -t t in.json | stream-top -n 1 -k rt -b status | stream-map --keep window_start,status,rt -o csv >got
	stream-window hop 2m 1m -t t in.json | stream-agg -b status 'rt = max(rt)' | stream-map --keep window_start,status,rt -o csv >want
	same got want
}

@test "days of a zone: 23, 24 and 25 hours" {
	for ((i = 0; i < 9000; i += 5)); do echo "{\"t\":$((1774500000 + i * 60)),\"v\":$((i * 7919 % 10007))}"; done >in.json
	stream-window 1d --zone Europe/Berlin -t t in.json | stream-top -n 1 -k v | stream-map --keep window_start,window_end,v -o csv >got
	stream-window 1d --zone Europe/Berlin -t t in.json | stream-agg 'v = max(v)' -o csv >want
	same got want
	grep -q '2026-03-29T22:00:00Z' want
}

@test "the same from any size of batches, in one process and in shards" {
	requests 200 >in.json
	everyway want 'stream-top -n 3 -k rt -b path --rank r in.json'
	everyway wins 'stream-window cumulate 2m 1m -t t in.json | stream-top -n 2 -k rt -b path | stream-cat -o json'
	stream-window 1m -t t in.json | stream-top -n 2 -k rt -b path -o json | sort >one
	for rows in 1 65536; do
		export STREAM_TEST_ROWS=$rows
		pipe 'stream-window 1m -t t in.json | stream-shard -k path -n 3 -- stream-top -n 2 -k rt -b path | stream-cat -o json >out'
		[ "$PIPE" = "0 0 0" ]
		# Windows are still in order.
		jq -r .window_start out | sort -c
		sort out >four
		same four one
	done
}

@test "--every: what is known so far, again and again" {
	mkfifo go
	pipe 'timeout 300 bash -c "{ echo \"{\\\"a\\\":1}\"; read -r _ <go; echo \"{\\\"a\\\":2}\"; }" | stream-top -n 1 -k a --every 50ms -o json | { read -r x; echo "$x" >seen; echo >go; cat >rest; }'
	[ "$PIPE" = "0 0 0" ]
	[ "$(cat seen)" = '{"a":1}' ]
	[ "$(tail -n 1 rest)" = '{"a":2}' ]
}

@test "--limit stops; upstream dies: status 4; what cannot be is said" {
	stream-gen weblog -n 5000 >in.json
	says 1 'need more memory than --limit' stream-top -n 5000 -k bytes --limit 100K in.json
	stream-cat -o frames in.json | head -c 4000 >cut.frames
	run -4 --separate-stderr stream-top -k bytes cut.frames
	[ -z "$output" ]
	says 2 '-k FIELD is missing' stream-top in.json
	says 2 'how many are to be kept' stream-top -n 0 -k bytes in.json
	says 2 'this key has no order' stream-top -k bytes -b ip:asc in.json
	run -2 --separate-stderr stream-top -k byte in.json
	[[ $stderr = *'did you mean `bytes`'* ]]
}

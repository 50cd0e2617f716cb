load helper

# Values of all types, in no order.
mixed() {
	printf '{"n":%d,"v":%s}\n' 1 '"b"' 2 10 3 null 4 true 5 '[1]' 6 9.5 7 '"a"' 8 false 9 -3 10 '"B"' 11 1e1 12 '{"x":1}' \
		13 '""' 14 10.0 15 1e400
	echo '{"n":16}'
}

@test "the order across types, and records with one key stay in theirs" {
	mixed >in.json
	[ "$(stream-sort -k v in.json | jq -r .n | tr '\n' ' ')" = '16 3 8 4 9 6 2 11 14 15 13 10 7 1 5 12 ' ]
	[ "$(stream-sort -k v:desc in.json | jq -r .n | tr '\n' ' ')" = '12 5 1 7 10 13 15 2 11 14 6 9 4 8 3 16 ' ]
	[ "$(stream-map '@time = time(n)' in.json | stream-sort -k '@time:desc' -o json | jq -r .n | head -n 2 | tr '\n' ' ')" = '16 15 ' ]
}

@test "agrees with jq: several keys, each in its direction, stable" {
	requests >in.json
	stream-sort -k path,rt:desc in.json >got
	jq -cs 'sort_by([.path, -.rt])[]' in.json | jq -c .n >want
	jq -c .n got >got.n
	same got.n want
	# The records are as they came.
	sort got >got.sorted
	stream-cat -o json in.json | sort >in.sorted
	same got.sorted in.sorted
	stream-sort -k 'n % 7,tags.a[0]:desc' in.json | jq -c .n >got.n
	jq -cs 'sort_by([.n % 7, -(.tags.a[0] // -1), .n])[] | .n' in.json >want
	same got.n want
}

@test "through disk the same, with few and with many runs; nothing is left behind" {
	stream-gen weblog -n 30000 -o frames >in.frames
	for key in bytes path:desc,ip; do
		stream-sort -k $key in.frames -o json >want
		for limit in 300K 1M 100M; do
			mkdir tmp
			TMPDIR=$PWD/tmp stream-sort -k $key --limit $limit in.frames -o json >out
			same out want
			rmdir tmp
		done
	done
	# More than 64 runs are merged in two passes.
	STREAM_TEST_ROWS=100 stream-sort -k path:desc,ip --limit 1K in.frames -o json >out
	same out want
}

@test "more windows than files may be open, all of them through disk" {
	stream-gen weblog -n 30000 -o frames >in.frames
	stream-window 100ms -t ts in.frames | stream-sort -k bytes -o json >want
	bash -c 'ulimit -n 32; stream-window 100ms -t ts in.frames | stream-sort --limit 100K -k bytes -o json >out'
	[ "$(jq -r .window_start want | uniq | wc -l)" -gt 2000 ]
	same out want
}

@test "a directory for temporary files that is none is said, and nothing is claimed" {
	stream-gen weblog -n 3000 -o frames >in.frames
	TMPDIR=$PWD/nowhere run -1 --separate-stderr stream-sort -k bytes --limit 1K in.frames
	[[ $stderr = *"nowhere: no temporary file: No such file"* ]]
	[ -z "$output" ]
}

@test "the same from any size of batches and reads" {
	requests 200 >in.json
	stream-cat -o frames in.json >in.frames
	everyway want 'stream-sort -k status,rt:desc in.json'
	everyway want 'stream-sort -k status,rt:desc in.frames -o json'
	everyway want 'stream-cat in.json | stream-sort --limit 1K -k status,rt:desc | stream-cat -o json'
}

@test "per window: each is sorted when it closes, with its bounds first" {
	requests >in.json
	stream-window 1m -t t in.json | stream-sort -k rt:desc -o json >out
	[ "$(head -n 1 out | jq -r 'keys_unsorted[:3] | join(" ")')" = 'window_start window_end n' ]
	[ "$(wc -l <out)" -eq 300 ]
	jq -c '[.window_start, .n]' out >got
	jq -cs 'map(.w = .t[:16]) | sort_by([.w, -.rt])[] | [.w + ":00Z", .n]' in.json >want
	same got want
	everyway ways 'stream-window hop 2m 1m -t t in.json | stream-sort -k rt:desc,n | stream-cat -o json'
	[ "$(wc -l <ways)" -eq 601 ]
	# A record stands in as many windows as it is in.
	stream-window hop 2m 1m -t t in.json | stream-agg count -o json >want
	head -n -1 ways | stream-agg -b window_start,window_end count -o json >got
	same got want
}

@test "live, a window comes out when the watermark passes its end, and not before" {
	mkfifo go
	printf '{"t":%d,"a":%d}\n' 1 3 2 2 61 1 >first
	pipe 'timeout 300 bash -c "{ cat first; read -r _ <go; echo \"{\\\"t\\\":130,\\\"a\\\":0}\"; }" | stream-window 1m -t t --delay 0 | stream-sort -k a -o json | { read -r x; read -r y; echo "$x$y" >seen; echo >go; cat >rest; }'
	[ "$PIPE" = "0 0 0 0" ]
	[ "$(jq -c .a seen | tr '\n' ' ')" = '2 3 ' ]
	[ "$(jq -c .a rest | tr '\n' ' ')" = '1 0 ' ]
}

@test "lateness: a corrected window comes out again, whole" {
	printf '{"t":%d}\n' 1 2 100 3 200 >in.json
	STREAM_TEST_ROWS=1 bash -c 'for i in 1 2 100 3 200; do echo "{\"t\":$i}"; sleep 0.05; done | stream-window 1m -t t --delay 0 --lateness 2m | stream-sort -k t:desc -o json' |
		jq -c '[.window_start[11:19], .t]' >out
	[ "$(tr '\n' ' ' <out)" = '["00:00:00",2] ["00:00:00",1] ["00:00:00",3] ["00:00:00",2] ["00:00:00",1] ["00:01:00",100] ["00:03:00",200] ' ]
}

@test "a key that cannot be computed is a reject; the rest is sorted" {
	printf '{"a":%s}\n' 3 0 1 >in.json
	run -3 --separate-stderr stream-sort -k '6 / a' in.json
	[ "$output" = $'{"a":3}\n{"a":1}' ]
	run -0 --separate-stderr stream-sort -k '6 / a' --bad bad.json --stats in.json
	[[ $stderr = *"in 3 = out 2 + filtered 0 + rejected 1 + late 0"* ]]
	[ "$(jq -c .record bad.json)" = '{"a":0}' ]
}

@test "upstream dies: nothing comes out, status 4" {
	requests >in.json
	stream-cat -o frames in.json | head -c 4000 >cut.frames
	run -4 --separate-stderr stream-sort -k n cut.frames
	[ -z "$output" ]
}

@test "what cannot be is said" {
	requests 5 >in.json
	says 2 '-k FIELD is missing' stream-sort in.json
	says 2 'behind the colon stands asc or desc' stream-sort -k n:down in.json
	says 2 'a field is missing' stream-sort -k n, in.json
	run -2 --separate-stderr stream-sort -k stauts in.json
	[[ $stderr = *'did you mean `status`'* ]]
	pipe 'stream-window session 5s -t t in.json | stream-sort -k n 2>err'
	[[ "$PIPE" = *" 2" ]]
	one_line err 'works in windows of time \(tumble, hop, cumulate\), not in `session 5s`'
}

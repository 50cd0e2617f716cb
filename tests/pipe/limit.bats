load ../helper

# Records of many groups: keys by chance, some null or absent, decimals, times over ten minutes.
many_records() {
	awk -v seed="$1" -v n="$2" 'BEGIN {
		srand(seed)
		for (i = 1; i <= n; i++) {
			t = int(rand() * 600000)
			printf "{\"t\":\"2026-03-01T10:%02d:%02d.%03dZ\",\"i\":%d", int(t / 60000), int(t / 1000) % 60, t % 1000, i
			k = int(rand() * 3000)
			if (k > 2) printf ",\"k\":%s", k % 5 ? "\"key number " k "\"" : k ".0"
			else if (k == 1) printf ",\"k\":null"
			printf ",\"g\":%d,\"x\":%d.%02d,\"s\":\"%s\"}\n", int(rand() * 3), int(rand() * 500) - 50, int(rand() * 100),
				substr("abcdefghij", 1 + int(rand() * 8), 1 + int(rand() * 3))
		}
	}'
}

calls=(count 'sum(x)' 'avg(x)' 'min(x)' 'max(s)' 'first(i)' 'last(i)' 'var(x)' 'p50(x)' 'p99(x)' 'distinct(s)' 'top(s, 3)' rate
	'collect(i)')

@test "--limit: what is beyond goes to disk, and no byte of the results is another" {
	many_records 1 20000 | stream-map '@time = time(t)' -o frames >in.frames
	local limit
	export TMPDIR=$PWD/spool
	mkdir "$TMPDIR"
	stream-agg -b k,g "${calls[@]}" --limit 0 in.frames >want
	stream-agg -b k count --limit 0 in.frames >want.count
	stream-agg "${calls[@]}" --limit 0 in.frames >want.one
	[ "$(wc -l <want)" -gt 5000 ]
	for limit in 100K 500K 2M; do
		STREAM_TEST_ROWS=1000 stream-agg -b k,g "${calls[@]}" --limit $limit in.frames >got
		same got want
		STREAM_TEST_ROWS=100 stream-agg -b k count --limit $limit in.frames >got
		same got want.count
		stream-agg "${calls[@]}" --limit $limit in.frames >got
		same got want.one
	done
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--limit with windows: those that close, panes shared by hops, steps that cumulate, corrections" {
	many_records 2 12000 >in.json
	while read -r spec; do
		stream-window $spec -t t in.json 2>/dev/null >w.frames -o frames --late late || [ $? = 3 ]
		for by in k g,k; do
			stream-agg -b $by "${calls[@]}" --limit 0 w.frames >want
			[ "$(wc -l <want)" -gt 1000 ]
			STREAM_TEST_ROWS=700 stream-agg -b $by "${calls[@]}" --limit 200K w.frames >got
			same got want
		done
	done <<-'EOF'
		1m
		2m --delay 1s
		hop 4m 1m
		cumulate 5m 1m
		1m --delay 1s --lateness 2m
		hop 90s 30s --delay 10s --lateness 1m
	EOF
}

@test "--limit with partial results: they go out early, and a merge has its own limit" {
	many_records 3 12000 >in.json
	stream-agg -b k count 'sum(x)' 'p50(x)' 'distinct(s)' in.json >want
	STREAM_TEST_ROWS=500 stream-agg --partial --limit 100K -b k count 'sum(x)' 'p50(x)' 'distinct(s)' in.json -o json >partials
	[ "$(wc -l <partials)" -gt "$(wc -l <want)" ]
	STREAM_TEST_ROWS=500 stream-agg --merge --limit 100K -b k count 'sum(x)' 'p50(x)' 'distinct(s)' partials >got
	same got want
	stream-window session 2s -b g -t t in.json -o frames >w.frames
	stream-agg -b k count 'sum(x)' w.frames >want
	STREAM_TEST_ROWS=500 stream-agg --partial --limit 100K -b k count 'sum(x)' w.frames -o frames | stream-agg --merge -b k count 'sum(x)' >got
	same got want
}

@test "--limit: what can't go to disk is said; so is a disk that can't be written" {
	seq 300000 | stream-map 'k = line' --keep k -o frames >in.frames
	says 1 'nowhere.*temporary file: No such file or directory' env TMPDIR=/nowhere stream-agg --limit 1M -b k count in.frames
	# No room: a file of at most 200 KiB, and the signal for that ignored, as a full disk would have it.
	bash -c 'trap "" XFSZ; ulimit -f 200; stream-agg --limit 1M -b k count in.frames | cat; exit ${PIPESTATUS[0]}' >out 2>err ||
		[ $? = 1 ]
	one_line err '^stream-agg: /.*temporary file.*: File too large$'
	[ ! -s out ]
	stream-window session 1h -t 't' -b k -o frames <(seq 30000 | stream-map 't = now()' 'k = line') >s.frames
	says 1 'sessions and counts need more memory than --limit' stream-agg --limit 1M -b k count s.frames
}

@test "a million groups of count, sum, min, max and avg in far less than 1 GB; with --limit 32M in less than 80 MB" {
	case ${STREAM_BUILD-} in *san*) skip "sanitizers have memory of their own" ;; esac
	seq 1000000 | stream-map 'k = line' 'x = int(line)' --keep k,x -o frames >in.frames
	local a=(-b k count 'sum(x)' 'min(x)' 'max(x)' 'avg(x)' -o frames)
	/usr/bin/time -f %M -o peak stream-agg "${a[@]}" in.frames | cksum >want
	[ "$(cat peak)" -lt 400000 ]
	/usr/bin/time -f %M -o peak stream-agg "${a[@]}" --limit 32M in.frames | cksum >got
	[ "$(cat peak)" -lt 80000 ]
	same got want
}

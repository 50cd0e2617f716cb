# The same answer from batches of 1, 7 and 65,536 rows, reads of 5 bytes and of 1 MiB, one process and four shards.
load ../helper

input() {
	requests 240 >in.json
	stream-cat -o csv in.json --bad bad.json >in.csv
	stream-cat -o logfmt in.csv >in.logfmt
	stream-cat -o frames in.json >in.frames
	stream-gen weblog -n 150 --combined -o lines >access.log
	{ head -n 30 in.json; echo '{"n":31,'; echo 'no json'; sed -n 31,60p in.json; } >broken.json
}

# pipelines NAME...: each line of standard input, a pipeline, has one answer.
pipelines() {
	local line i=0
	while read -r line; do
		i=$((i + 1))
		everyway "want.$i" "$line" || {
			echo "of: $line"
			return 1
		}
		# It is an answer, not an error that is always the same.
		[ "$(wc -l <"want.$i")" -gt 1 ]
	done
}

@test "stream-cat: every format in, every format out" {
	input
	pipelines <<'EOF'
stream-cat in.json
stream-cat in.csv
stream-cat -o csv in.csv
stream-cat -o tsv in.csv
stream-cat in.logfmt
stream-cat -o logfmt in.csv
stream-cat access.log
stream-cat in.frames
stream-cat in.json | stream-cat | stream-cat -o json
stream-cat -o table in.csv
gzip -c in.json | stream-cat
stream-cat --bad /dev/null -i json broken.json
stream-cat --strict -i json broken.json
EOF
}

@test "stream-filter and stream-map" {
	input
	pipelines <<'EOF'
stream-filter 'status >= 500' in.json
stream-filter 'user == null || rt > 1' in.frames
stream-cat in.json | stream-filter '6 / (n % 5) >= 2' | stream-cat -o json
stream-filter --strict '6 / (n - 77) < 100' in.json
stream-map 'a = rt * 2' 'b = a + n' --rename path=p --drop status in.json
stream-cat in.csv | stream-map 'u = upper(user ?? "none")' --keep n,u | stream-cat -o csv
stream-map --bad /dev/null 'q = 100 // (n % 3)' in.json
EOF
}

@test "stream-parse and stream-gen" {
	input
	pipelines <<'EOF'
stream-parse combined --meta access.log
stream-cat access.log | stream-parse combined | stream-cat -o json
stream-parse --bad /dev/null '(?<ip>[0-9.]+) .*" (?<status>5..) ' access.log
stream-gen weblog -n 100
stream-gen orders -n 100 | stream-filter 'quantity > 2' | stream-cat --meta
EOF
}

@test "stream-agg, with every function" {
	input
	pipelines <<'EOF'
stream-agg -b path count 'sum(rt)' 'avg(rt)' 'min(rt)' 'max(rt)' 'var(rt)' 'stddev(rt)' in.json
stream-agg 'p50(n)' 'p99(rt)' 'median(rt)' 'distinct(user)' 'top(path, 3)' in.json
stream-agg -b status 'first(n)' 'last(n)' 'collect(user)' in.frames
stream-cat in.csv | stream-agg -b user,status count | cat
EOF
}

@test "stream-window: all kinds, in order and not" {
	input
	pipelines <<'EOF'
stream-window 1m -t t in.json | stream-agg -b path count 'sum(rt)'
stream-window hop 2m 30s -t t in.json | stream-agg count 'p90(rt)'
stream-window session 5s -b path -t t in.json | stream-agg -b path count
stream-window cumulate 2m 1m -t t in.frames | stream-agg count
stream-window count 7 -t t in.json | stream-agg count 'first(n)'
stream-window 30s --delay 5s --late late.json -t t in.json | stream-agg count 'sum(n)'; sort late.json; rm late.json
EOF
}

@test "four shards are one process" {
	input
	stream-agg -b path count 'sum(rt)' 'distinct(user)' in.json >want
	stream-window 1m -t t in.json | stream-agg -b path count 'avg(rt)' >want.windows
	stream-filter 'status == 200' in.json | stream-map 'x = rt * n' | stream-cat -o json | sort >want.sorted
	for rows in 1 65536; do
		export STREAM_TEST_ROWS=$rows
		pipe "stream-shard -k path -n 4 -- stream-agg -b path count 'sum(rt)' 'distinct(user)' <in.json >got"
		[ "$PIPE" = 0 ]
		same got want
		pipe "stream-window 1m -t t in.json | stream-shard -k path -n 4 -- stream-agg -b path count 'avg(rt)' >got"
		[ "$PIPE" = "0 0" ]
		same got want.windows
		pipe "stream-shard -k path -n 4 -- 'stream-filter \"status == 200\" | stream-map \"x = rt * n\"' <in.json | stream-cat -o json | sort >got"
		[ "$PIPE" = "0 0 0" ]
		same got want.sorted
	done
}

@test "stream-put and stream-get, stream-sink" {
	input
	pipelines <<'EOF'
stream-put web in.json && stream-get web; rm -r "$STREAM_HOME"
stream-cat in.csv | stream-put -k path web && stream-get web | stream-agg -b path count 'sum(n)'; rm -r "$STREAM_HOME"
stream-sink 'dir:lake/{path}?format=csv' in.csv && find lake -name '*.csv' -exec cat {} + | sort; rm -r lake
stream-sink 'sqlite:t.db?table=t' in.csv && sqlite3 t.db 'select * from t'; rm t.db
EOF
}

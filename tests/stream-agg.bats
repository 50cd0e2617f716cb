load helper

@test "counts, sums and groups; names as documented; nothing at all counts" {
	requests >in.json
	[ "$(stream-agg in.json)" = '{"count":300}' ]
	[ "$(stream-agg count in.json)" = '{"count":300}' ]
	[ "$(stream-agg 'sum(n)' 'avg(n)' 'min(n)' 'max(n)' in.json)" = \
		'{"sum_n":45150,"avg_n":150.5,"min_n":1,"max_n":300}' ]
	stream-agg -b status,path count 'errors = count(user)' 'sum(rt)' in.json >got
	same got "$BATS_TEST_DIRNAME/expected/agg-groups.json"
	[ "$(stream-agg -b 'class = status // 100' count in.json)" = $'{"class":2,"count":240}\n{"class":5,"count":60}' ]
	[ "$(stream-agg count ./in.json)" = '{"count":300}' ]
}

@test "agrees with jq on a whole table" {
	requests >in.json
	stream-agg -b path 'n = count()' 's = sum(n)' 'lo = min(rt)' 'hi = max(rt)' 'd = distinct(user)' in.json | jq -cS . >got
	jq -cS -s 'group_by(.path)[] | {path: .[0].path, n: length, s: (map(.n) | add), lo: (map(.rt) | min), hi: (map(.rt) | max),
		d: (map(.user | values) | unique | length)}' in.json >want
	same got want
}

@test "median of one 4 is 4; 1.10 stays 1.10; sums are exact" {
	[ "$(echo '{"a":4}' | stream-agg 'median(a)' -o json)" = '{"median_a":4}' ]
	[ "$(echo '{"a":1.10}' | stream-agg 'min(a)' 'max(a)' 'first(a)' 'last(a)' 'median(a)')" = \
		'{"min_a":1.10,"max_a":1.10,"first_a":1.10,"last_a":1.10,"median_a":1.10}' ]
	[ "$(printf '{"a":%s}\n' 0.1 0.2 0.3 | stream-agg 'sum(a)')" = '{"sum_a":0.6}' ]
	[ "$(printf '{"a":%s}\n' 1e16 1 -1e16 | stream-agg 'sum(a)' | jq .sum_a)" = 1 ]
	[ "$(printf '{"a":%s}\n' 9223372036854775807 9223372036854775807 | stream-agg 'avg(a)' | jq -r '.avg_a|tostring')" != null ]
}

@test "of nothing: count and sum are 0, the others null; nulls are not counted" {
	: >empty
	[ "$(stream-agg count 'sum(a)' 'avg(a)' 'min(a)' 'max(a)' 'median(a)' empty)" = \
		'{"count":0,"sum_a":0,"avg_a":null,"min_a":null,"max_a":null,"median_a":null}' ]
	printf '%s\n' '{"a":null}' '{"b":1}' '{"a":2}' >in.json
	[ "$(stream-agg count 'count(a)' 'avg(a)' in.json)" = '{"count":3,"count_a":1,"avg_a":2}' ]
	[ -z "$(stream-agg -b a count empty)" ]
	[ "$(stream-agg -b a count in.json)" = $'{"count":1}\n{"a":null,"count":1}\n{"a":2,"count":1}' ]
}

@test "quantiles: exact for small groups, within half a percent for large ones, exact on request" {
	for i in $(seq 256 -1 1); do echo "{\"a\":$i}"; done >small.json
	[ "$(stream-agg 'p50(a)' 'p99(a)' 'quantile(a, 1)' small.json | jq -c 'map(.)')" = '[128,254,256]' ]
	seq 20000 | stream-map 'a = int(line)' --keep a -o frames >large.frames
	stream-agg 'p50(a)' 'p99(a)' 'quantile(a, 0)' 'quantile(a, 1)' large.frames >out
	jq -e '(.p50_a - 10000 | fabs) < 51 and (.p99_a - 19800 | fabs) < 100' out
	[ "$(stream-agg --exact 'p50(a)' 'p99(a)' large.frames | jq -c 'map(.)')" = '[10000,19800]' ]
}

@test "a typo in a field is no empty result: a warning with the nearest name, status 2" {
	requests 20 >in.json
	pipe "stream-agg 'sum(stauts)' in.json >out 2>err"
	[ "$PIPE" = 2 ]
	[ ! -s out ]
	[ "$(sed -n 1p err)" = 'stream-agg: no record so far has the field `stauts`; did you mean `status`?' ]
	pipe "stream-agg -b pth count in.json >out 2>err"
	[ "$PIPE" = 2 ]
	[ ! -s out ]
	grep -q 'did you mean `path`?' err
}

@test "mistyped aggregates: the nearest, status 2" {
	requests 5 >in.json
	says 2 'cuont.*did you mean .?count' stream-agg cuont in.json
	says 2 'not closed' stream-agg 'sum(n' in.json
	says 2 'two columns are called a' stream-agg 'a = count()' 'a = sum(n)' in.json
	says 2 'is an aggregate and stands alone' stream-agg 'sum(n) + 1' in.json
	says 2 'goes from 0 to 1' stream-agg 'quantile(n, 99)' in.json
	says 2 'no duration' stream-agg --every 5q count in.json
}

@test "a mistyped function gets the nearest aggregate" {
	requests 5 >in.json
	says 2 'no .*sume.*sum' stream-agg 'sume(n)' in.json
}

@test "what can't be summed is rejected, with its place, and status 3" {
	printf '%s\n' '{"a":1}' '{"a":"x"}' '{"a":2}' >in.json
	pipe "stream-agg 'sum(a)' count in.json >out 2>err"
	[ "$PIPE" = 3 ]
	[ "$(cat out)" = '{"sum_a":3,"count":2}' ]
	one_line err '^stream-agg: in.json:2: sum\(a\) wants numbers'
}

@test "records rejected upstream: status 3 at the last stage" {
	broken_at_17 >in.json
	pipe 'stream-cat in.json 2>err | stream-filter true | stream-agg count >out'
	[ "$PIPE" = "3 3 3" ]
	[ "$(cat out)" = '{"count":39}' ]
	pipe 'stream-cat --bad bad in.json 2>err | stream-filter true | stream-agg count >out'
	[ "$PIPE" = "0 0 0" ]
}

@test "a count on a live stream shows something: --every" {
	pipe 'stream-gen sensor --rate 100 | stream-agg --every 50ms count | head -n 3 >out'
	[ "$PIPE" = "141 141 0" ]
	[ "$(wc -l <out)" -eq 3 ]
	jq -e -s '.[0].count >= 0 and .[0].count <= .[1].count and .[1].count < .[2].count' out
	# Also where the input never lets it wait.
	pipe 'timeout 300 stream-gen sensor | stream-agg --every 50ms count | head -n 2 >out'
	[ "$(wc -l <out)" -eq 2 ]
}

@test "a count on a live stream shows something: on a terminal, unasked" {
	on_terminal screen 'bash -c "started gen stream-gen sensor --rate 100 | stream-agg count"' &
	wait_for grep -qE '"count":[0-9]+' screen
	kill -INT "$(cat gen.pid)"
	wait $!
}

@test "results go out as text to a shell: \$(…), csv, table, logfmt; a full disk is loud in each" {
	requests 20 >in.json
	[ "$(stream-agg count in.json)" = '{"count":20}' ]
	[ "$(stream-agg -o csv -b status count in.json)" = $'status,count\n200,16\n503,4' ]
	[ "$(stream-agg -o table -b status count in.json)" = $'status  count\n   200     16\n   503      4' ]
	for format in json csv tsv logfmt lines table frames; do
		pipe "stream-cat in.json | stream-agg -o $format -b n count 2>err >/dev/full"
		[[ "$PIPE" =~ ^(0|141)\ 1$ ]] || { echo "$format: $PIPE"; return 1; }
		one_line err '^stream-agg: standard output: No space left on device$'
	done
}

@test "the taxi data: groups and sums as by the awk of old" {
	needs_data csv/taxis.csv
	stream-agg -b payment count 'sum(passengers)' "$data/csv/taxis.csv" -o csv | sed 1d | sort >got
	awk -F, 'NR > 1 { n[$10]++; s[$10] += $3 } END { for (k in n) print k "," n[k] "," s[k] }' "$data/csv/taxis.csv" | sort >want
	same got want
}

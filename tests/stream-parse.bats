load helper

write_log() {
	cat >access.log <<'EOF'
192.0.2.1 - - [20/Feb/2026:10:00:00 -0500] "GET /a HTTP/1.1" 200 187 "-" "curl/8"
192.0.2.2 - bob [20/Feb/2026:10:00:01 -0500] "POST /b?x=\"1\" HTTP/1.1" 503 - "http://example.org/" "Mozilla/5.0 (X11)" 0.250
this is no log line
192.0.2.3 - - [20/Feb/2026:10:00:02 -0500] "\x16\x03\x01" 400 0 "-" "-"
EOF
}

@test "combined: the documented fields, types and @time" {
	write_log
	pipe 'stream-parse combined --meta access.log >out 2>err'
	[ "$PIPE" = 3 ]
	one_line err '^stream-parse: access.log:3: '
	same out "$BATS_TEST_DIRNAME/expected/parse-combined.json"
}

@test "no line goes missing: --bad keeps what no pattern matches, with its place" {
	write_log
	pipe 'stream-parse combined --bad bad.json access.log | stream-agg count >out'
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" = '{"count":3}' ]
	[ "$(jq -c '[.source,.line,.text]' bad.json)" = '["access.log",3,"this is no log line"]' ]
}

@test "--strict prints what stands before the first bad line, whatever the batch" {
	write_log
	for rows in 1 65536; do
		pipe "STREAM_TEST_ROWS=$rows stream-parse --strict combined access.log 2>err | wc -l >out"
		[ "$PIPE" = "3 0" ]
		[ "$(cat out)" -eq 2 ]
	done
}

@test "several patterns: the first that matches wins" {
	printf '%s\n' 'level=info n=1' '{"level":"warn","n":2}' 'error: 3' >in
	stream-parse json '(?<level>\w+): (?<n>\d+)$' logfmt in >out
	[ "$(jq -c '[.level,.n|tostring]' out)" = $'["info","1"]\n["warn","2"]\n["error","3"]' ]
}

@test "grok with types, and regular expressions with named groups" {
	echo 'example.org took 0.25 s for 12 items' >in
	[ "$(stream-parse '%{IPORHOST:client} took %{NUMBER:rt:float} s for %{INT:items:int}' in)" = \
		'{"client":"example.org","rt":0.25,"items":12}' ]
	[ "$(stream-parse '^(?<host>\S+) took (?<rt>[\d.]+)' in | jq -r .host)" = example.org ]
}

@test "event time: --time FIELD, FIELD=FORMAT, RFC 3339, numbers" {
	printf '%s\n' 't=1767225600 n=1' 't=1767225601500 n=2' >in
	[ "$(stream-parse --time t logfmt --meta in | jq -r '."@time"')" = $'2026-01-01T00:00:00Z\n2026-01-01T00:00:01.500Z' ]
	echo '{"at":"01.02.2026 03:04","n":1}' >in
	[ "$(stream-parse --time at='%d.%m.%Y %H:%M' json --meta in | jq -r '."@time"')" = 2026-02-01T03:04:00Z ]
	echo '{"at":"never","n":1}' >in
	pipe 'stream-parse --time at json in >out 2>err'
	[ "$PIPE" = 3 ]
	one_line err 'in:1: .*never'
}

@test "lines that look like JSON are lines for stream-parse; records of ours are parsed by their field line" {
	echo '{"a":1}' >in
	[ "$(stream-parse json in)" = '{"a":1}' ]
	[ "$(stream-cat -i lines in | stream-parse json)" = '{"a":1}' ]
	[ "$(stream-parse json <in)" = '{"a":1}' ]
}

@test "the real log: every line is parsed or accounted for, and the counts are those of awk" {
	needs_data access/blog_access_part1.log
	head -n 20000 "$data/access/blog_access_part1.log" >access.log
	pipe 'stream-parse combined --bad bad.json --stats access.log 2>stats | stream-agg -b status count -o csv >out'
	[ "$PIPE" = "0 0" ]
	bad=$(cat bad.json 2>/dev/null | wc -l)
	grep -q "in 20000 = out $((20000 - bad)) + filtered 0 + rejected $bad " stats
	[ "$bad" -lt 20 ]
	# The status is the first three digits behind the closing quote of the request.
	sed -nE 's/^[^"]*"([^"\\]|\\.)*" ([0-9]{3}) .*/\2/p' access.log | sort | uniq -c |
		awk '{ print $2 "," $1 }' >want
	[ "$bad" -gt 0 ] || { sed 1d out | sort | cmp - want; }
}

@test "--list names the patterns, --show prints one; mistakes name the nearest" {
	stream-parse --list >out
	for name in common combined nginx-error apache-error syslog rfc5424 logfmt json csv; do
		grep -qx "$name" out
	done
	stream-parse --show combined | grep -q '(?<client>'
	echo x >in
	says 2 'no pattern combind; is it combined' stream-parse combind in
	says 2 'missing closing parenthesis' stream-parse '(?<a>' in
	says 2 'no grok pattern NOPE' stream-parse '%{NOPE:a}' in
	says 2 'PATTERN .* is missing' stream-parse
	pipe 'stream-parse --list >/dev/full 2>err'
	[ "$PIPE" = 1 ]
}

@test "a hostile line does not hang a pattern" {
	{ printf 'a%.0s' $(seq 5000); echo; } >in
	pipe "timeout 300 stream-parse '^(?<x>(a+)+)\$b' in >out 2>err"
	[ "$PIPE" = 3 ]
}

load helper

@test "keeps the records for which the expression is true, and no others" {
	cat >in.json <<'EOF'
{"a":1,"s":"x"}
{"a":1.0,"s":"y"}
{"a":null}
{"s":"z"}
{"a":"1"}
{"a":2}
EOF
	[ "$(stream-filter 'a == 1' in.json)" = $'{"a":1,"s":"x"}\n{"a":1.0,"s":"y"}' ]
	[ "$(stream-filter 'a == null' in.json)" = $'{"a":null}\n{"s":"z"}' ]
	[ "$(stream-filter '!present(a)' in.json)" = '{"s":"z"}' ]
	[ "$(stream-filter 's =~ /^[xz]$/' in.json)" = $'{"a":1,"s":"x"}\n{"s":"z"}' ]
	[ "$(stream-filter 'a in (2, "1")' in.json)" = $'{"a":"1"}\n{"a":2}' ]
}

@test "what was no number stays what it was: 0870, big integers, decimals" {
	printf 'z,n,d\n0870,9007199254740993,1.10\n870,9007199254740992,1.1\n' >in.csv
	[ "$(stream-filter 'z == "0870"' in.csv | stream-cat -o csv)" = $'z,n,d\n0870,9007199254740993,1.10' ]
	[ "$(stream-filter 'n > 9007199254740992' in.csv | stream-agg count)" = '{"count":1}' ]
	[ "$(stream-filter 'd == 1.1' in.csv | stream-agg count)" = '{"count":2}' ]
}

@test "paths into nested values, and a field with a dot in its name" {
	echo '{"a":{"b":[1,{"c":"deep"}]},"a.x":5,"user-agent":"curl"}' >in.json
	[ -n "$(stream-filter 'a.b[1].c == "deep"' in.json)" ]
	[ -n "$(stream-filter '`user-agent` == "curl" && a.x == 5' in.json)" ]
}

@test "text and frames in: the same records come out" {
	requests >in.json
	stream-cat -o frames in.json >in.frames
	for expression in 'status >= 500' 'rt > 1.5 || user == null' 'path =~ /[135]$/ && n % 2 == 0'; do
		stream-filter "$expression" in.json >want
		stream-filter "$expression" in.frames >got
		same got want
		pipe "stream-cat in.json | stream-filter '$expression' | stream-cat -o json >got"
		same got want
		[ -s want ]
	done
}

@test "a typo in a field: a warning with the nearest name, and status 2" {
	requests >in.json
	pipe "stream-filter 'statu >= 500' in.json >out 2>err"
	[ "$PIPE" = 2 ]
	[ ! -s out ]
	[ "$(sed -n 1p err)" = 'stream-filter: no record so far has the field `statu`; did you mean `status`?' ]
	grep -q 'no record has the field `statu`' err
	pipe "stream-cat in.json | stream-filter 'statu >= 500' 2>err | stream-agg count >out"
	[ "$PIPE" = "0 2 4" ]
	[ ! -s out ]
}

@test "a field that only later records have is no typo" {
	{ requests 50; echo '{"rare":1}'; } >in.json
	pipe "stream-filter 'rare == 1' in.json >out 2>err"
	[ "$PIPE" = 0 ]
	[ "$(cat out)" = '{"rare":1}' ]
}

@test "common mistakes get one clear line" {
	requests 20 >in.json
	echo '{"user-agent":"x"}' >ua.json
	says 2 'a=1: column 2: = does not compare; did you mean ==\?' stream-filter 'a=1' in.json
	says 2 'and is written &&' stream-filter 'n == 1 and n == 2' in.json
	says 2 'no function lenght; did you mean length\?' stream-filter 'lenght(path) == 1' in.json
	says 2 'EXPR is missing' stream-filter
	says 2 'an operand is wanted at the end' stream-filter 'n >' in.json
	says 0 'n == "500" is never true: n is of type int, "500" of type string; write 500 without quotes' \
		stream-filter 'n == "500"' in.json
	says 1 '^stream-filter: nofile: No such file' stream-filter true nofile
	pipe "stream-filter 'user-agent == \"x\"' ua.json >out 2>err"
	[ "$PIPE" = 2 ]
	grep -q 'a name with a dash wants backquotes: `user-agent`' err
}

@test "an error rejects the record: named with its place, counted, status 3; --bad catches it" {
	for i in 1 2 0 4; do echo "{\"a\":$i}"; done >in.json
	pipe "stream-filter '4 / a > 1' in.json >out 2>err"
	[ "$PIPE" = 3 ]
	[ "$(cat out)" = $'{"a":1}\n{"a":2}' ]
	one_line err '^stream-filter: in.json:3: .*division by zero'
	pipe "stream-filter --bad bad.json '4 / a > 1' in.json >out 2>err"
	[ "$PIPE" = 0 ]
	[ ! -s err ]
	[ "$(wc -l <bad.json)" -eq 1 ]
	jq -e '.line == 3 and .source == "in.json" and (.reason | test("division by zero"))' bad.json
	[ "$(stream-filter 'try(4 / a, 0) > 1' in.json)" = $'{"a":1}\n{"a":2}' ]
	pipe "stream-filter 'a' in.json >out 2>err"
	[ "$PIPE" = 3 ]
	grep -q 'a filter is true or false, but this one is int' err
}

@test "--strict stops at the first error, and prints what stands before it whatever the batch" {
	for i in 1 2 0 1 0; do echo "{\"a\":$i}"; done >in.json
	for rows in 1 2 65536; do
		export STREAM_TEST_ROWS=$rows
		pipe "stream-filter --strict '4 / a > 1' in.json >out 2>err"
		[ "$PIPE" = 3 ]
		[ "$(cat out)" = $'{"a":1}\n{"a":2}' ]
		one_line err 'in.json:3: '
	done
}

@test "malformed line 17, through a filter" {
	broken_at_17 >in.json
	pipe "stream-filter 'a > 10' in.json 2>err | wc -l >out"
	[ "$PIPE" = "3 0" ]
	[ "$(cat out)" -eq 29 ]
	one_line err 'in.json:17: column 13'
}

@test "--stats accounts for every record, SIGUSR1 prints the counts as they are" {
	broken_at_17 >in.json
	pipe "stream-filter --stats 'a > 10 && 100 / (a - 20) > -1000' in.json 2>err | cat >/dev/null"
	grep -q '^stream-filter  *in 40 = out 28 + filtered 10 + rejected 2 + late 0$' err
	mkfifo in
	started filter stream-filter 'a > 1' in >out 2>err &
	exec 9>in
	printf '{"a":1}\n{"a":2}\n' >&9
	wait_for filled out
	kill -USR1 "$(cat filter.pid)"
	wait_for filled err
	one_line err '^stream-filter  *in 2 = out 1 \+ filtered 1 \+ rejected 0 \+ late 0$'
	exec 9>&-
	wait $!
}

@test "--metrics keeps an OpenMetrics file" {
	requests >in.json
	stream-filter --metrics m.txt 'status >= 500' in.json >out
	grep -qx 'stream_records_in_total{stage="0",command="stream-filter"} 300' m.txt
	grep -qx "stream_records_out_total{stage=\"0\",command=\"stream-filter\"} $(wc -l <out)" m.txt
	[ "$(tail -n 1 m.txt)" = '# EOF' ]
}

@test "constants are looked at before the first record" {
	echo '{"t":"2026-10-25T00:30:00Z","ip":"10.1.2.3"}' >in.json
	says 2 'column 20: there is no time zone `Europe/Belrin`; did you mean Europe/Berlin\?' \
		stream-filter 'trunc(time(t), 1d, "Europe/Belrin") == t' in.json
	says 2 'column 10: this is no network' stream-filter 'cidr(ip, "10.0.0.0/33")' in.json
	says 2 'there is no `%Q` in one' stream-filter 'strftime(time(t), "%Q") == "x"' in.json
	TZDIR=/nowhere says 1 'install tzdata' stream-filter 'hour(time(t), "Europe/Berlin") == 2' in.json
	[ "$(stream-filter 'hour(time(t), "Europe/Berlin") == 2 && cidr(ip, "10.0.0.0/8")' in.json | wc -l)" -eq 1 ]
}

@test "a pattern that goes back and forth for ever is an error of its record, soon" {
	printf '{"x":"%s"}\n' "$(printf 'a%.0s' {1..500})b" short >in.json
	run -3 --separate-stderr timeout 300 stream-filter 'x =~ /^(a+)+$/ || x == "short"' in.json
	[ "$output" = '{"x":"short"}' ]
	[[ $stderr == *"in.json:1: "*"the pattern backtracks too much on this text"* ]]
	says 2 'too large' stream-filter 'x =~ /((((a{1,999}){1,999}){1,999}){1,999})/' in.json
	says 2 'too deeply nested' stream-filter "x =~ /$(printf '(%.0s' {1..300})$(printf ')%.0s' {1..300})/" in.json
	says 2 'nested more than 200 deep' stream-filter "$(printf '(%.0s' {1..300})x$(printf ')%.0s' {1..300})" in.json
}

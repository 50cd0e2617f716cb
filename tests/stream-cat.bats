load helper

@test "values survive the way through frames, byte for byte" {
	echo '{"a":9007199254740993,"b":"0870","c":1.10,"d":null,"e":{"x":[1,2]},"f":1e400}' >in.json
	stream-cat -o frames in.json >in.frames
	stream-cat -o json in.frames >out.json
	same in.json out.json
	pipe 'stream-cat in.json | stream-cat | stream-filter true | stream-cat -o json >out.json'
	[ "$PIPE" = "0 0 0 0" ]
	same in.json out.json
}

@test "odd values survive: digits, exponents, escapes, empty names, absent and null, key order" {
	cat >in.json <<'EOF'
{"z":1E5,"a":-0,"b":0.10,"c":-0.0,"d":12345678901234567890123,"e":1e-7}
{"a":null}
{}
{"":"","b":[],"a":{}}
{"s":"tab\t quote\" slash\\ null\u0000 euro€ bell\u0007"}
{"b":1,"a":2}
{"a":2,"b":1}
{"t":true,"f":false,"deep":{"k":[{"l":[1.0,1.00,1e0]}]}}
{"i":9223372036854775807,"j":-9223372036854775808,"k":9223372036854775808}
EOF
	pipe 'stream-cat in.json | stream-cat -o json >out.json'
	[ "$PIPE" = "0 0" ]
	same in.json out.json
	stream-cat -o frames in.json >in.frames
	stream-cat in.frames >out.json
	same in.json out.json
}

@test "a CSV column 0870,1.10,007 comes back as it was" {
	printf 'a,b,c\n0870,1.10,007\n,"",-0\n12e45,1E5,"x, ""y"""\n' >in.csv
	pipe 'stream-cat in.csv | stream-cat -o csv >out.csv'
	[ "$PIPE" = "0 0" ]
	same in.csv out.csv
	[ "$(stream-cat in.csv | sed -n 1p)" = '{"a":"0870","b":1.10,"c":"007"}' ]
}

@test "CSV: by the name of the file, also compressed; CR LF; TSV; -i for standard input" {
	printf 'a,b\r\n1,x y\r\n' >in.csv
	printf 'a\tb\n1\tx y\n' >in.tsv
	gzip -k in.csv
	echo '{"a":1,"b":"x y"}' >want
	for file in in.csv in.tsv in.csv.gz; do
		stream-cat "$file" >got
		same got want
	done
	stream-cat -i csv <in.csv >got
	same got want
	stream-cat -i tsv - <in.tsv >got
	same got want
}

@test "a ragged CSV row is an error that names the line" {
	printf 'a,b\n1,2\n3\n4,5\n' >in.csv
	pipe 'stream-cat in.csv >out 2>err'
	[ "$PIPE" = 3 ]
	[ "$(cat out)" = $'{"a":1,"b":2}\n{"a":4,"b":5}' ]
	one_line err 'in.csv:3: 1 cell, but the header has 2'
}

@test "CSV out: the first record's fields; a later new field rejects the record" {
	printf '%s\n' '{"a":1,"b":2}' '{"b":3}' '{"a":4,"c":5}' '{"a":6}' >in.json
	pipe 'stream-cat -o csv in.json >out 2>err'
	[ "$PIPE" = 3 ]
	[ "$(cat out)" = $'a,b\n1,2\n,3\n6,' ]
	one_line err 'in.json:3: .*no field c'
}

@test "what is no format is a line; blank lines and all" {
	printf 'one\n\n  two  \nlast without an end' >in
	stream-cat in >got
	cat >want <<'EOF'
{"line":"one"}
{"line":""}
{"line":"  two  "}
{"line":"last without an end"}
EOF
	same got want
	stream-cat -o lines in >got
	printf '%s\n' "$(cat in)" >want
	same got want
}

@test "JSON: an array is a run of records, a value that is no object has the field value, records may span lines" {
	printf '[{"a":1},\n {"a":2}]\n' >array.json
	printf '{"a":\n 3}{"a":4}\n5\n"six"\n' >span.json
	stream-cat array.json -i json span.json >got
	printf '%s\n' '{"a":1}' '{"a":2}' '{"a":3}' '{"a":4}' '{"value":5}' '{"value":"six"}' >want
	same got want
}

@test "logfmt and tables" {
	printf 'level=info msg="a b" n=5\n' >in.logfmt
	[ "$(stream-cat in.logfmt)" = '{"level":"info","msg":"a b","n":5}' ]
	stream-cat -o logfmt in.logfmt >got
	same got in.logfmt
	printf '%s\n' '{"name":"x","n":1.10}' '{"name":"longer","n":200}' >in.json
	stream-cat -o table in.json >got
	cat >want <<'EOF'
name       n
x       1.10
longer   200
EOF
	same got want
}

@test "compressed files and archives: gzip zstd xz bzip2 zip tar" {
	requests 50 >in.json
	cp in.json two.json
	gzip -k in.json
	xz -k in.json
	bzip2 -k in.json
	zstd -q in.json
	tar cf in.tar in.json two.json
	tar czf in.tgz in.json two.json
	zip -q in.zip in.json two.json
	stream-cat in.json >want
	for file in in.json.gz in.json.xz in.json.bz2 in.json.zst; do
		stream-cat "$file" >got
		same got want
		stream-cat <"$file" >got
		same got want
		cat "$file" | stream-cat >got
		same got want
	done
	cat want want >twice
	for file in in.tar in.tgz in.zip; do
		stream-cat "$file" >got
		same got twice
	done
}

@test "a compressed file that is cut off fails, and gives what could be read" {
	stream-gen weblog -n 4000 >in.json
	gzip -k in.json
	head -c 60000 in.json.gz >cut.json.gz
	pipe 'stream-cat cut.json.gz >out 2>err'
	[ "$PIPE" = 1 ]
	one_line err 'cut.json.gz: '
	head -n "$(wc -l <out)" in.json | cmp - out
	[ "$(wc -l <out)" -gt 100 ]
	head -c 100 in.json.gz >cut.json.gz
	says 1 'cut.json.gz: ' stream-cat cut.json.gz
}

@test "a member of an archive is named in messages" {
	broken_at_17 >bad.json
	zip -q in.zip bad.json
	pipe 'stream-cat in.zip >out 2>err'
	[ "$PIPE" = 3 ]
	one_line err 'in.zip:bad.json:17: '
}

@test "cat of two frame files is a frame file; several files of several formats" {
	echo '{"a":1}' >a.json
	printf 'b\n2\n' >b.csv
	stream-cat -o frames a.json >a.frames
	stream-cat -o frames b.csv >b.frames
	cat a.frames b.frames a.frames >c.frames
	[ "$(stream-cat c.frames)" = $'{"a":1}\n{"b":2}\n{"a":1}' ]
	[ "$(stream-cat a.frames b.csv a.json - <b.frames)" = $'{"a":1}\n{"b":2}\n{"a":1}\n{"b":2}' ]
	pipe 'cat c.frames | stream-agg count >out'
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" = '{"count":3}' ]
}

@test "frames in a file begin with a line that tells a person what they are" {
	echo '{"a":1}' >a.json
	stream-cat -o frames a.json >a.frames
	head -n 1 a.frames | grep -aq '^#stream 1 .*stream-cat'
}

@test "frames in a file are checked: a flipped bit is noticed" {
	requests 100 >in.json
	stream-cat -o frames in.json >in.frames
	size=$(stat -c %s in.frames)
	for at in 90 200 $((size / 2)) $((size * 3 / 4)); do
		cp in.frames bad.frames
		byte=$(dd if=in.frames bs=1 skip=$at count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
		printf "\\x$(printf %02x $((byte ^ 16)))" | dd of=bad.frames bs=1 seek=$at conv=notrunc 2>/dev/null
		pipe 'stream-cat bad.frames >out 2>err'
		[ "$PIPE" != 0 ] || cmp out in.json
		[ "$PIPE" = 0 ] || grep -q 'bad.frames' err
	done
}

@test "a frame file that is cut off: status 4, wherever the cut is" {
	requests 20 >in.json
	stream-cat -o frames in.json >in.frames
	size=$(stat -c %s in.frames)
	for at in 20 64 80 100 $((size / 2)) $((size - 1)); do
		head -c $at in.frames >cut.frames
		pipe 'stream-cat cut.frames >out 2>err'
		[ "$PIPE" = 4 ] || { echo "cut at $at: $PIPE"; return 1; }
		one_line err 'cut.frames ended without END'
	done
}

@test "empty input is no record and no error" {
	: >empty
	[ -z "$(stream-cat empty)" ]
	[ -z "$(stream-cat /dev/null </dev/null)" ]
	[ -z "$(printf '' | stream-cat)" ]
	: >empty.csv
	[ -z "$(stream-cat empty.csv)" ]
	pipe 'stream-cat empty | stream-agg count >out'
	[ "$PIPE" = "0 0" ]
	[ "$(cat out)" = '{"count":0}' ]
}

@test "missing file, directory, no permission: one clear line, status 1" {
	says 1 '^stream-cat: nofile: No such file or directory$' stream-cat nofile
	mkdir d
	says 1 '^stream-cat: d: is a directory$' stream-cat d
}

@test "what came before a missing file is still printed" {
	echo '{"a":1}' >a.json
	pipe 'stream-cat a.json nofile a.json >out 2>err'
	[ "$PIPE" = 1 ]
	[ "$(cat out)" = '{"a":1}' ]
	pipe 'stream-cat a.json nofile 2>err | stream-agg count >out 2>err2'
	[ "$PIPE" = "1 4" ]
	[ ! -s out ]
}

@test "malformed line 17: the rest is processed, file, line and reason are named, status 3" {
	broken_at_17 >in.json
	pipe 'stream-cat in.json >out 2>err'
	[ "$PIPE" = 3 ]
	[ "$(wc -l <out)" -eq 39 ]
	one_line err '^stream-cat: in.json:17: column 13: expected a value$'
	pipe 'stream-cat <in.json >out 2>err'
	[ "$PIPE" = 3 ]
	one_line err 'stdin:17: column 13'
}

@test "--bad keeps the malformed line with reason and place, status 0" {
	broken_at_17 >in.json
	pipe 'stream-cat --bad bad.json in.json >out 2>err'
	[ "$PIPE" = 0 ]
	[ "$(wc -l <out)" -eq 39 ]
	[ ! -s err ]
	[ "$(jq -c '[.source, .line, .text]' bad.json)" = '["in.json",17,"{\"a\":17,\"b\":}"]' ]
	[ "$(jq -r .reason bad.json)" = 'column 13: expected a value' ]
	jq -r .text bad.json | cmp - <(sed -n 17p in.json)
}

@test "--strict stops at the malformed line; what stands before it is printed, whatever the batch" {
	broken_at_17 >in.json
	for rows in 1 5 65536; do
		export STREAM_TEST_ROWS=$rows
		pipe 'stream-cat --strict in.json >out 2>err'
		[ "$PIPE" = 3 ]
		head -n 16 in.json | cmp - out
		one_line err 'in.json:17: '
		pipe 'stream-cat --strict in.json 2>err | stream-agg count >out 2>err2'
		[ "$PIPE" = "3 4" ]
		[ ! -s out ]
	done
}

@test "a failed --bad is loud" {
	broken_at_17 >in.json
	pipe 'stream-cat --bad /dev/full in.json >out 2>err'
	[ "$PIPE" = 1 ]
	one_line err 'No space left'
	pipe 'stream-cat --bad nodir/bad in.json >out 2>err'
	[ "$PIPE" = 1 ]
	grep -q 'nodir/bad: No such file' err
}

@test "the first few rejects are shown, all with -v, none with -q; the count in any case but -q" {
	for i in $(seq 20); do echo "{$i}"; done >in.json
	pipe 'stream-cat -i json in.json >out 2>err'
	[ "$PIPE" = 3 ]
	[ "$(wc -l <err)" -lt 10 ]
	grep -q '20 records were rejected' err
	pipe 'stream-cat -v -i json in.json >out 2>err'
	[ "$(grep -c 'in.json:' err)" -eq 20 ]
	pipe 'stream-cat -q -i json in.json >out 2>err'
	[ "$PIPE" = 3 ]
	[ ! -s err ]
}

@test "metadata: --meta shows them, and text that has them is read back" {
	stream-gen sensor -n 3 --meta >meta.json
	[ "$(jq -r '."@time"' meta.json | head -n 1)" = 2026-01-01T00:00:00Z ]
	pipe 'stream-gen sensor -n 3 | stream-cat -o json >plain.json'
	[ "$PIPE" = "0 0" ]
	lacks @time plain.json
	pipe 'jq -c . meta.json | stream-cat --meta >again.json'
	same meta.json again.json
	stream-cat meta.json >again.json
	same plain.json again.json
}

@test "-i overrides what the input looks like, -o what the reader is, STREAM_OUTPUT is what -o auto means" {
	echo '{"a":1}' >in.json
	[ "$(stream-cat -i lines in.json)" = '{"line":"{\"a\":1}"}' ]
	export STREAM_OUTPUT=csv
	[ "$(stream-cat in.json)" = $'a\n1' ]
	[ "$(stream-cat -o json in.json)" = '{"a":1}' ]
	[ "$(stream-cat -o auto in.json)" = $'a\n1' ]
	STREAM_OUTPUT=cvs says 2 'STREAM_OUTPUT=cvs: there is no such format' stream-cat in.json
	says 1 'in.json: no frame' stream-cat -i frames in.json
}

@test "JSONTestSuite: y_ are accepted, n_ are rejected, each as the value of a field" {
	local suite=json_conformance/JSONTestSuite/test_parsing
	needs_data $suite
	mkdir y n
	for file in "$data/$suite"/[yn]_*.json; do
		name=$(basename "$file")
		{ printf '{"v":'; cat "$file"; printf '}\n'; } >"${name:0:1}/$name"
	done
	[ "$(find y -type f | wc -l)" -ge 90 ]
	[ "$(find n -type f | wc -l)" -ge 180 ]
	stream-cat -o json y/* >got
	[ "$(wc -l <got)" -eq "$(find y -type f | wc -l)" ]
	# What was accepted is what was meant: jq reads both the same.
	jq -c . y/* >want.jq
	jq -c . got >got.jq
	same got.jq want.jq
	pipe 'stream-cat --bad bad.json n/* >out'
	[ "$PIPE" = 0 ]
	jq -r .source bad.json | sort -u >rejected
	find n -type f | sort >want
	same rejected want
}

@test "json.org's files and the round trips" {
	needs_data json_conformance/roundtrip
	for file in "$data"/json_conformance/roundtrip/*.json; do
		{ printf '{"v":'; tr -d '\n' <"$file"; printf '}\n'; } >in.json
		pipe 'stream-cat in.json | stream-cat -o json >out.json'
		same in.json out.json
	done
}

@test "one record of 100 MB" {
	{ printf '{"a":"'; head -c 100000000 /dev/zero | tr '\0' x; printf '","b":1}\n'; } >big.json
	pipe 'stream-cat big.json | cmp - big.json'
	[ "$PIPE" = "0 0" ]
	pipe 'stream-cat big.json | stream-map "n = length(a)" --keep n,b | stream-cat -o json >out'
	[ "$PIPE" = "0 0 0" ]
	[ "$(cat out)" = '{"b":1,"n":100000000}' ]
}

@test "1,000 fields, and 1,000 different ones in each of some records" {
	awk 'BEGIN { for (r = 0; r < 20; r++) { s = "{"; for (i = 0; i < 1000; i++) s = s (i ? "," : "") "\"f" i "\":" i + r; print s "}" } }' >in.json
	awk 'BEGIN { for (r = 0; r < 5; r++) { s = "{"; for (i = 0; i < 1000; i++) s = s (i ? "," : "") "\"g" r "_" i "\":" i; print s "}" } }' >>in.json
	pipe 'stream-cat in.json | stream-filter true | stream-cat -o json >out'
	[ "$PIPE" = "0 0 0" ]
	same in.json out
}

@test "nesting is bounded, with a clear error" {
	nested() { printf '{"a":'; head -c "$1" /dev/zero | tr '\0' '['; head -c "$1" /dev/zero | tr '\0' ']'; printf '}\n'; }
	{ nested 500; nested 100000; echo '{"b":1}'; } >in.json
	pipe 'stream-cat --bad bad.json in.json >out 2>err'
	[ "$PIPE" = 0 ]
	{ nested 500; echo '{"b":1}'; } | cmp - out
	[ "$(jq -r .line bad.json)" = 2 ]
	jq -r .reason bad.json | grep -q 512
}

@test "strings may hold what a terminal obeys; a terminal does not get it" {
	printf '{"a":"\\u001b[31mred\\u0007"}\n' >in.json
	stream-cat in.json >out
	lacks $'\e' out
	printf 'x \e[31mred\a\n' >in.txt
	on_terminal out 'stream-cat -o lines in.txt'
	lacks $'\e\[31m' out
	grep -q red out
}

@test "unknown options and formats: the nearest is named, status 2" {
	echo '{"a":1}' >in.json
	says 2 'no option --outptu; is it --output' stream-cat --outptu csv in.json
	says 2 '`jsn` is none of: .*; is it json' stream-cat -o jsn in.json
	says 2 '^stream-cat: -i wants an argument' stream-cat -i
	says 2 'no option -Z' stream-cat -Z in.json
}

@test "--help has examples, --version a version; a full disk is noticed in both" {
	stream-cat --help | grep -A3 '^Examples:' | grep -q 'stream-cat '
	stream-cat --version | grep -qE '^stream-cat \(streamutils\) [0-9]'
	stream-cat --help >help
	lacks 'json csv tsv.*json csv tsv' help
	pipe 'stream-cat --help >/dev/full 2>err'
	[ "$PIPE" = 1 ]
	one_line err 'No space left'
}

@test "standard input a terminal and no FILE: the help, status 2" {
	local status=0
	on_terminal out stream-cat || status=$?
	[ "$status" -eq 2 ]
	grep -q Usage: out
}

# Frames to a reader of ours, text to everybody else; each many times, a quarter of them on busy processors.
load ../helper

# repeat 'PIPELINE' STATUSES: every time it prints what `want` holds and ends with these statuses.
repeat() {
	local i n line="$1"
	n=$(often 200)
	for ((i = 0; i < n; i++)); do
		[ $i -ne $((n * 3 / 4)) ] || burners 3
		pipe "$line"
		[ "$PIPE" = "$2" ] && cmp -s got want || {
			echo "time $i: status $PIPE"
			head -n 5 got
			return 1
		}
	done
	stop_burners
}

@test "stream-cat f | wc -l counts the records" {
	requests 30 >f
	echo 30 >want
	repeat 'stream-cat f | wc -l >got' '0 0'
}

@test "stream-cat f | head -n 1 is the first record" {
	requests 30 >f
	stream-cat f -o json | sed -n 1p >want
	repeat 'stream-cat f | head -n 1 >got' '0 0'
}

@test "stream-cat f | jq . gets text" {
	requests 3 >f
	jq . f >want
	repeat 'stream-cat f | jq . >got' '0 0'
}

@test "\$(stream-agg count f) is text" {
	requests 30 >f
	echo '{"count":30}' >want
	repeat 'echo "$(stream-agg count f)" >got' 0
}

@test "between commands of ours pass frames: types that only they keep" {
	stream-gen sensor -n 3 -o frames >f
	printf '%s\n' '{"t":"time"}' '{"t":"time"}' '{"t":"time"}' >want
	repeat 'stream-cat f | stream-filter true | stream-map "t = type(ts)" --keep t >got' '0 0 0'
	# The test can tell: as text, the time is a string.
	[ "$(stream-cat f -o json | stream-map 't = type(ts)' --keep t | sort -u)" = '{"t":"string"}' ]
}

@test "frames also through a wrapper, a subshell, a function, a shell that starts late, a named pipe" {
	stream-gen sensor -n 3 -o frames >f
	mkfifo fifo
	for reader in 'env stream-map "t = type(ts)" --keep t' '(stream-map "t = type(ts)" --keep t)' \
		'sh -c "exec stream-map \"t = type(ts)\" --keep t"' 'nice stream-map "t = type(ts)" --keep t' \
		'timeout 300 stream-map "t = type(ts)" --keep t'; do
		pipe "stream-cat f | $reader >got"
		[ "$PIPE" = "0 0" ]
		[ "$(sort -u got)" = '{"t":"time"}' ] || { echo "$reader"; return 1; }
	done
	stream-cat f >fifo &
	stream-map 't = type(ts)' --keep t fifo >got
	wait $!
	[ "$(sort -u got)" = '{"t":"time"}' ]
}

@test "text to foreign readers of other kinds: a shell that reads, tee, a file" {
	requests 2 >f
	stream-cat f -o json >want
	pipe 'stream-cat f | while read -r line; do echo "$line"; done >got'
	same got want
	pipe 'stream-cat f | tee got >/dev/null'
	same got want
	stream-cat f >got
	same got want
	pipe 'stream-cat f | (sleep 0.1; cat) >got'
	same got want
}

@test "-o frames for what stands between: tee, cat, a file" {
	stream-gen sensor -n 3 -o frames >f
	pipe 'stream-cat -o frames f | tee copy | stream-map "t = type(ts)" --keep t >got'
	[ "$PIPE" = "0 0 0" ]
	[ "$(sort -u got)" = '{"t":"time"}' ]
	[ "$(stream-map 't = type(ts)' --keep t copy | sort -u)" = '{"t":"time"}' ]
}

@test "a terminal: a table where the result is small and ends, JSON lines where it does not; NO_COLOR, --color" {
	requests 3 >f
	on_terminal screen 'stream-agg -b status count f'
	grep -q 'status.*count' screen
	grep -q $'\e\\[' screen
	lacks '"count"' screen
	NO_COLOR=1 on_terminal screen 'stream-agg -b status count f'
	lacks $'\e\\[' screen
	on_terminal screen 'stream-agg --color never -b status count f'
	lacks $'\e\\[' screen
	stream-agg --color always -o table -b status count f >got
	grep -q $'\e\\[' got
	on_terminal screen 'stream-gen weblog -n 500'
	grep -q '^{"ts":' screen
	on_terminal screen 'stream-agg -o json -b status count f'
	grep -q '"count":3' screen
}

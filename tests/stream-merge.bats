load helper

# in_order FILE: its field `t` never falls.
in_order() { jq -r .t "$1" | sort -c; }

# source N COUNT: records in order of t, a different pace for each N.
source_of() {
	local i
	for ((i = 0; i < $2; i++)); do
		printf '{"t":"2026-03-01T10:%02d:%02d.%03dZ","s":%d,"i":%d}\n' $((i * $1 / 60 % 60)) $((i * $1 % 60)) \
			$((i * 7 % 3 * 300)) "$1" $i
	done | sort
}

@test "inputs in order come out in one order; of records with one time, those of the first input first" {
	for s in 1 2 3; do source_of $s 100 >$s.json; done
	stream-merge -t t 1.json 2.json 3.json >out
	[ "$(wc -l <out)" -eq 300 ]
	in_order out
	sort -s -t'"' -k4,4 1.json 2.json 3.json >want
	same out want
}

@test "files, named pipes, standard input; text and frames; compressed" {
	for s in 1 2 3; do source_of $s 100 >$s.json; done
	stream-merge -t t 1.json 2.json 3.json >want
	mkfifo p
	stream-cat 2.json >p &
	gzip -k 3.json
	pipe 'stream-cat 1.json | stream-merge -t t - p 3.json.gz >out'
	[ "$PIPE" = "0 0" ]
	wait
	same out want
}

@test "an input that is not in order keeps its own order" {
	printf '{"t":%d,"s":1}\n' 10 5 20 >1.json
	printf '{"t":%d,"s":2}\n' 7 12 30 >2.json
	[ "$(stream-merge -t t 1.json 2.json | jq -c '[.s,.t]' | tr '\n' ' ')" = '[2,7] [1,10] [1,5] [2,12] [1,20] [2,30] ' ]
}

@test "the same from any size of batches and reads" {
	for s in 1 2 3; do source_of $s 60 >$s.json; done
	stream-cat -o frames 2.json >2.frames
	everyway want 'stream-merge -t t 1.json 2.frames 3.json'
}

@test "a record leaves as soon as no input can come before it; an input that is silent holds time back" {
	mkfifo a b go_a go_b
	{ printf '{"t":%d,"s":"a"}\n' 1 3 5; read -r _ <go_a; printf '{"t":%d,"s":"a"}\n' 7; } >a &
	{ printf '{"t":%d,"s":"b"}\n' 2 4; read -r _ <go_b; } >b &
	# b is open and has come to 4: what is before it leaves, 5 waits.
	pipe 'timeout 300 stream-merge -t t a b -o json | { for i in 1 2 3 4; do read -r line; echo "$line"; done >seen; echo >go_a; echo >go_b; cat >rest; }'
	[ "$PIPE" = "0 0" ]
	wait
	[ "$(jq -c .t seen | tr '\n' ' ')" = '1 2 3 4 ' ]
	[ "$(jq -c .t rest | tr '\n' ' ')" = '5 7 ' ]
}

@test "--idle: an input that is silent so long holds nothing back" {
	mkfifo a b
	sleep 60 3>&- >b &
	holder=$!
	printf '{"t":%d}\n' 1 2 3 >a &
	timeout 300 stream-merge -t t --idle 200ms a b -o json 3>&- | { head -n 3 >seen; kill $holder; }
	[ "$(jq -c .t seen | tr '\n' ' ')" = '1 2 3 ' ]
}

@test "windows behind it and before it" {
	for s in 1 2; do source_of $s 100 >$s.json; done
	stream-merge -t t 1.json 2.json | stream-window 1m | stream-agg count 'sum(i)' >want
	[ "$(wc -l <want)" -gt 2 ]
	mkfifo a b
	stream-window 1m -t t 1.json >a &
	stream-window 1m -t t 2.json >b &
	pipe 'stream-merge a b | stream-agg count "sum(i)" >out'
	[ "$PIPE" = "0 0" ]
	wait
	same out want
	stream-window 1m -t t 1.json >a &
	stream-window 2m -t t 2.json >b &
	pipe 'stream-merge a b 2>err | stream-agg count >out'
	[[ "$PIPE" = "2 "* ]]
	one_line err 'windows of `.*m`, while another input has'
	wait
}

@test "inputs far ahead are left unread, and the result is the same" {
	for s in 1 3; do stream-gen weblog -n 20000 --seed $s -o frames >$s.frames; done
	stream-merge 1.frames 3.frames -o frames | stream-agg count 'sum(bytes)' 'first(ip)' >want
	stream-merge --limit 1K 1.frames 3.frames -o frames | stream-agg count 'sum(bytes)' 'first(ip)' >out
	same out want
	mkfifo a b
	cat 1.frames >a &
	cat 3.frames >b &
	stream-merge --limit 1K a b -o frames | stream-agg count 'sum(bytes)' 'first(ip)' >out
	wait
	same out want
}

@test "counts are those of all inputs; a source that dies is status 4" {
	requests >1.json
	requests 100 >2.json
	run --separate-stderr stream-merge -t t 1.json 2.json --stats
	[[ $stderr = *"in 400 = out 400 + filtered 0 + rejected 0 + late 0"* ]]
	stream-cat -o frames 1.json | head -c 4000 >cut.frames
	run -4 stream-merge -t t cut.frames 2.json
}

@test "what cannot be is said: no @time, a time that is none" {
	echo '{"a":1}' >1.json
	says 2 '1.json: the records have no @time: say -t FIELD' stream-merge 1.json
	says 2 'INPUT is missing' stream-merge
	printf '%s\n' '{"t":1}' '{"t":"x"}' '{"t":3}' >2.json
	run -3 --separate-stderr stream-merge -t t 2.json
	[ "$output" = $'{"t":1}\n{"t":3}' ]
}

load helper

@test "the same records go to standard output, to files and to named pipes" {
	requests >in.json
	mkfifo a
	stream-cat -o json a >got.a &
	pipe 'stream-tee b.json a <in.json >got.out'
	[ "$PIPE" = 0 ]
	wait
	stream-cat -o json in.json >want
	same got.out want
	same got.a want
	same b.json want
}

@test "frames where one of ours reads, -o for all" {
	requests 20 >in.json
	mkfifo a
	cat a >got.a &
	pipe 'stream-tee b.json a <in.json | stream-cat -o json >out'
	[ "$PIPE" = "0 0" ]
	wait
	[ "$(head -c 7 got.a)" = '#stream' ]
	stream-cat -o json got.a >out.a
	same out.a out
	pipe 'stream-tee -o csv --bad /dev/null c.csv <in.json | cat >out.csv'
	[ "$PIPE" = "0 0" ]
	[ "$(wc -l <out.csv)" -gt 1 ]
	same out.csv c.csv
}

@test "a record that a format refuses is one reject, however many outputs" {
	printf '%s\n' '{"a":1}' '{"a":2,"b":3}' '{"a":4}' >in.json
	run -3 --separate-stderr stream-tee -o csv x.csv y.csv --stats <in.json
	same x.csv y.csv
	[ "$output" = $'a\n1\n4' ]
	[[ $stderr = *"in 3 = out 2 + filtered 0 + rejected 1 + late 0"* ]]
}

@test "watermarks, windows and END go to all: each copy can be aggregated" {
	requests >in.json
	mkfifo a
	stream-agg -b path count a >got.a &
	pipe 'stream-window 1m -t t in.json | stream-tee a | stream-agg -b path count >got'
	[ "$PIPE" = "0 0 0" ]
	wait
	stream-window 1m -t t in.json | stream-agg -b path count >want
	same got want
	same got.a want
}

@test "a reader that is slow holds up no other one" {
	stream-gen weblog -n 20000 -o frames >in.frames
	mkfifo slow go
	{ read -r _ <go; stream-agg count; } <slow >got.slow &
	# The fast one has all of it before the slow one reads the first byte.
	pipe 'stream-tee slow <in.frames | { stream-agg count; echo >go; } >got'
	[ "$PIPE" = "0 0" ]
	wait
	[ "$(cat got)" = '{"count":20000}' ]
	same got got.slow
}

@test "upstream dies: no copy has an END" {
	requests >in.json
	stream-cat -o frames in.json | head -c 3000 >cut.frames
	run -4 --separate-stderr stream-tee -o frames copy.frames <cut.frames
	run -4 stream-cat -o json copy.frames
}

@test "what cannot be is said" {
	says 2 'PATH is missing' stream-tee
	echo x >full
	says 2 'full has something in it already' stream-tee full
	says 1 'nowhere/x: No such file' stream-tee nowhere/x
}

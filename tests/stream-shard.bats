load helper

@test "each key's records go to one copy, in order, and none is lost" {
	requests >in.json
	pipe 'stream-cat in.json | stream-shard -k path -n 4 -- stream-map "pid = 1" | stream-cat -o json >out'
	[ "$PIPE" = "0 0 0" ]
	[ "$(wc -l <out)" -eq 300 ]
	jq -c '[.path, .n]' out | sort -s -t, -k1,1 >got
	jq -c '[.path, .n]' in.json | sort -s -t, -k1,1 >want
	same got want
}

@test "four shards aggregate as one process: groups within the key, windows, ordered" {
	requests >in.json
	pipe 'stream-agg -b path count "sum(rt)" "p99(rt)" in.json >want'
	for n in 1 2 4 7; do
		pipe "stream-cat in.json | stream-shard -k path -n $n -- stream-agg -b path count 'sum(rt)' 'p99(rt)' >out"
		[ "$PIPE" = "0 0" ]
		same out want
	done
	pipe 'stream-window 1m -t t in.json | stream-agg -b path count "sum(rt)" >want'
	pipe 'stream-window 1m -t t in.json | stream-shard -k path -n 4 -- stream-agg -b path count "sum(rt)" >out'
	[ "$PIPE" = "0 0" ]
	same out want
}

@test "a COMMAND of one word with blanks runs by the shell; several words as they are" {
	requests 50 >in.json
	pipe "stream-shard -k path -n 3 -- 'stream-filter \"status == 503\" | stream-map --keep n' <in.json | stream-cat -o json | sort >out"
	[ "$PIPE" = "0 0 0" ]
	jq -c 'select(.status == 503) | {n}' in.json | sort >want
	same out want
	pipe "stream-shard -k path -n 3 -- grep 503 <in.json | stream-cat -o json | sort >out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(wc -l <out)" -eq 10 ]
}

@test "null and absent keys go to one copy" {
	printf '%s\n' '{"k":null,"n":1}' '{"n":2}' '{"k":null,"n":3}' '{"k":1,"n":4}' >in.json
	pipe "stream-shard -k k -n 4 -- 'sort >part.\$\$' <in.json"
	[ "$PIPE" = 0 ]
	[ "$(grep -lE '"n":[123]}' part.*)" = "$(grep -l '"n":2}' part.*)" ]
	[ "$(cat part.* | wc -l)" -eq 4 ]
}

@test "to files and named pipes" {
	requests >in.json
	mkfifo a b
	stream-cat -o json a >got.a &
	stream-cat -o json b >got.b &
	pipe 'stream-cat in.json | stream-shard -k path a b'
	[ "$PIPE" = "0 0" ]
	wait
	[ "$(cat got.a got.b | wc -l)" -eq 300 ]
	[ -z "$(comm -12 <(jq .path got.a | sort -u) <(jq .path got.b | sort -u))" ]
	[ -s got.a ] && [ -s got.b ]
}

@test "a copy that fails: its status is told, no result, status 4" {
	requests >in.json
	pipe "stream-shard -k path -n 2 -- 'exit 7' <in.json 2>err >out"
	[ "$PIPE" = 4 ]
	grep -q '(exit 7) ended with status 7' err
	pipe "stream-shard -k path -n 2 -- nosuchcommand <in.json 2>err >out"
	[ "$PIPE" = 1 ]
	one_line err 'cannot start nosuchcommand: No such file'
	[ ! -s out ]
}

@test "rejects in the copies show in the status, and are counted" {
	requests >in.json
	pipe "stream-cat in.json | stream-shard -k path -n 3 -- stream-filter '1 / (n - 100) < 2' 2>err | stream-agg --stats count 2>stats >out"
	[ "$PIPE" = "0 3 3" ]
	[ "$(cat out)" = '{"count":299}' ]
	grep -q 'stream-filter  *in 300 = out 299 + filtered 0 + rejected 1 + late 0' stats
}

@test "a typo in the key: a warning with the nearest name, and no result" {
	requests 20 >in.json
	pipe "stream-cat in.json | stream-shard -k pth -n 2 -- stream-agg count 2>err >out"
	[ "$PIPE" = "0 4" ]
	grep -q 'the field `pth`; did you mean `path`?' err
	[ ! -s out ]
	pipe "stream-cat in.json | stream-shard -k pth a b 2>err"
	[ "$PIPE" = "0 2" ]
}

@test "a record leaves the copies at once" {
	mkfifo go
	pipe 'timeout 300 bash -c "{ echo \"{\\\"k\\\":1}\"; read -r _ <go; } | stream-shard -k k -n 3 -- stream-filter true |
		{ head -n 1; echo >go; cat; }" >out'
	[ "$PIPE" = 0 ]
	[ "$(cat out)" = '{"k":1}' ]
}

@test "the reader goes away: all copies end" {
	pipe 'timeout 300 stream-gen sensor | stream-shard -k sensor -n 4 -- stream-filter true | head -n 1 >out'
	[ "$PIPE" = "141 141 0" ]
	pipe 'timeout 300 stream-gen sensor --rate 1 | stream-shard -k sensor -n 4 -- stream-filter true | head -n 1 >out'
	[ "$PIPE" = "141 141 0" ]
}

@test "mistakes" {
	says 2 'stream-shard: -k FIELD is missing' stream-shard -n 2 -- cat
	says 2 'where to' stream-shard -k a
	says 2 'at most 1024' stream-shard -k a -n 100000 -- cat
}

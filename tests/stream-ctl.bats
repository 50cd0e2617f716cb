#!/usr/bin/env bats
# stream-ctl: create, list and show.
load helper
load store

@test "create makes an empty stream, once" {
	[ -z "$(stream-ctl create s)" ]
	[ -z "$(stream-get s)" ]
	fails 1 "there is a stream s already" stream-ctl create s
	stream-put s <<<'{"n":1}'
	fails 1 "already" stream-ctl create --shards 9 s
	[ "$(stream-get s)" = '{"n":1}' ]
}

@test "list: a record for each stream" {
	stream-ctl create --shards 3 -k 'lower(host)' --sync 1s --hash md5 b
	stream-put a <<<'{"n":1}'
	[ "$(stream-ctl list | jq -c 'del(.bytes, .retention, .max_size, .tier)')" = \
'{"stream":"a","shards":1,"key":null,"hash":"xxh3","sync":"50ms"}
{"stream":"b","shards":3,"key":"lower(host)","hash":"md5","sync":"1s"}' ]
	[ "$(stream-ctl list | jq .bytes)" = "$(for s in a b; do cat streams/$s/shards/*/*.seg | wc -c; done)" ]
}

@test "list: no home, an empty one, and what is no stream in it" {
	[ -z "$(stream-ctl list)" ]
	[ ! -e "$STREAM_HOME" ]
	mkdir -p "$STREAM_HOME/directory"
	echo x >"$STREAM_HOME/file"
	[ -z "$(stream-ctl list)" ]
}

@test "list: one stream that cannot be read does not hide the others" {
	stream-ctl create a
	stream-ctl create b
	stream-ctl create c
	echo "stream 99" >"$STREAM_HOME/b/catalog"
	run -3 --separate-stderr stream-ctl list -o json
	[ "$(jq -r .stream <<<"$output" | xargs)" = "a c" ]
	[[ $stderr == *"newer release"* ]]
}

@test "show: shards tile the hash space, and say what they hold" {
	stream-ctl create --shards 4 s
	keyed 1 100 20 | stream-put -k key s
	stream-ctl show s >out
	[ "$(jq -c keys_unsorted out | sort -u)" = '["shard","state","parents","from","to","first","last","bytes","sync"]' ]
	[ "$(jq -c '[.shard, .state, .parents]' out | xargs)" = "[0,open,[]] [1,open,[]] [2,open,[]] [3,open,[]]" ]
	[ "$(jq -r .from out | head -n 1)" = 0 ]
	[ "$(jq -r .to out | tail -n 1)" = 340282366920938463463374607431768211455 ]
	# Each begins where the one before it ends, plus 1.
	python3 -c 'import json
rows = [json.loads(line) for line in open("out")]
assert all(int(a["to"]) + 1 == int(b["from"]) for a, b in zip(rows, rows[1:]))'
	[ "$(jq -s 'map(if .last == null then 0 else .last - .first + 1 end) | add' out)" -eq 100 ]
	local shard
	for shard in 0 1 2 3; do
		[ "$(jq "select(.shard == $shard) | (.last // -1) + 1" out)" -eq "$(stream-get --shard $shard s | wc -l)" ]
		[ "$(jq "select(.shard == $shard).bytes" out)" -eq "$(cat streams/s/shards/$shard/*.seg | wc -c)" ]
	done
}

@test "show of an empty shard: null, not 0" {
	stream-ctl create --sync never s
	[ "$(stream-ctl show s | jq -c '[.first, .last, .sync]')" = '[null,null,"never"]' ]
	stream-put s <<<'{}'
	[ "$(stream-ctl show s | jq -c '[.first, .last]')" = '[0,0]' ]
}

@test "the key of the stream is used where stream-put names none" {
	stream-ctl create -k 'a' s
	stream-put s <<<'{"a":"x"}'
	[ "$(stream-get --meta s | jq -r '."@key"')" = x ]
}

@test "--hash md5 routes as Kinesis does, murmur2 as Kafka does" {
	# The point of a key is its MD5, of which equal shards of the space take the leading bits.
	stream-ctl create --shards 16 --hash md5 kinesis
	keyed 1 200 200 | stream-put -k key kinesis
	stream-get --meta kinesis | jq -r '"\(.key) \(."@shard")"' >out
	while read -r key shard; do
		echo "$key $((16#$(printf %s "$key" | md5sum | cut -c1)))"
	done <out >want
	same want out
	# Kafka's own test vectors of murmur2: "21" gives -973932308, "foobar" -790332482; made positive, modulo 7.
	stream-ctl create --shards 7 --hash murmur2 kafka
	printf '{"key":"%s"}\n' 21 foobar | stream-put -k key kafka
	[ "$(stream-get --meta kafka | jq -r '"\(.key) \(."@shard")"' | sort | xargs)" = \
		"21 $(((-973932308 & 0x7fffffff) % 7)) foobar $(((-790332482 & 0x7fffffff) % 7))" ]
}

@test "by path, in directories that are made, and by a name with every character allowed" {
	stream-ctl create ./a/b/s
	[ "$(stream-ctl show ./a/b/s | jq .shard)" -eq 0 ]
	[ -z "$(stream-ctl list)" ]
	stream-ctl create Az09_.-
	[ "$(stream-ctl list | jq -r .stream)" = Az09_.- ]
}

@test "two at once: one makes it, nothing is left over" {
	local i made=0 all=()
	for i in 1 2 3 4 5 6; do
		stream-ctl create --shards 5 s 2>err.$i &
		all+=($!)
	done
	for i in "${all[@]}"; do
		if wait "$i"; then
			made=$((made + 1))
		fi
	done
	[ $made -eq 1 ]
	[ "$(ls -A "$STREAM_HOME")" = s ]
	[ "$(stream-ctl show s | wc -l)" -eq 5 ]
}

@test "usage" {
	stream-ctl create web
	fails 2 "missing" stream-ctl
	fails 2 'is it `create`?' stream-ctl craete web
	fails 2 "STREAM is missing" stream-ctl create
	fails 2 "STREAM is missing" stream-ctl show
	fails 2 'is it `web`?' stream-ctl show wbe
	fails 2 "one operand too many" stream-ctl show web web
	fails 2 "one operand too many" stream-ctl list web
	fails 2 "--shards" stream-ctl create --shards 0 s
	fails 2 "--shards" stream-ctl create --shards 10001 s
	fails 2 "--shards" stream-ctl create --shards two s
	fails 2 "column" stream-ctl create -k 'a +' s
	fails 2 "one line" stream-ctl create -k $'a\n+ b' s
	fails 2 "is no way to sync" stream-ctl create --sync often s
	fails 2 "is no way to sync" stream-ctl create --sync 5 s
	fails 2 "--hash" stream-ctl create --hash md4 s
	fails 2 "--retention" stream-ctl create --retention long s
	fails 2 "--max-size" stream-ctl create --max-size big s
	fails 2 "is no name for a stream" stream-ctl create 'a b'
	[ "$(ls -A "$STREAM_HOME")" = web ]
}

@test "what is not there yet says so" {
	fails 2 "replay: this is not there yet" stream-ctl replay web
}

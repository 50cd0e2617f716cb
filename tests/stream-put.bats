#!/usr/bin/env bats
# stream-put: what it takes, where it puts it, and when it says that it is done.
load helper
load store

# -- records --

@test "values come back as they were" {
	echo '{"a":9007199254740993,"b":"0870","c":1.10,"d":null,"e":{"x":[1,2]},"f":1e400}' >in
	stream-put s in
	stream-get s >out
	same in out
}

@test "rows of other fields, in another order, or of none, share a stream" {
	printf '%s\n' '{"a":1,"b":2}' '{"b":3,"a":4}' '{}' '{"c":true}' '{"a":null}' '{"a":"\u0000 é \ud83d\ude00"}' >in
	stream-put s in
	stream-get s | jq -c . >out
	jq -c . in >want
	same want out
}

@test "from standard input, from files in turn, from -, and in any format" {
	counted 1 2 >a.json
	printf 'n\n3\n' >b.csv
	counted 4 4 | gzip >c.json.gz
	counted 5 5 | stream-put s a.json b.csv c.json.gz -
	counted 6 6 | stream-put s
	counted 7 7 | stream-cat -o frames | stream-put s
	printf 'n=8\n' | stream-put -i logfmt s
	counted 1 8 >want
	stream-get s >out
	same want out
}

@test "nothing at all makes an empty stream" {
	stream-put s </dev/null
	[ -z "$(stream-get s)" ]
	[ "$(stream-ctl show s | jq -c '[.first, .last]')" = '[null,null]' ]
}

@test "a record larger than a pipe" {
	printf '{"a":"%s"}\n' "$(head -c 3000000 /dev/zero | tr '\0' x)" >in
	stream-put s <in
	stream-get s >out
	cmp in out
}

@test "one row or all of them at a time: the same records" {
	printf '%s\n' '{"key":"a","n":1.50}' 'no record' '{"key":null}' '{"n":"x","key":"b"}' '[1,{"key":"c"}]' >in
	local rows
	for rows in 1 65536; do
		STREAM_TEST_ROWS=$rows STREAM_TEST_READ=$((rows == 1 ? 5 : 1048576)) \
			stream-put --bad bad.$rows -k key s$rows <in
		stream-get --meta s$rows | jq -c 'del(.["@arrived", "@stream"])' >out.$rows
	done
	[ "$(wc -l <out.1)" -eq 5 ]
	same out.1 out.65536
	same bad.1 bad.65536
}

# -- keys and metadata --

@test "a record gets its metadata" {
	stream-put -k key s <<<'{"key":"a"}'
	stream-put s <<<'{"key":"b"}'
	stream-get --meta s >out
	[ "$(jq -c '[."@key", ."@stream", ."@shard", ."@seq"]' out)" = "$(printf '["a","s",0,0]\n["b","s",0,1]')" ]
	jq -es 'all((."@arrived" | test("^20[0-9-]+T[0-9:.]+Z$")) and (."@hash" | length == 24))' out
}

@test "@time is kept; the place that a record had elsewhere is not" {
	echo '{"@time":"2026-01-01T00:00:00.000000001Z","@key":"k","@seq":9,"@shard":7,"@stream":"z","@arrived":"2020-01-01T00:00:00Z","x":1}' |
		stream-put s
	stream-get --meta s >out
	[ "$(jq -c 'del(.["@arrived", "@hash"])' out)" = \
		'{"@time":"2026-01-01T00:00:00.000000001Z","@key":"k","@stream":"s","@shard":0,"@seq":0,"x":1}' ]
	jq -e '."@arrived" > "2026-"' out
	# And once more, by text: it is another record then.
	stream-put t <out
	[ "$(stream-get --meta t | jq -c '[."@time", ."@key", ."@stream", ."@hash"]')" = \
		"$(jq -c '[."@time", ."@key", "t", ."@hash"]' out)" ]
}

@test "each key has one shard, and its order there, over several writers in turn" {
	stream-ctl create --shards 4 s
	local i
	for i in 0 1 2; do
		keyed $((i * 1000 + 1)) $((i * 1000 + 1000)) 50 | stream-put -k key s
	done
	stream-get --meta s >out
	[ "$(wc -l <out)" -eq 3000 ]
	in_order out
	[ "$(jq -r '"\(.key) \(."@shard")"' out | sort -u | wc -l)" -eq 50 ]
	[ "$(jq -r '."@shard"' out | sort -u | wc -l)" -eq 4 ]
}

@test "null and absent keys go to one shard; without a key records spread" {
	stream-ctl create --shards 8 s
	(keyed 1 20 20; printf '{"key":null,"n":%d}\n{"n":0}\n' {21..40}) | stream-put -k key s
	[ "$(stream-get --meta s | jq 'select(.key == null) | ."@shard"' | sort -u | wc -l)" -eq 1 ]
	stream-ctl create --shards 8 t
	counted 1 1000 | stream-put t
	[ "$(stream-get --meta t | jq '."@shard"' | sort -u | wc -l)" -eq 8 ]
}

@test "the key is an expression; where it is an error the record is rejected" {
	printf '%s\n' '{"s":"abc"}' '{"s":"abd"}' '{"s":5}' >in
	run -3 --separate-stderr stream-put -k 'substr(s, 0, 2)' s in
	[[ $stderr == *"in:3: "* ]]
	[ "$(stream-get --meta s | jq -c '[.s, ."@key"]')" = "$(printf '["abc","ab"]\n["abd","ab"]')" ]
	stream-put --bad bad -k 'substr(s, 0, 2)' s in
	[ "$(jq -c '[.source, .line, .text // .record]' bad)" = '["in",3,{"s":5}]' ]
}

@test "a stream remembers its first key, and says so when another is used" {
	stream-put -k a s <<<'{"a":1,"b":2}'
	[ "$(stream-ctl list | jq -r .key)" = a ]
	stream-put s <<<'{"a":3,"b":4}'
	stream-put -k b s <<<'{"a":5,"b":6}' 2>err
	grep -q 'keyed by `a`' err
	[ "$(stream-get --meta s | jq -c '."@key"' | xargs)" = "1 3 6" ]
}

@test "a key that no record has: told, and status 2" {
	run -2 --separate-stderr stream-put -k kye s <<<'{"key":1}'
	[[ $stderr == *'`kye`'*'`key`'* ]]
}

@test "more shards than a shell lets a process have files" {
	stream-ctl create --shards 100 s
	keyed 1 2000 1000 >in
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 600 ] || skip "no more files are allowed"
	(ulimit -Sn 64 && stream-put -k key s in && stream-get s | sort >out)
	sort in >want
	same want out
}

# -- rejects --

@test "what is no record is rejected with its place, and the rest is kept" {
	printf '{"n":1}\nbroken {\n{"n":2}\n' >in
	run -3 --separate-stderr stream-put s in
	[[ $stderr == *"in:2: "* ]]
	[ "$(stream-get s)" = "$(counted 1 2)" ]
	stream-put --bad bad t in
	[ "$(jq -c '[.source, .line, .text]' bad)" = '["in",2,"broken {"]' ]
	[ "$(stream-put --bad bad --stats t in 2>&1)" = \
		"stream-put     in 3 = out 2 + filtered 0 + rejected 1 + late 0" ]
}

@test "--strict stops at the first, with what came before it kept, for any batch" {
	printf '{"n":1}\n{"n":2}\nbroken {\n{"n":3}\n' >in
	local rows
	for rows in 1 65536; do
		export STREAM_TEST_ROWS=$rows
		run -3 --separate-stderr stream-put --strict s$rows in
		[[ $stderr == *"in:3: "* ]]
		[ "$(stream-get s$rows)" = "$(counted 1 2)" ]
	done
}

# -- blobs --

@test "--blob: each file is a record, byte for byte" {
	stream-gen weblog -n 3000 | gzip >a.gz
	: >empty
	ln -s a.gz link
	stream-put --blob s a.gz empty link
	[ "$(stream-get s | jq -r .file | xargs)" = "a.gz empty link" ]
	stream-get s | jq -r 'select(.file == "a.gz").data' | base64 -d >a.out
	same a.gz a.out
	stream-get s | jq -r 'select(.file == "link").data' | base64 -d >a.out
	same a.gz a.out
	[ "$(stream-get s | jq -r 'select(.file == "empty").data')" = "" ]
}

@test "--blob takes a pipe, and - for standard input" {
	stream-put --blob s <(printf pipe)
	printf input | stream-put --blob s -
	[ "$(stream-get s | jq -r '.data | @base64d')" = "$(printf 'pipe\ninput')" ]
}

@test "--blob counts what it took" {
	echo a >a
	[[ $(stream-put --blob --stats s a a 2>&1) == *" out 2 "* ]]
}

@test "--blob without a file, of no file, of a directory" {
	fails 2 "FILE" stream-put --blob s
	fails 1 "nope: No such file" stream-put --blob s nope
	mkdir d
	fails 1 "d: Is a directory" stream-put --blob s d
}

# -- durable --

@test "status 0 comes after the last write was synced" {
	needs_strace
	counted 1 1000 >in
	strace -y -o trace -e trace=pwrite64,fdatasync stream-put s in
	awk '/^pwrite64\([0-9]+<[^>]*\.seg>/ { wrote = NR }
		/^fdatasync\([0-9]+<[^>]*\.seg>\) *= 0/ { synced = NR }
		END { exit !(wrote && synced > wrote) }' trace
}

@test "while its input has nothing at hand all is durable, and visible" {
	mkfifo pipe
	stream-put s <pipe &
	exec 7>pipe
	counted 1 1 >&7
	wait_for test -e "$STREAM_HOME/s/catalog"
	see() { [ "$(stream-get s | wc -l)" -eq "$1" ]; }
	wait_for see 1
	counted 2 3 >&7
	wait_for see 3
	kill -9 $!
	exec 7>&-
	[ "$(stream-get s)" = "$(counted 1 3)" ]
}

@test "each sync policy keeps what status 0 promised" {
	local policy
	for policy in always 1ms 1h never; do
		stream-ctl create --sync $policy s$policy
		counted 1 5000 | stream-put s$policy
		[ "$(stream-get s$policy | wc -l)" -eq 5000 ]
		[ "$(stream-ctl show s$policy | jq -r .sync)" = $policy ]
	done
}

# -- upstream --

@test "upstream dies: status 4, and what had come is in the stream" {
	mkfifo source pipe
	stream-put s <pipe 2>err &
	local put=$!
	stream-cat <source >pipe &
	local upstream=$!
	exec 7>source
	counted 1 3 >&7
	arrived() { [ "$(stream-get s 2>/dev/null | wc -l)" -eq 3 ]; }
	wait_for arrived
	kill -9 $upstream
	ends $put 4
	exec 7>&-
	grep -q 'without END' err
	counted 4 4 | stream-put s
	[ "$(stream-get s)" = "$(counted 1 4)" ]
}

# -- what is wrong --

@test "usage" {
	fails 2 "STREAM is missing" stream-put
	fails 2 "is no name for a stream" stream-put 'a b'
	fails 2 "is no name for a stream" stream-put "$(printf 'x%.0s' {1..129})"
	fails 2 "column" stream-put -k 'a +' s
	fails 2 "--ky" stream-put --ky a s
	fails 1 "nofile: No such file" stream-put s nofile
}

@test "a place that is taken by something else" {
	mkdir full
	echo mine >full/file
	echo mine >file
	fails 2 "./full is no stream" stream-put ./full
	fails 2 "./file is no stream" stream-put ./file
	[ "$(ls -A full)" = file ]
	[ "$(cat file full/file)" = "$(printf 'mine\nmine')" ]
	[ -z "$(ls -d +* 2>/dev/null)" ]
}

@test "a stream by path, by a link, with a slash at its end" {
	stream-put ./deep/down/s <<<'{"n":1}'
	ln -s deep/down/s link
	stream-put ./link <<<'{"n":2}'
	stream-put deep/down/s/ <<<'{"n":3}'
	[ "$(stream-get ./link)" = "$(counted 1 3)" ]
	[ ! -e "$STREAM_HOME" ]
}

@test "what is stored is readable by its owner alone" {
	(umask 0; stream-put s <<<'{"n":1}')
	[ -z "$(find "$STREAM_HOME/s" -perm /077)" ]
}

@test "help is for a terminal and for those who ask" {
	stream-put --help >help
	grep -q -- --blob help
	stream-put --version | grep -q '^stream-put '
}

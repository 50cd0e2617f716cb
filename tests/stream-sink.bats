load helper

@test "dir: files appear whole, by their pattern; nothing is left of the temporaries" {
	stream-gen sensor -n 1200 -o frames >in.frames
	stream-sink 'dir:lake/{@time:%Y-%m-%d/%H%M}' in.frames
	[ "$(ls lake/2026-01-01)" = $'0000\n0001' ]
	[ -z "$(find lake -name '.*' -type f)" ]
	stream-cat in.frames | sort >want
	find lake -type f -exec stream-cat {} + | sort >got
	same got want
}

@test "dir: formats and compression" {
	requests 100 >in.json
	for format in json csv frames; do
		for compress in none gzip zstd; do
			rm -rf out
			pipe "stream-map --keep n,path,rt in.json | stream-sink 'dir:out?format=$format&compress=$compress'"
			[ "$PIPE" = "0 0" ]
			stream-map --keep n,path,rt in.json >want
			find out -type f | while read -r file; do stream-cat "$file"; done >got
			same got want
		done
	done
}

@test "sqlite: rows, types, widening, upsert" {
	command -v sqlite3 || skip "sqlite3 is not there"
	printf '%s\n' '{"id":1,"a":"x","r":1.5}' '{"id":2,"a":"0870","b":9007199254740993}' >in.json
	stream-sink 'sqlite:t.db?table=t' in.json
	[ "$(sqlite3 t.db 'select id, a, r, b, typeof(id), typeof(b) from t order by id')" = \
		$'1|x|1.5||integer|null\n2|0870||9007199254740993|integer|integer' ]
	stream-sink 'sqlite:t.db?table=u&key=id' in.json
	echo '{"id":1,"a":"changed"}' | stream-sink 'sqlite:t.db?table=u&key=id'
	[ "$(sqlite3 t.db 'select count(*) from u')" = 2 ]
	[ "$(sqlite3 t.db 'select a from u where id = 1')" = changed ]
}

@test "stream: and back" {
	requests >in.json
	pipe 'stream-cat in.json | stream-sink stream:web'
	[ "$PIPE" = "0 0" ]
	stream-get web >out
	stream-cat in.json >want
	same out want
}

@test "exec: a command takes the records" {
	requests 20 >in.json
	stream-sink "exec:cat >out" in.json
	stream-cat in.json >want
	same out want
	pipe "stream-sink 'exec:exit 3' in.json 2>err"
	[ "$PIPE" = 1 ]
}

@test "another program on PATH is a destination" {
	mkdir bin
	printf '#!/bin/sh\nexec stream-cat -o json >"$1.got"\n' >bin/stream-sink-mine
	chmod +x bin/stream-sink-mine
	requests 5 >in.json
	PATH=$PWD/bin:$PATH stream-sink mine:x in.json || true
	ls
	[ -n "$(ls ./*.got)" ]
	stream-cat in.json >want
	same ./*.got want
}

@test "upstream died: what was not committed is not delivered, status 4" {
	broken_at_17 >in.json
	pipe "stream-cat --strict in.json 2>err | stream-sink 'dir:out' 2>err2"
	[ "$PIPE" = "3 4" ]
	[ -z "$(find out -type f 2>/dev/null)" ]
	pipe "stream-cat --strict in.json 2>err | stream-sink 'sqlite:t.db?table=t' 2>err2"
	[ "$PIPE" = "3 4" ]
}

@test "records rejected upstream show in the sink's status; a full or missing place fails loudly" {
	broken_at_17 >in.json
	pipe "stream-cat in.json 2>err | stream-sink 'dir:out'"
	[ "$PIPE" = "3 3" ]
	[ "$(cat out/* | wc -l)" -eq 39 ]
	pipe "stream-sink 'dir:/proc/nowhere/x' in.json 2>err"
	[ "$PIPE" = 1 ]
	grep -q /proc/nowhere err
	pipe "stream-sink 'exec:cat >/dev/full' in.json 2>err"
	[ "$PIPE" = 1 ]
}

@test "common mistakes get one clear line" {
	requests 3 >in.json
	says 2 'DEST .* is missing' stream-sink
	says 2 '`foo` is no destination; write dir:' stream-sink foo in.json
	says 2 'no stream-sink-kafka on PATH' stream-sink kafka://x/y in.json
	says 2 'which table\?' stream-sink sqlite:x.db in.json
	says 2 'format=jsn' stream-sink 'dir:x?format=jsn' in.json
	says 2 'no `frmat`: do you mean `format`' stream-sink 'dir:x?frmat=json' in.json
	[ ! -e x.db ] && [ ! -e x ]
}

load helper

table() {
	printf '%s\n' 'id,name,city' '0,Ann,Rome' '1,Bob,Oslo' '2,Cy,' '3,Di,Bonn' >people.csv
	printf '{"n":%d,"id":%s}\n' 1 0 2 1.0 3 7 4 null 5 2 6 '"1"' >in.json
	echo '{"n":7}' >>in.json
}

@test "a table: its fields behind the record's, what has no match is filtered or, with --left, has nulls" {
	table
	[ "$(stream-join -k id people.csv in.json)" = '{"n":1,"id":0,"name":"Ann","city":"Rome"}
{"n":2,"id":1.0,"name":"Bob","city":"Oslo"}
{"n":5,"id":2,"name":"Cy","city":null}' ]
	run --separate-stderr stream-join -k id people.csv in.json --stats
	[[ $stderr = *"in 7 = out 3 + filtered 4 + rejected 0 + late 0"* ]]
	stream-join --left -k id people.csv in.json -o csv >out
	[ "$(cat out)" = $'n,id,name,city\n1,0,Ann,Rome\n2,1.0,Bob,Oslo\n3,7,,\n4,,,\n5,2,Cy,\n6,"1",,\n7,,,' ]
}

@test "csv, json, frames, compressed, sqlite: the same answer" {
	table
	stream-cat -o json people.csv >people.json
	stream-cat -o frames people.csv >people.frames
	gzip -k people.json
	stream-sink 'sqlite:p.db?table=people' people.csv
	stream-join --left -k id people.csv in.json >want
	for t in people.json people.frames people.json.gz 'sqlite:p.db?table=people'; do
		stream-join --left -k id "$t" in.json >out
		same out want
	done
}

@test "a key that is there several times: every match, in the table's order; counts say that records are new" {
	printf '%s\n' 'k,v' 1,a 2,b 1,c >t.csv
	printf '{"k":%d}\n' 1 3 2 >in.json
	run --separate-stderr stream-join -k k t.csv in.json --stats
	[ "$output" = $'{"k":1,"v":"a"}\n{"k":1,"v":"c"}\n{"k":2,"v":"b"}' ]
	[[ $stderr = *"in 3 -> out 3, rejected 0 + late 0"* ]]
}

@test "names: other ones of the key, several keys, collisions, --prefix" {
	printf '%s\n' 'host,port,name' a,1,x b,2,y >t.csv
	echo '{"ip":"a","p":1,"name":"mine"}' >in.json
	[ "$(stream-join -k ip=host,p=port t.csv in.json)" = '{"ip":"a","p":1,"name":"mine","other_name":"x"}' ]
	[ "$(stream-join -k ip=host --prefix t_ t.csv in.json)" = '{"ip":"a","p":1,"name":"mine","t_port":1,"t_name":"x"}' ]
	[ "$(stream-join -k 'upper(ip)=upper(host)' t.csv in.json | jq -r .other_name)" = x ]
}

@test "metadata and time go on: a window behind it" {
	requests >in.json
	printf '%s\n' 'path,team' /p0,a /p1,b /p2,a >t.csv
	stream-window 1m -t t in.json | stream-join -k path t.csv | stream-agg -b team count -o csv >got
	stream-window 1m -t t in.json | stream-filter 'path in ("/p0", "/p1", "/p2")' |
		stream-map 'team = if(path == "/p1", "b", "a")' | stream-agg -b team count -o csv >want
	same got want
}

@test "a table that changes is read again; one that is broken is not, and that is said once" {
	printf '%s\n' k,v 1,old >t.csv
	mkfifo in out
	stream-join -k k t.csv -o json <in >out 2>err &
	exec 7>in 8<out
	ask() { echo '{"k":1}' >&7; read -r answer <&8; jq -r .v <<<"$answer"; }
	[ "$(ask)" = old ]
	printf '%s\n' k,v 1,newer >t.new && mv t.new t.csv
	[ "$(ask)" = newer ]
	printf '%s\n' k,v 1,broken,x >t.csv
	[ "$(ask)" = newer ]
	[ "$(ask)" = newer ]
	one_line err 't.csv: .*going on with the table as it was'
	rm t.csv
	[ "$(ask)" = newer ]
	printf '%s\n' k,v 1,whole >t.csv
	[ "$(ask)" = whole ]
	exec 7>&- 8<&-
	wait
}

# pair_up SEED: two streams of random records, and what SQLite says of them.
pair_up() {
	awk -v seed="$1" 'BEGIN { srand(seed); for (i = 0; i < 400; i++) {
		print "l," int(i / 2) + int(rand() * 20) "," int(rand() * 25) "," i
		print "r," int(i / 2) + int(rand() * 20) "," int(rand() * 25) "," i } }' >all.csv
	awk -F, '$1 == "l" { printf "{\"t\":%d,\"k\":%s,\"l\":%d}\n", $2, ($3 == 24 ? "null" : $3), $4 }' all.csv >l.json
	awk -F, '$1 == "r" { printf "{\"t\":%d,\"k\":%s,\"r\":%d}\n", $2, ($3 == 24 ? "null" : $3), $4 }' all.csv >r.json
	rm -f j.db
	sqlite3 j.db 'create table a (side, t int, k int, i int)' '.mode csv' '.import all.csv a' 'update a set k = null where k = 24'
	sqlite3 j.db "select l.i, r.i, max(l.t, r.t) from a l join a r on l.side = 'l' and r.side = 'r' and l.k = r.k
		and abs(l.t - r.t) <= 7" | sort >inner
	sqlite3 j.db "select l.i, ifnull(r.i, '-'), max(l.t, ifnull(r.t, l.t)) from (select * from a where side = 'l') l
		left join (select * from a where side = 'r') r on l.k = r.k and abs(l.t - r.t) <= 7" | sort >left
}

as_rows() { jq -r '[.l, .r // "-", (."@time" | fromdate)] | join("|")' | sort; }

@test "two streams: agrees with SQLite, whatever the size of batches and the disorder allowed for" {
	for seed in 1 2 3 4; do
		pair_up $seed
		for rows in 1 7 65536; do
			export STREAM_TEST_ROWS=$rows
			for delay in '' '--delay 20s'; do
				stream-join -k k --within 7s $delay -t t r.json l.json --meta -o json | as_rows >got
				same got inner
				stream-join --left -k k --within 7s $delay -t t r.json l.json --meta -o json | as_rows >got
				same got left
			done
		done
	done
	[ "$(wc -l <inner)" -gt 300 ]
	[ "$(grep -c -- - left)" -gt 20 ]
}

@test "two streams: the order in which they are read does not matter; named pipes, frames, shards" {
	pair_up 5
	mkfifo p
	for first in l r; do
		# One side is all there before the other one begins.
		if [ $first = l ]; then
			{ sleep 0.3; cat r.json; } >p &
			stream-join --left -k k --within 7s --delay 20s -t t p l.json --meta -o json | as_rows >got
		else
			cat r.json >p &
			{ sleep 0.3; cat l.json; } | stream-join --left -k k --within 7s --delay 20s -t t p --meta -o json | as_rows >got
		fi
		wait
		same got left
	done
	stream-map '@time = time(t)' r.json -o frames >r.frames
	stream-map '@time = time(t)' l.json | stream-join -k k --within 7s r.frames | stream-cat --meta -o json | as_rows >got
	same got inner
	pipe 'stream-map "@time = time(t)" l.json | stream-shard -k k -n 3 -- stream-join --left -k k --within 7s r.frames | stream-cat --meta -o json >out'
	[ "$PIPE" = "0 0 0" ]
	as_rows <out >got
	same got left
}

@test "a pair leaves when it is whole; a left record alone when no partner can come" {
	mkfifo l r go
	exec 7<>l 8<>r
	timeout 300 stream-join --left -k k --within 10s --delay 0 -t t r l -o json 7>&- 8>&- >out &
	echo '{"t":100,"k":1,"l":1}' >&7
	echo '{"t":105,"k":1,"r":1}' >&8
	wait_for filled out
	[ "$(jq -c . out)" = '{"t":100,"k":1,"l":1,"other_t":105,"r":1}' ]
	echo '{"t":101,"k":2,"l":2}' >&7
	echo '{"t":111,"k":9,"r":2}' >&8
	sleep 0.2
	[ "$(wc -l <out)" -eq 1 ]
	echo '{"t":112,"k":9,"r":3}' >&8
	wait_for [ '$(wc -l <out)' '!=' 1 ]
	lines() { [ "$(wc -l <out)" -eq "$1" ]; }
	wait_for lines 2
	[ "$(tail -n 1 out)" = '{"t":101,"k":2,"l":2}' ]
	exec 7>&- 8>&-
	wait
}

@test "a record behind its own shard's watermark is late: counted" {
	printf '{"t":%s,"k":1,"l":%d}\n' 100 1 200 2 150 3 196 4 >l.json
	printf '{"t":%s,"k":1}\n' 100 150 200 >r.json
	run -3 --separate-stderr stream-join -k k --within 5s --delay 5s -t t r.json l.json --stats
	[ "$(jq -c .l <<<"$output" | sort | tr '\n' ' ')" = '1 2 4 ' ]
	[[ $stderr = *"late 1"* ]]
}

@test "state is dropped when time allows" {
	stream-gen weblog -n 200000 -o frames >l.frames
	stream-gen weblog -n 200000 --seed 2 -o frames >r.frames
	stream-join -k ip --within 1s --delay 10s --limit 16M r.frames l.frames -o frames | stream-agg count >got
	stream-join -k ip --within 1s r.frames l.frames -o frames | stream-agg count >want
	same got want
	run -1 --separate-stderr stream-join -k ip --within 1s --limit 16M r.frames l.frames -o frames
	[[ $stderr = *'need more memory than --limit'* ]]
}

@test "either side dies: nothing more comes out, status 4" {
	pair_up 1
	stream-map '@time = time(t)' l.json -o frames >l.frames
	head -c 2000 l.frames >cut.frames
	run -4 stream-join -k k --within 7s -t t cut.frames r.json
	run -4 stream-join -k k --within 7s -t t r.json cut.frames
	run -4 --separate-stderr stream-join -k k cut.frames r.json
	[[ $stderr = *"cut.frames: ended without END"* ]]
}

@test "what cannot be is said" {
	table
	says 2 '-k FIELD is missing' stream-join people.csv in.json
	says 2 'TABLE is missing' stream-join -k id
	says 1 'nowhere.csv: No such file' stream-join -k id nowhere.csv in.json
	says 2 'people.csv: no record has the field `ide`' stream-join -k id=ide people.csv in.json
	says 2 'it is written sqlite:FILE\?table=NAME' stream-join -k id sqlite:p.db in.json
	says 2 'the records have no @time: say -t FIELD' stream-join -k id --within 1m in.json in.json
	mkfifo p
	says 2 'p: a TABLE is a file; a stream wants --within' stream-join -k id p in.json
	requests 5 >r.json
	pipe 'stream-window 1m -t t r.json | stream-join -k n --within 1m r.json -t t 2>err'
	[[ "$PIPE" = *" 2" ]]
	one_line err 'let stream-window stand behind it'
}

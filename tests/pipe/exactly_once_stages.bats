# The stages that remember records, in pipelines that keep checkpoints: what comes out of many runs, some of them killed, is what comes
# out of one that nobody disturbs. (They are killed at random by tests/torture/flows.)

load ../helper
load ../store

# A portion of input.
fill() {
	stream-gen weblog -n 400 --seed "$1" | stream-map "ts = ts + $1 * 20s" | stream-put "${2-in}"
}

# line GROUP STAGES OPTIONS...: runs the pipeline once, to the end of what is there.
line() {
	local group=$1 stages=$2
	shift 2
	bash -c "set -o pipefail; stream-get -g $group $* in | $stages | stream-sink 'sqlite:$group.db?table=t'" 2>>"$group.err"
}

rows() {
	sqlite3 "$1.db" 'SELECT * FROM t ORDER BY rowid'
}

# in_runs STAGES: four runs, each of which ends with more to come, give what one gives, in the same order.
in_runs() {
	local i
	for i in 1 2 3 4; do
		fill $i
		line many "$1"
		[ ! -s many.err ] || { cat many.err; return 1; }
	done
	line many "$1" --drain
	line one "$1" --drain
	rows many >many
	rows one >one
	[ -s one ]
	same one many
	rm -r many* one* streams
}

@test "sort: many runs are as one" {
	in_runs 'stream-sort -k bytes:desc,path'
	in_runs 'stream-sort --limit 16K -k ip'
	in_runs 'stream-window 5s -t ts | stream-sort -k bytes,ip'
	in_runs 'stream-window hop 20s 5s -t ts | stream-sort --limit 16K -k path'
}

@test "top: many runs are as one" {
	in_runs 'stream-top -n 20 -k bytes,rt:asc'
	in_runs 'stream-top -n 3 -k rt -b status --ties --rank place'
	in_runs 'stream-window 5s -t ts | stream-top -n 3 -k bytes -b method --rank place'
	in_runs 'stream-window cumulate 20s 5s -t ts | stream-top -k rt'
}

@test "uniq: many runs are as one" {
	in_runs 'stream-uniq -k path'
	in_runs stream-uniq
	in_runs 'stream-uniq -k ip --within 30s -t ts'
	in_runs 'stream-window 5s -t ts | stream-uniq -k path --within 15s'
	in_runs 'stream-window 5s -t ts | stream-uniq -k status'
	in_runs 'stream-uniq --last -k status'
	in_runs 'stream-window 5s -t ts | stream-uniq --last -k status'
}

@test "exec: nothing is under way when a run ends" {
	in_runs 'stream-exec -n 150 -w 1h -- cat'
	in_runs "stream-exec -n 7 -P 4 -- jq -c '{path, bytes}'"
}

@test "stages in a row" {
	in_runs 'stream-uniq -k ip,path | stream-window 5s -t ts | stream-sort -k path,ip | stream-top -n 5 -k bytes'
}

@test "a snapshot that is a change: killed behind it, sort has all" {
	fill 1
	fill 2
	fill 3
	stream-get -f -g many --checkpoint 20ms in | started sort stream-sort -k bytes,ip | stream-sink 'sqlite:many.db?table=t' 2>err &
	wait_for compgen -G "streams/in/groups/many/0/state/*/2/1.*.whole"
	fill 4
	wait_for compgen -G "streams/in/groups/many/0/state/*/2/*.change"
	kill -9 "$(cat sort.pid)"
	wait
	compgen -G "streams/in/groups/many/0/state/*/2/*.change"
	fill 5
	line many 'stream-sort -k bytes,ip' --drain
	line one 'stream-sort -k bytes,ip' --drain
	same <(rows one) <(rows many)
}

@test "two sources of one join have one commit" {
	stream-gen orders -n 200 --seed 1 | stream-map 'id = `order`' --keep id,ts,customer | stream-put left
	stream-gen orders -n 200 --seed 1 | stream-map 'id = `order`' --keep id,ts,price | stream-put right
	stream-join -t ts -k id --within 5m <(stream-get -g g right) <(stream-get -g g left) | stream-sink 'sqlite:out.db?table=t'
	grep -h '^n ' streams/*/groups/g/0/state/*/receipt.1 >numbers
	[ "$(wc -l <numbers)" -eq 2 ]
	[ "$(sort -u numbers | wc -l)" -eq 1 ]
	# One of them alone is another pipeline.
	cp out.db copy.db
	pipe "stream-get -g g left | stream-sink 'sqlite:copy.db?table=t' 2>err"
	[ "${PIPE##* }" = 1 ]
	one_line err 'has committed checkpoint 1 here, but the destination knows of 0'
}

@test "an input outside the flow is refused, by join and by merge" {
	fill 1
	echo '{"ip":"10.0.0.1","ts":"2026-01-01T00:00:00Z"}' >other
	# Its records come before what the flow says, and behind it.
	for stage in 'stream-join -t ts -k ip --within 5m other' 'stream-merge -t ts - other' \
		'stream-join -t ts -k ip --within 5m <(sleep 1; cat other)' 'stream-merge -t ts - <(sleep 1; cat other)'; do
		pipe "stream-get -g g in | $stage 2>err >out"
		[ "${PIPE##* }" = 2 ] || { echo "$stage: $PIPE"; cat err; return 1; }
		grep -q 'does not take part in the checkpoints' err
	done
}

@test "a table that changes between runs: records are joined with it as it is when they come" {
	echo '{"n":1,"name":"old"}' >table.json
	echo '{"n":1,"i":1}' | stream-put in
	line g 'stream-join -v -k n table.json'
	echo '{"n":1,"name":"new"}' >new.json && mv new.json table.json
	echo '{"n":1,"i":2}' | stream-put in
	line g 'stream-join -v -k n table.json'
	grep -q 'table.json has changed since the last run' g.err
	[ "$(sqlite3 g.db 'SELECT i, name FROM t ORDER BY i')" = $'1|old\n2|new' ]
}

@test "exec: what was given up is in the file of the dead once, and on time" {
	seq 1 30 | sed 's/.*/{"n":&}/' | stream-put in
	cat >odd <<-'END'
		#!/bin/sh
		read -r line
		case $line in *[13579]}) exit 1 ;; esac
		echo "$line"
	END
	chmod +x odd
	stages='stream-exec -n 1 --retries 0 --dead dead -- ./odd'
	line g "$stages" || [ $? -eq 3 ]
	[ "$(wc -l <dead)" -eq 15 ]
	# The end dies with all of the second portion uncommitted.
	seq 31 60 | sed 's/.*/{"n":&}/' | stream-put in
	stream-get -f -g g in | stream-exec -n 1 --retries 0 --dead dead -- ./odd | bash -c "echo \$\$ >pid; kill -STOP \$\$; exec stream-sink 'sqlite:g.db?table=t'" 2>err &
	wait_for filled pid
	sleep 0.3
	kill -9 "$(cat pid)"
	wait
	line g "$stages" || [ $? -eq 3 ]
	[ "$(wc -l <dead)" -eq 30 ]
	[ "$(jq -r .record.n dead | sort -u | wc -l)" -eq 30 ]
	[ "$(sqlite3 g.db 'SELECT count(*), count(DISTINCT n) FROM t')" = '30|30' ]
}

@test "tee refuses, and says what to do" {
	fill 1
	pipe "stream-get -g g in | stream-tee copy 2>err | stream-cat >out"
	[ "${PIPE#* }" = "2 4" ]
	one_line err 'let each read the stream as a group of its own'
}

#!/usr/bin/env bats
# stream-tail: lines as they come, rotation of every kind, groups, kills.
load helper
load store

lines() { seq -f 'line %.0f' "$1" "$2"; }

# follows OPTION...: follows in the background, lines to out; `tailer` is its process.
follows() {
	stream-tail -o lines "$@" >out 2>err 3>&- &
	tailer=$!
}

# stops: ends it as a user does.
stops() {
	kill "$tailer"
	ends "$tailer" 0
}

has() { [ "$(cat out)" = "$1" ]; }
is_last() { [ "$(tail -n 1 out)" = "$1" ]; }

# -- where it begins --

@test "the last ten lines, so many, none, all, or from the end" {
	lines 1 30 >log
	stream-tail --once log -o lines >out
	[ "$(cat out)" = "$(lines 21 30)" ]
	stream-tail --once -n 3 log -o lines >out
	[ "$(cat out)" = "$(lines 28 30)" ]
	stream-tail --once -n 0 log >out
	[ ! -s out ]
	stream-tail --once --from end log >out
	[ ! -s out ]
	stream-tail --once --from start log -o lines >out
	same log out
	stream-tail --once -n 5 log log ./log -o lines >out
	[ "$(wc -l <out)" -eq 5 ]
}

@test "--from a time takes files written since, rotated ones too" {
	lines 1 3 >log.2
	lines 4 6 >log.1
	lines 7 9 >log
	touch -d '2 hours ago' log.2
	touch -d '30 minutes ago' log.1
	stream-tail --once --from now-1h log -o lines >out
	[ "$(cat out)" = "$(lines 4 9)" ]
	stream-tail --once --from now+1h log -o lines >out
	[ ! -s out ]
}

@test "what makes no sense is told" {
	says 2 'FILE is missing' stream-tail
	says 2 'give one of them' stream-tail -n 3 --from end log
	says 2 'wants -g GROUP' stream-tail --steal log
	says 2 'no name for a group' stream-tail -g a/b log
	says 1 'log: No such file' stream-tail --once log
	says 2 'is a directory' stream-tail --once .
	says 2 'stream-cat' stream-tail --once /dev/null
	says 2 'stream-cat' stream-tail --once -
	says 2 '--from|time' stream-tail --once --from yesterday /etc/passwd
	says 2 'multiline|pattern|parenthes' stream-tail --once --multiline '(' /etc/passwd
}

# -- lines --

@test "lines are those of stream-cat -i lines: NUL, invalid UTF-8, CR LF, empty ones, a megabyte" {
	{
		printf 'a\r\n\r\n\n\x00b\x00\n\xff\xfe\xc3\n\rx\r\r\n'
		head -c 1000000 /dev/zero | tr '\0' x
		printf '\nlast'
	} >log
	stream-cat -i lines log >want
	echo "status 0" >>want
	everyway want 'stream-tail --once --from start log'
}

@test "--origin names the file and the place" {
	printf 'one\ntwo\r\n\nthree\n' >log
	[ "$(stream-tail --once --origin log | jq -c '[.line, .file, .offset]' | xargs)" = \
		"[one,log,0] [two,log,4] [,log,9] [three,log,10]" ]
	stream-tail --once --origin -n 1 log >out
	[ "$(cat out)" = '{"line":"three","file":"log","offset":10}' ]
	stream-tail --once --meta log | head -n 1 | jq -e '.["@arrived"]'
}

@test "--multiline joins what follows a first line; a pause ends the last one" {
	printf 'a 1\n at x\n at y\nb 2\nc 3\n at z\n' >log
	stream-tail --once --multiline '^[a-z] ' log >out
	[ "$(jq -s -c '[.[].line]' out)" = '["a 1\n at x\n at y","b 2","c 3\n at z"]' ]
	follows --multiline '^[a-z] ' --from start log
	wait_for is_last 'c 3\n at z'
	printf 'd 4\n at w\n' >>log
	wait_for is_last 'd 4\n at w'
	stops
}

# -- following --

@test "a line comes as soon as it is written; half of one waits" {
	: >log
	follows log
	printf 'one\ntw' >>log
	wait_for has one
	printf 'o\n' >>log
	wait_for has "$(printf 'one\ntwo')"
	stops
	[ ! -s err ]
}

@test "a file that is not there yet, nor its directory" {
	follows dir/log
	wait_for filled err
	one_line err 'dir/log is not there yet'
	mkdir dir
	lines 1 20 >dir/log
	wait_for has "$(lines 1 20)"
	stops
}

@test "renamed, and written to under its old name; deleted and made anew; truncated" {
	lines 1 3 >log
	follows -n 1 log
	wait_for has "line 3"
	mv log log.1
	echo "line 4" >>log.1
	wait_for is_last "line 4"
	echo "line 5" >log
	wait_for is_last "line 5"
	rm log
	echo "line 6" >log
	wait_for is_last "line 6"
	: >log
	echo "line 7" >>log
	wait_for is_last "line 7"
	mv log log.2
	echo "line 8" >log
	wait_for is_last "line 8"
	[ "$(cat out)" = "$(lines 3 8)" ]
	stops
	[ ! -s err ]
}

@test "a rotation that nobody sees step by step" {
	lines 1 2 >log
	follows log
	echo "line 3" >>log
	wait_for is_last "line 3"
	kill -STOP $tailer
	echo "line 4" >>log
	mv log log.3
	echo "line 5" >log
	mv log log.2
	touch -d '1 second' log.2
	echo "line 6" >log
	mv log log.1
	touch -d '2 seconds' log.1
	echo "line 7" >log
	kill -CONT $tailer
	wait_for is_last "line 7"
	[ "$(cat out)" = "$(lines 1 7)" ]
	stops
}

@test "several files, patterns, and those that match later; a rotated one is no log of its own" {
	mkdir logs
	echo "a 1" >logs/a.log
	echo "a 0" >logs/a.log.1
	follows -n 5 'logs/*.log*'
	wait_for has "a 1"
	echo "b 1" >logs/b.log
	wait_for is_last "b 1"
	mv logs/a.log.1 logs/a.log.2
	mv logs/a.log logs/a.log.1
	echo "a 2" >logs/a.log
	wait_for is_last "a 2"
	echo "b 2" >>logs/b.log
	wait_for is_last "b 2"
	stops
	[ "$(wc -l <out)" -eq 4 ]
}

@test "a symbolic link that is pointed elsewhere" {
	echo one >first
	ln -s first log
	follows log
	wait_for has one
	echo two >second
	ln -sfn second log
	wait_for is_last two
	stops
}

@test "files that begin alike, and hold little, are not taken for copies of each other" {
	reads() { stream-tail -g g --once -o lines log 2>>err >>out; }
	echo header >log
	reads
	# Nobody looks, and there are two more; of the first one there is no more than the header.
	mv log log-20260001
	echo header >log
	mv log log-20260002
	printf 'header\na\n' >log
	mv log log-20260003
	printf 'header\nb\n' >log
	reads
	printf '%s\n' header header header a header b >want
	same want out
	reads
	same want out
	# Compressed ones too.
	mv log log-20260004
	printf 'header\nc\n' | gzip >log-20260005.gz
	echo header >log
	reads
	printf '%s\n' header c header >>want
	same want out
	[ ! -s err ]
}

@test "a copy of a file that is there is not read; one that has the same lines is" {
	lines 1 1000 >log
	stream-tail -g g --once -o lines log >out
	mv log log.1
	lines 1 1000 >log
	mv log log.2
	lines 1 900 >log
	stream-tail -g g --once -o lines log >>out
	same out <(lines 1 1000; lines 1 1000; lines 1 900)
	gzip <log.1 >log.3.gz
	cp log log.4
	head -c 700 log >log.5
	stream-tail -g g --once -o lines log >>out
	same out <(lines 1 1000; lines 1 1000; lines 1 900)
}

@test "a small file that is compressed while it is followed does not come again" {
	echo one >log
	follows --from start -g g --checkpoint 5ms log
	wait_for has one
	mv log log.1
	echo two >log
	wait_for is_last two
	gzip log.1
	mv log.1.gz log.2.gz
	mv log log.1
	echo three >log
	wait_for is_last three
	stops
	has "$(printf 'one\ntwo\nthree')"
	stream-tail -g g --once -o lines log >out 2>err
	[ ! -s out ]
	[ ! -s err ]
}

@test "copied, truncated and renamed before anybody looks" {
	lines 1 3 >log
	follows -g g --checkpoint 5ms log
	wait_for has "$(lines 1 3)"
	kill -STOP $tailer
	echo "line 4" >>log
	cp log log.1
	echo "line 5" >log
	mv log.1 log.2
	mv log log.1
	echo "line 6" >log
	kill -CONT $tailer
	wait_for is_last "line 6"
	stops
	has "$(lines 1 6)"
}

@test "of files that begin alike and were compressed, each is known by what was read of it" {
	printf 'header\na\n' >log
	stream-tail -g g --once -o lines log >out
	mv log log.1
	echo header >log
	stream-tail -g g --once -o lines log >>out
	echo b >>log
	mv log.1 log.2
	mv log log.1
	gzip log.1 log.2
	stream-tail -g g --once -o lines log >>out 2>err || [ $? -eq 1 ]
	has "$(printf 'header\na\nheader\nb')"
	! grep lost err
}

@test "an inode that is used again, by a file that begins alike, is another file" {
	echo header >log
	stream-tail -g g --once -o lines log >out
	local inode
	inode=$(stat -c %i log)
	[ "$(stat -c %W log)" -gt 0 ] || skip "this file system does not know when a file was made"
	sleep 0.02 # the clock of the file system ticks
	for i in $(seq 50); do
		rm log
		echo header >log
		[ "$(stat -c %i log)" -ne "$inode" ] || break
	done
	[ "$(stat -c %i log)" -eq "$inode" ] || skip "this file system does not use inodes again"
	stream-tail -g g --once -o lines log >>out 2>/dev/null
	has "$(printf 'header\nheader')"
}

@test "what is found late comes before what the path names, and is no loss when it goes" {
	reads() { stream-tail -g g --once -o lines log >>out 2>>err; }
	: >log.1
	touch -d '1 hour ago' log.1
	echo a >log
	reads
	echo b >>log.1
	reads
	mv log log.2
	echo c >log
	rm log.1
	reads
	has "$(printf 'a\nb\nc')"
	# Nothing was read of it: what it had is found.
	mv log log.3
	: >log
	reads
	echo d >>log
	mv log log.1
	echo e >log
	gzip log.1
	reads
	has "$(printf 'a\nb\nc\nd\ne')"
	[ ! -s err ]
}

@test "links to files that begin alike: each is read" {
	ln -s log-20260001 log
	echo header >log
	sleep 0.02 # the clock of the file system ticks
	ln -sfn log-20260002 log
	echo header >log
	touch log-20260001
	stream-tail -g g --once -o lines log >out
	has "$(printf 'header\nheader')"
}

@test "small files that are copied over each other come once" {
	reads() { stream-tail -g g --once -o lines log >>out 2>>err; }
	turns() {
		for i in 3 2 1; do [ ! -e log.$i ] || cp log.$i log.$((i + 1)); done
		cp log log.1
		: >log
	}
	for i in 1 2 3; do
		echo "line $i" >>log
		reads
		turns
	done
	for i in 4 5; do
		echo "line $i" >>log
		turns
	done
	reads
	has "$(lines 1 5)"
	[ ! -s err ]
}

@test "names that shift between the listing and the reading of a directory" {
	needs_strace
	echo one >log
	stream-tail -g g --once -o lines log >out
	echo two >>log
	gzip <log >log.1.gz
	echo three >log.new
	mv log.new log
	# It is held before it opens what it has found.
	strace -qq -o trace -P "$PWD/log.1.gz" -e trace=openat -e inject=openat:delay_enter=1s stream-tail -g g --once -o lines log >>out 2>err 3>&- &
	wait_for grep -q 'log.1.gz' trace
	mv log.1.gz log.2.gz
	wait $!
	has "$(printf 'one\ntwo\nthree')"
	[ ! -s err ]
}

@test "it ends quietly when its reader has gone, though nothing comes" {
	lines 1 20 >log
	pipe 'stream-tail log -o lines | head -n 1 >out'
	[ "$PIPE" = "141 0" ]
}

@test "where the kernel gives no notice, it looks" {
	needs_strace
	: >log
	strace -qq -o trace -e inject=inotify_init1:error=EMFILE -e trace=inotify_init1 stream-tail -o lines log >out 2>err 3>&- &
	tailer=$!
	wait_for filled err
	grep -q 'every 50 ms' err
	echo one >>log
	wait_for has one
	mv log log.1
	echo two >log
	wait_for is_last two
	kill "$(pgrep -P $tailer)"
	wait_for gone $tailer
}

# -- storms --

# writes LOG COUNT HOW: numbered lines, and a rotation about every 25th.
writes() {
	local i k turn=0
	for ((i = 1; i <= $2; i++)); do
		echo "line $i" >>"$1"
		((RANDOM % 25 == 0)) || continue
		turn=$((turn + 1))
		case $3 in
		shifts)
			for ((k = turn - 1; k > 0; k--)); do [ ! -e "$1.$k" ] || mv "$1.$k" "$1.$((k + 1))"; done
			mv "$1" "$1.1"
			;;
		dates) mv "$1" "$1-$((20260000 + turn))" ;;
		copies)
			cp "$1" "$1.$turn"
			: >"$1"
			;;
		esac
	done
}

# stormed HOW: what was written comes once. In the order of its lines, where names are changed and nothing else.
stormed() {
	local count
	count=$(often 1000)
	: >log
	follows log
	echo begin >>log
	wait_for has begin
	RANDOM=${STREAM_TEST_SEED:-$$}
	echo "seed ${STREAM_TEST_SEED:-$$}"
	writes log "$count" "$1"
	{ echo begin; lines 1 "$count"; } >want
	wait_for has_lines out "$(wc -l <want)"
	stops
	[ "$1" != copies ] || { sort -V out >sorted && mv sorted out; sort -V want >sorted && mv sorted want; }
	same want out
}

@test "rotation storm: names with numbers that shift" { stormed shifts; }
@test "rotation storm: names with dates" { stormed dates; }
@test "rotation storm: copied and truncated, by a writer that waits for it" { stormed copies; }

# -- groups --

@test "a group reads each line once, through rotation and compression while nothing runs" {
	lines 1 5 >log.3
	gzip log.3
	lines 6 7 >log.2
	lines 8 9 >log.1
	lines 10 11 >log
	printf 'line 1' >>log
	touch -d '3 hours ago' log.3.gz
	touch -d '2 hours ago' log.2
	touch -d '1 hour ago' log.1
	stream-tail -g g --once -o lines log >>out
	[ "$(cat out)" = "$(lines 1 11)" ]
	stream-tail -g g --once -o lines log >>out
	echo 2 >>log
	for i in 3 2 1; do for file in "log.$i"*; do mv "$file" "log.$((i + 1))${file#log."$i"}"; done; done
	mv log log.1
	gzip log.1
	echo "line 13" >log
	stream-tail -g g --once -o lines log >>out
	[ "$(cat out)" = "$(lines 1 13)" ]
	# Copied and truncated.
	echo "line 14" >>log
	cp log log.0
	echo "line 15" >log
	stream-tail -g g --once -o lines log >>out 2>err
	[ "$(cat out)" = "$(lines 1 15)" ]
	[ ! -s err ]
}

@test "-n and --from are for a group that is new; paths that are not given are remembered" {
	lines 1 20 >log
	stream-tail -g g -n 2 --once -o lines log >out
	[ "$(cat out)" = "$(lines 19 20)" ]
	lines 1 3 >other
	stream-tail -g g --once -o lines other >out
	[ "$(cat out)" = "$(lines 1 3)" ]
	echo "line 21" >>log
	stream-tail -g g --from start --once -o lines "$PWD/log" other >out
	[ "$(cat out)" = "line 21" ]
	stream-tail -g other --from end --once -o lines log >out
	[ ! -s out ]
}

@test "what was lost while nothing ran is said" {
	lines 1 20 >log
	stream-tail -g g --once -o lines log >out
	lines 21 22 >log
	stream-tail -g g --once -o lines log >out 2>err
	[ "$(cat out)" = "$(lines 21 22)" ]
	one_line err 'log: .*read up to byte 151 is gone.*lost'
}

@test "one process has a group: others wait, or say who has it; a stopped one is robbed and learns it" {
	: >log
	follows -g g log
	echo "line 1" >>log
	wait_for has "line 1"
	says 1 "group g is held by process $tailer" stream-tail -g g -w 0 log
	stream-tail -g g -o lines log >second 2>err.second 3>&- &
	local second=$!
	wait_for filled err.second
	one_line err.second "waiting for group g, held by process $tailer"
	stops
	echo "line 2" >>log
	wait_for has_lines second 1
	[ "$(cat second)" = "line 2" ]
	kill -STOP $second
	echo "line 3" >>log
	stream-tail -g g --steal --once -o lines log >third 3>&-
	grep -qx "line 3" third
	kill -CONT $second
	echo "line 4" >>log
	ends $second 4
}

@test "text: killed at any moment and run again, nothing is lost" {
	: >log
	: >out
	RANDOM=7 writes log "$(often 1000)" shifts 3>&- &
	local writer=$! i
	for ((i = 0; i < 20; i++)); do
		stream-tail -g g --checkpoint 5ms -o lines log >>out 2>/dev/null 3>&- &
		sleep 0.0$((RANDOM % 9 + 1))
		kill -9 $!
		wait $! || true
	done
	wait $writer
	stream-tail -g g --once -o lines log >>out
	lines 1 "$(often 1000)" >want
	sort -V -u out >got
	same want got
}

@test "text: what a killed run has left of a line is not glued to the next one" {
	printf 'line 1\nline 2 and much more\n' >log
	printf 'line 1\nline 2 and' >out
	stream-tail -g g --once -o lines log >>out
	has "$(printf 'line 1\nline 2 and\nline 1\nline 2 and much more')"
}

@test "one that waits for its pipeline learns that another run has taken the group" {
	lines 1 3 >log
	mkfifo p
	cat p >nothing 3>&- &
	stream-tail -g g -o frames log >p 2>err 3>&- &
	local waits=$!
	wait_for filled nothing
	pipe 'stream-tail -g g --steal --once log 2>>err.second | stream-filter true -o lines >out'
	has "$(lines 1 3)"
	ends $waits 4
	one_line err 'another process has taken group g'
}

@test "a pipeline: whoever is killed whenever, each line is in the database once" {
	: >log
	(
		for k in 1 2 3 4; do
			writes log "$(often 200)" dates
			sleep 0.2
			for file in log-*; do [ ! -e "$file" ] || mv "$file" "log-$k${file#log-}"; done
		done
	) 3>&- &
	local writer=$! i tail sink
	mkfifo p
	for ((i = 0; i < 15; i++)); do
		stream-tail -g g --checkpoint 5ms -o frames log >p 2>>err 3>&- &
		tail=$!
		stream-sink 'sqlite:db?table=t' <p 2>>err 3>&- &
		sink=$!
		sleep 0.$((RANDOM % 2))$((RANDOM % 9 + 1))
		case $((RANDOM % 3)) in
		0) kill -9 $tail ;;
		1) kill -9 $sink ;;
		2) kill $tail ;;
		esac 2>/dev/null || true
		wait_for gone $tail
		wait_for gone $sink
		wait $tail $sink || true
	done
	wait $writer
	stream-tail -g g --once -o frames log | stream-sink 'sqlite:db?table=t'
	for ((i = 0; i < 4; i++)); do lines 1 "$(often 200)"; done >want
	sqlite3 db 'select line from t order by rowid' >out
	same want out
}

@test "a group is a pipeline's or text's, and says how to begin anew" {
	lines 1 3 >log
	stream-tail -g g --once log | stream-filter true -o lines >out
	[ "$(cat out)" = "$(lines 1 3)" ]
	says 2 "to begin anew, as text: rm -r '$STREAM_HOME/@tail/g'" stream-tail -g g --once -o lines log
	rm -r "$STREAM_HOME/@tail/g"
	stream-tail -g g --once -o lines log >out
	[ "$(cat out)" = "$(lines 1 3)" ]
	pipe 'stream-tail -g g --once log 2>err | stream-filter true -o lines'
	[ "${PIPE%% *}" -eq 2 ]
	grep -q "was read as text so far" err
	stream-ctl list >out
	[ ! -s out ]
}

# stream-put as the end of a checkpointed flow: whatever happens to the line, to the stream it writes and to its disk, each record is in
# the stream once, when its checkpoint is committed, and not before.
#
# Some tests begin in a state that a kill at a certain step has left (tests/torture/kill_at.c finds it); of 3000 records 100 had been
# put by earlier runs:
#   undecided   the others are collected, and not committed
#   decided     they are committed, and none of them is in the stream
#   half        they are committed, and one of two shards has its part
load ../helper
load ../store

kill_at=${STREAM_BUILD:-$root/build}/torture/kill_at
# One commit for what there is, however slow the machine is.
the_line='stream-get -g g --checkpoint 10m in 2>get.err | stream-map "double = n * 2" 2>map.err | stream-put out 2>put.err'

# line OPTIONS...: the line once; OPTIONS belong to its source.
line() {
	local status=0
	bash -o pipefail -c "${the_line/ in / $* in }" || status=$?
	return $status
}

# ends_well OPTIONS...: the line once, and nobody has anything to say.
ends_well() {
	line "$@" && [ ! -s get.err ] && [ ! -s map.err ] && [ ! -s put.err ] || {
		head get.err map.err put.err
		return 1
	}
}

# The commit that such a state is about, if it is there.
commit() { find "$STREAM_HOME/out/flows" -name "*.$(cat "$BATS_FILE_TMPDIR/commit")"; }

count() { stream-get "$1" | wc -l; }

# state NAME STEP: keeps what the kill has left if it is that state and was not found before.
state() {
	[ ! -d "$1" ] || return 0
	cp -a "$STREAM_HOME" "$1"
	echo "$2" >"$1.step"
}

# The states, and what an undisturbed run comes to; for all tests.
setup_file() {
	local at steps=1 killed=1 call newest
	cd "$BATS_FILE_TMPDIR" || return 1
	export STREAM_HOME=$PWD/home
	stream-ctl create --shards 2 -k key out
	# In small frames, so that there is something to compact.
	for at in 1 21 41 61 81; do
		keyed $at $((at + 19)) 13 | stream-put in
		ends_well
	done
	newest=$(find home/out/flows -type f)
	# The next run takes the flow over, and then commits.
	echo $((${newest##*.} + 2)) >commit
	keyed 101 3000 13 | stream-put in
	mv home template
	cp -a template home
	ends_well
	by_shard out >want
	by_key out >want.keys
	if [ ! -x "$kill_at" ] || ! $kill_at 0 true true 3>/dev/null; then return 0; fi
	for ((at = 30; killed && at < 400; at += 3)); do
		rm -rf home
		cp -a template home
		read -r steps killed call < <($kill_at $at stream-put bash -c "$the_line" 3>&1 >/dev/null 2>&1) || true
		case $(commit | wc -l) in
		0) [ "$(cat "$STREAM_HOME"/out/flows/*+* | wc -c)" -lt 10000 ] || state undecided $at ;;
		1)
			case $(count out) in
			100) state decided $at ;;
			3000) break ;;
			*) state half $at ;;
			esac
			;;
		esac
	done
	[ -d undecided ] && [ -d decided ] && [ -d half ]
}

# begin STATE: in it.
begin() {
	[ "$1" = template ] || [ -d "$BATS_FILE_TMPDIR/$1" ] || skip "no process can be killed at its steps here (make torture builds what does)"
	rm -rf "$STREAM_HOME"
	cp -a "$BATS_FILE_TMPDIR/$1" "$STREAM_HOME"
}

# by_shard STREAM: its shards in turn, with all that is told of a record but when it came and its number. by_key: the same for keys.
by_shard() {
	stream-get --meta "$1" | jq -sc 'sort_by(.["@shard"])[] | del(.["@arrived"], .["@seq"])'
}

by_key() {
	stream-get --meta "$1" | jq -sc 'sort_by(.key)[] | del(.["@arrived"], .["@seq"], .["@shard"], .["@stream"])'
}

# as_wanted: what is in the stream is what an undisturbed run puts there, and fsck finds no fault. With `keys` shards have changed.
as_wanted() {
	if [ "${1-}" = keys ]; then
		by_key out >got
		same got "$BATS_FILE_TMPDIR/want.keys" || return 1
	else
		by_shard out >got
		same got "$BATS_FILE_TMPDIR/want" || return 1
	fi
	stream-ctl fsck out >faults || { cat faults; return 1; }
}

# -- kills --

# follow OPTIONS...: the line in the background, its members in get.pid, map.pid and put.pid; their statuses will be in `status`. `job`
# is it all.
follow() {
	rm -f ./*.pid status
	(
		set +e
		started get stream-get -f -g g --checkpoint 5ms "$@" in 2>get.err | started map stream-map 'double = n * 2' 2>map.err |
			started put stream-put out 2>put.err
		echo "${PIPESTATUS[@]}" >status
	) 3>&- 2>/dev/null &
	job=$!
	wait_for filled get.pid
	wait_for filled map.pid
	wait_for filled put.pid
}

# killed MEMBER: it is killed, after a moment, and that is what it died of. Its neighbours notice.
killed() {
	local statuses
	sleep "0.0$((RANDOM % 10))"
	kill -KILL "$(cat "$1.pid")"
	wait $job
	read -r -a statuses <status
	case $1 in
	get) [ "${statuses[*]}" = "137 4 4" ] ;;
	map) [[ "${statuses[*]}" =~ ^141\ 137\ 4$ ]] ;;
	put) [[ "${statuses[*]}" =~ ^141\ 141\ 137$ ]] ;;
	esac || { echo "$1 was killed: ${statuses[*]}"; return 1; }
}

# told: the source is told to end, and all is well.
told() {
	kill -TERM "$(cat get.pid)"
	wait $job
	[ "$(cat status)" = "0 0 0" ] || { cat status get.err map.err put.err; return 1; }
}

@test "killed at any moment, whoever it is: as if nobody had been" {
	local member
	begin template
	for member in get map put get map put get map put; do
		follow
		killed $member
	done
	ends_well
	as_wanted
}

@test "killed at each of some steps, whoever it is: as if nobody had been" {
	local member at step killed call points=0
	begin decided
	for member in get:23 map:7 put:17; do
		for ((at = 1 + RANDOM % 10;; at += ${member#*:})); do
			begin template
			read -r step killed call < <($kill_at $at "stream-${member%:*}" bash -c "$the_line" 3>&1 >/dev/null 2>&1)
			[ "$killed" -eq 1 ] || break
			points=$((points + 1))
			ends_well && as_wanted || { echo "${member%:*} at step $at, call $call"; return 1; }
		done
	done
	[ $points -gt 10 ]
}

@test "everything is killed at once: the next run has all" {
	local i
	begin template
	for i in 1 2 3; do
		follow
		sleep "0.0$((RANDOM % 10))"
		kill -STOP "$(cat get.pid)" "$(cat map.pid)" "$(cat put.pid)" # so that none sees another dead
		kill -KILL "$(cat get.pid)" "$(cat map.pid)" "$(cat put.pid)"
		wait $job
		[ "$(cat status)" = "137 137 137" ]
	done
	ends_well
	as_wanted
}

@test "what a run has collected and not committed goes; what it has committed comes; no files are left" {
	local state
	for state in undecided decided half; do
		begin $state
		ends_well
		as_wanted
		# One ledger, small, of one flow.
		[ "$(find "$STREAM_HOME/out/flows" -type f | wc -l)" -eq 1 ]
		[ "$(cat "$STREAM_HOME"/out/flows/* | wc -c)" -lt 1000 ]
		ends_well
		as_wanted
	done
}

# -- a later run --

# taken BEFORE: the line has the slot, which was held by others before.
taken() { [ "$(echo "$STREAM_HOME"/in/groups/g/0/*.run)" != "$1" ]; }

@test "stopped, taken over, and woken up: nothing twice, and it says that it was fenced" {
	local i
	for i in 1 2 3; do
		begin template
		before=$(echo "$STREAM_HOME"/in/groups/g/0/*.run)
		follow
		wait_for taken "$before"
		sleep "0.0$((RANDOM % 5))"
		kill -STOP "$(cat get.pid)" "$(cat put.pid)"
		mkdir -p second
		(cd second && timeout -s KILL 10 bash -o pipefail -c "${the_line/ in / --steal in }") || {
			# It may stand where it holds a shard; then it is waited for, as for any writer.
			[ $? -eq 137 ]
			kill -CONT "$(cat put.pid)"
			(cd second && ends_well --steal)
		}
		as_wanted
		kill -CONT "$(cat get.pid)" "$(cat put.pid)"
		# It learns of it when it has something to commit.
		keyed 3001 3100 13 | stream-put in
		wait $job
		[[ "$(cat status)" =~ ^(4|141)\ (4|141)\ 4$ ]] || { cat status; return 1; }
		one_line put.err 'taken over|has begun|upstream died'
		as_wanted
		ends_well
		stream-get out >got
		in_order got
		[ "$(jq .n got | sort -n | uniq | wc -l) $(wc -l <got)" = "3100 3100" ]
	done
}

@test "it stands still just before the commit, and just behind it, while a later run does all" {
	may_be_traced
	local state zombie
	for state in undecided decided; do
		begin $state
		begin template
		: >steps
		$kill_at "-$(cat "$BATS_FILE_TMPDIR/$state.step")" stream-put bash -c "$the_line" 3>steps 2>run.err &
		zombie=$!
		wait_for filled steps
		[ "$(commit | wc -l)" -eq "$([ $state = decided ] && echo 1 || echo 0)" ]
		[ "$(count out)" -eq 100 ]
		mkdir -p second
		(cd second && ends_well --steal)
		as_wanted
		kill -USR1 $zombie
		wait $zombie || [ $? -eq 4 ]
		one_line put.err 'taken over|has begun'
		as_wanted
		# And the next one.
		ends_well
		as_wanted
	done
}

# -- the group --

@test "a group that is reset or deleted: what it had committed comes all the same, and what it had not does not" {
	local state how
	for state in undecided decided half; do
		for how in "reset in g --from end" "delete in g"; do
			begin $state
			# shellcheck disable=SC2086 # a list of words
			stream-ctl $how
			echo '{"key":"other","n":0}' | stream-put out
			stream-get out | jq -c .n | sort -n >got
			{ echo 0; seq 1 "$([ $state = undecided ] && echo 100 || echo 3000)"; } >want
			same got want
		done
	done
}

@test "a reset to the start is another flow: all once more, and each of the two once" {
	begin half
	stream-ctl reset in g --from start
	ends_well
	stream-get out | jq -c .n | sort -n >got
	{ seq 1 3000; seq 1 3000; } | sort -n >want
	same got want
	ends_well
	[ "$(count out)" -eq 6000 ]
}

# -- the stream it writes --

@test "shards that are split, merged, scaled, compacted and kept in between" {
	local state how
	for state in undecided decided half; do
		for how in "split out 0" "merge out 0 1" "scale out 3" "compact out" "retain out"; do
			begin $state
			# shellcheck disable=SC2086 # a list of words
			stream-ctl $how >shards
			ends_well && as_wanted keys || { echo "$state, $how"; return 1; }
		done
	done
}

@test "several changes of shards between a commit and what carries it out" {
	begin half
	stream-ctl split out 0 >shards
	stream-ctl split out 3 >shards
	stream-ctl merge out 5 1 >shards
	stream-ctl compact out >shards
	stream-ctl scale out 3 >shards
	ends_well
	as_wanted keys
	ends_well
	as_wanted keys
}

@test "shards change while it runs, and a member is killed" {
	local i
	begin template
	for i in 1 2 3; do
		follow
		keyed $((2000 + i * 1000 + 1)) $((3000 + i * 1000)) 13 | stream-put in
		case $i in
		1) stream-ctl split out 0 ;;
		2) stream-ctl compact out ;;
		3) stream-ctl scale out 1 ;;
		esac >shards
		if [ $i -eq 2 ]; then killed put; else told; fi
	done
	ends_well
	stream-get out >got
	in_order got
	jq -c .n got | sort -n >numbers
	seq 1 6000 >want
	same numbers want
	[ "$(stream-ctl show out | jq -c 'select(.state == "open").shard' | wc -l)" -eq 1 ]
	stream-ctl fsck out >faults
}

# All that was in it is taken away.
empties() {
	stream-ctl retain out >retained
	[ "$(count out)" -eq 0 ]
}

@test "what retention has taken does not come back" {
	local state
	for state in decided half; do
		begin $state
		stream-ctl retain --retention 1ms out >retained
		wait_for empties
		stream-ctl retain --retention 0 out >retained
		ends_well
		[ "$(count out)" -eq 0 ] || { echo "$state: $(count out)"; return 1; }
		echo '{"key":"k1","n":1}' | stream-put in
		ends_well
		[ "$(count out)" -eq 1 ]
	done
}

@test "retention by size while it runs and is killed: the newest stay, each once" {
	local i
	begin template
	stream-ctl retain --max-size 64K out >retained
	for i in 1 2 3 4; do
		follow
		keyed $((2900 + i * 9000 + 101)) $((2900 + i * 9000 + 9100)) 13 | stream-put in
		killed put
	done
	ends_well
	stream-ctl retain out >retained
	stream-get out >got
	in_order got
	[ "$(wc -l <got)" -lt 30000 ]
	[ "$(jq .n got | sort -n | uniq -d | wc -l)" -eq 0 ]
	[ "$(jq .n got | sort -n | tail -1)" -eq 48000 ]
	stream-ctl fsck out >faults
}

@test "the stream is deleted between runs: refused, with what to do" {
	begin template
	stream-ctl delete out
	pipe "$the_line"
	[ "${PIPE##* }" -eq 1 ]
	one_line put.err 'committed checkpoint 5 .*the destination knows of 0.*stream-ctl reset in g'
	# Another of that name is not it.
	stream-ctl delete --force out 2>/dev/null || true
	stream-ctl create --shards 2 -k key out
	pipe "$the_line"
	[ "${PIPE##* }" -eq 1 ]
	[ "$(count out)" -eq 0 ]
	stream-ctl reset in g --from start
	ends_well
	as_wanted
}

@test "the stream is put back as it was some commits ago: refused, and nothing is put" {
	begin template
	cp -a "$STREAM_HOME/out" backup
	ends_well
	rm -r "$STREAM_HOME/out"
	mv backup "$STREAM_HOME/out"
	pipe "$the_line"
	[ "${PIPE##* }" -eq 1 ]
	one_line put.err 'committed checkpoint 6 .*the destination knows of 5.*stream-ctl reset in g'
	[ "$(count out)" -eq 100 ]
}

@test "the stream is deleted while it runs: status 1, and it says so" {
	begin template
	follow
	wait_for eval '[ "$(count out)" -eq 3000 ]'
	stream-ctl delete out
	keyed 3001 3010 13 | stream-put in
	wait $job
	[[ "$(cat status)" =~ \ 1$ ]] || { cat status; return 1; }
	one_line put.err 'out.*(deleted|removed|not there|gone)'
	[ ! -e "$STREAM_HOME/out" ]
}

# -- several at once --

@test "two flows into one stream, both killed: each record of each once, and in order" {
	local i name
	stream-ctl create --shards 3 -k key both
	keyed 1 20000 7 | jq -c '.from = "a" | .key += "a"' | stream-put a
	keyed 1 20000 7 | jq -c '.from = "b" | .key += "b"' | stream-put b
	for i in 1 2 3 4; do
		for name in a b; do
			(stream-get -f -g g --checkpoint 2ms $name 2>/dev/null | started $name stream-put both 2>$name.err) 3>&- &
		done
		wait_for filled a.pid
		wait_for filled b.pid
		sleep "0.0$((RANDOM % 8))"
		kill -KILL "$(cat a.pid)" "$(cat b.pid)"
		wait
		rm a.pid b.pid
	done
	for name in a b; do
		(stream-get -g g $name | stream-put both) 2>$name.err &
	done
	wait
	[ ! -s a.err ] && [ ! -s b.err ]
	stream-get both >got
	in_order got
	for name in a b; do
		jq -c "select(.from == \"$name\").n" got | sort -n >numbers
		seq 1 20000 >want
		same numbers want
	done
}

@test "a group of three slots, three lines, killed and run again: each record once, each key in order" {
	local i slot
	stream-ctl create --shards 3 -k key out
	stream-ctl create --shards 2 -k key in
	for i in 1 2 3; do
		keyed $((i * 3000 - 2999)) $((i * 3000)) 31 | stream-put in
		for slot in 1 2 3; do
			(
				stream-get -f -g g --slots 3 --checkpoint 5ms in 2>/dev/null | stream-map 'double = n * 2' 2>/dev/null |
					started $slot stream-put out 2>/dev/null
			) 3>&- &
		done
		for slot in 1 2 3; do wait_for filled $slot.pid; done
		sleep "0.0$((RANDOM % 10))"
		kill -KILL "$(cat 1.pid)" "$(cat 2.pid)" "$(cat 3.pid)"
		wait
		rm ./?.pid
	done
	for slot in 1 2 3; do
		(stream-get -g g in | stream-map 'double = n * 2' | started $slot stream-put out) 2>$slot.err 3>&- &
	done
	wait
	# Each of the last three had its slot, or a slot was passed on: who comes too late finds nothing.
	for i in 1 2 3; do stream-get -g g in 2>err | stream-map 'double = n * 2' | stream-put out; done
	stream-get out >got
	in_order got
	jq -c .n got | sort -n >numbers
	seq 1 9000 >want
	same numbers want
}

@test "others put into the stream at the same time, and see to what the dead have left" {
	begin decided
	keyed 3001 3100 13 | stream-put out
	[ "$(count out)" -eq 3100 ]
	stream-get out >got
	in_order got
	ends_well
	[ "$(count out)" -eq 3100 ]
	# While it runs.
	follow
	keyed 10001 14000 13 | stream-put in &
	keyed 20001 24000 5 | sed 's/"k/"other/' | stream-put out
	wait $!
	told
	stream-get out >got
	in_order got
	[ "$(wc -l <got)" -eq 11100 ]
	[ "$(jq .n got | sort -n | uniq -d | wc -l)" -eq 0 ]
}

# many STATE COMMAND...: three writers, a compaction, the line and COMMAND at once; who put what.
many() {
	local state=$1 who pids=()
	shift
	begin "$state"
	for who in 1 2 3; do
		(echo "{\"key\":\"x$who\",\"n\":-$who}" | stream-put out) 2>put$who.err &
		pids+=($!)
	done
	stream-ctl compact out >shards 2>compact.err &
	pids+=($!)
	"$@" >more &
	pids+=($!)
	ends_well
	wait "${pids[@]}"
	cat put?.err compact.err >said
	[ ! -s said ] || { cat said; return 1; }
	stream-get out >got
	in_order got
	jq .n got | sort -n >numbers
	{ seq -3 -1; seq 1 3000; } >want
	same numbers want
	stream-ctl fsck out >faults
}

@test "many at once find a commit that was not carried out: it comes once" {
	local i
	for i in 1 2 3 4; do
		many decided true
		many half true
	done
}

@test "the same while a shard is split" {
	local i
	for ((i = 0; i < $(often 20); i++)); do many half stream-ctl split out 0; done
}

# -- records --

@test "what records have on them is kept: @time, @key, the order of fields, null and absent, decimals, nesting" {
	requests 300 | stream-map '@time = time(t)' -o json --meta >timed 2>/dev/null || requests 300 >timed
	stream-put -k user in timed
	stream-ctl create --shards 3 copy
	pipe "stream-get -g g in | stream-put copy 2>put.err"
	[ "$PIPE" = "0 0" ]
	stream-get --meta in | jq -Sc 'del(.["@arrived"], .["@seq"], .["@shard"], .["@stream"])' | sort >want
	stream-get --meta copy | jq -Sc 'del(.["@arrived"], .["@seq"], .["@shard"], .["@stream"])' | sort >got
	same got want
	stream-get in | sort >want
	stream-get copy | sort >got
	same got want
	# The time of events went along.
	[ "$(stream-get --meta copy | jq -c 'select(.["@time"])' | wc -l)" -eq "$(grep -c '"@time"' timed)" ]
}

@test "another key than the source's; a key that is an error rejects the record, once" {
	keyed 1 1000 13 | stream-put -k key in
	for i in 1 2; do
		pipe "stream-get -g g in | stream-put -k 'if(n == 500, 1 // 0, n % 5)' --bad bad out 2>put.err"
	done
	[ "$(count out)" -eq 999 ]
	[ "$(wc -l <bad)" -eq 1 ]
	[ "$(stream-get --meta out | jq -r '.["@key"]' | sort -u | wc -l)" -eq 5 ]
}

# One of them has come, at least.
large() { [ -n "$(find "$STREAM_HOME/out" -size +8M 2>/dev/null)" ]; }

@test "records of 16 MB, and the run is killed while it has them" {
	head -c 12M /dev/urandom | base64 -w 0 | sed 's/.*/{"n":1,"big":"&"}/' >big
	sed 's/"n":1/"n":2/' big | cat big - | stream-put in
	follow
	wait_for large
	kill -KILL "$(cat put.pid)"
	wait $job
	[[ "$(cat status)" =~ 137$ ]]
	ends_well
	stream-get in | stream-map 'double = n * 2' | stream-cat -o json | cksum >want
	stream-get out | cksum >got
	same got want
	[ "$(cat "$STREAM_HOME"/out/flows/* | wc -c)" -lt 1000 ]
}

# -- damage --

# damage HOW FILE
damage() {
	local byte
	case $1 in
	payload) set -- 20000 "$2" ;;
	entry) set -- $(($(stat -c %s "$2") - 150)) "$2" ;;
	cut) truncate -s 15000 "$2"; return ;;
	end) truncate -s -5 "$2"; return ;;
	empty) : >"$2"; return ;;
	esac
	byte=$(od -An -tu1 -j "$1" -N 1 "$2")
	printf "\\x$(printf %x $((byte ^ 4)))" | dd of="$2" bs=1 seek="$1" conv=notrunc status=none
}

@test "a commit that is damaged is named, by the line and by any writer; nothing passes it, and readers go on" {
	local state how file had
	for state in decided half; do
		for how in payload entry cut end empty; do
			begin $state
			had=$(count out)
			file=$(commit)
			cp "$file" whole
			damage $how "$file"
			pipe "$the_line"
			[ "${PIPE##* }" -eq 1 ]
			one_line put.err "${file##*/} is damaged"
			echo '{"key":"k1","n":0}' >one
			says 1 "${file##*/} is damaged" stream-put out one
			[ "$(count out)" -eq "$had" ]
			# It comes back from where it is whole.
			cp whole "$file"
			ends_well
			as_wanted
		done
	done
}

@test "a commit that is gone: the line is refused, and nothing is taken for done" {
	local state
	for state in decided half; do
		begin $state
		rm "$STREAM_HOME"/out/flows/*
		pipe "$the_line"
		[ "${PIPE##* }" -eq 1 ]
		one_line put.err 'committed checkpoint [56] .*the destination knows of 0.*stream-ctl reset in g'
	done
}

@test "fsck names a commit that is damaged" {
	begin decided
	damage payload "$(commit)"
	local status=0
	stream-ctl fsck out >faults || status=$?
	[ $status -eq 1 ]
	[ "$(jq -r 'select(.kind == "fault").file' faults)" = "flows/$(basename "$(commit)")" ]
	# What the manual says to do.
	rm "$(commit)"
	stream-ctl reset in g --from start
	ends_well
	stream-ctl fsck out >faults
	stream-get out | jq .n | sort -nu >got
	seq 1 3000 >want
	same got want
}

# -- the disk --

# small STATE: begins in it, with the stream that is written on a disk of 1 MB.
small() {
	begin "$1"
	mkdir -p disk
	mountpoint -q disk || mount -t tmpfs -o size=1m tmpfs disk 2>/dev/null || skip "no right to mount a tmpfs"
	rm -rf disk/*
	mv "$STREAM_HOME/out" disk/out
	ln -s "$PWD/disk/out" "$STREAM_HOME/out"
}

unmount() { umount -l disk; }

teardown() {
	stop_burners
	! mountpoint -q disk || unmount
}

fill_up() { dd if=/dev/zero of=disk/ballast bs=4k >/dev/null 2>&1 || true; }

@test "the disk is full when records are collected, and when they are committed: status 1, and with space again all is there" {
	local room collecting=0 committed=0 enough=0
	for room in 4 12 24 32 36 40 44 60 300; do
		small template
		fill_up
		truncate -s "-${room}k" disk/ballast
		pipe "$the_line"
		if [ "${PIPE##* }" -eq 1 ]; then
			one_line put.err 'No space left'
			if [ -n "$(commit)" ]; then committed=$((committed + 1)); else collecting=$((collecting + 1)); fi
		else
			[ "$PIPE" = "0 0 0" ]
			enough=$((enough + 1))
		fi
		rm disk/ballast
		ends_well
		as_wanted
	done
	[ $collecting -gt 1 ] && [ $committed -gt 0 ] && [ $enough -gt 0 ] || { echo $collecting $committed $enough; return 1; }
}

@test "the disk is full when a commit is carried out: it waits for space, and is not forgotten" {
	echo '{"key":"k1","n":1}' >one
	small decided
	fill_up
	pipe "$the_line"
	[ "${PIPE##* }" -eq 1 ]
	one_line put.err 'No space left'
	says 1 'No space left' stream-put out one
	says 1 'No space left' stream-ctl compact out
	[ "$(count out)" -lt 3000 ]
	stream-get out >got
	in_order got
	rm disk/ballast
	ends_well
	as_wanted
}

@test "a disk that may only be read: one line, readers read, and later all is there" {
	small decided
	mount -o remount,ro disk
	pipe "$the_line"
	[ "${PIPE##* }" -eq 1 ]
	one_line put.err 'Read-only file system'
	echo '{"key":"k1","n":1}' >one
	says 1 'Read-only file system' stream-put out one
	[ "$(count out)" -eq 100 ]
	mount -o remount,rw disk
	ends_well
	as_wanted
}

@test "a stream that we may only read: status 1, one line, and later all is there" {
	[ "$(id -u)" -ne 0 ] || skip "root may write everywhere"
	begin decided
	chmod -R a-w "$STREAM_HOME/out"
	pipe "$the_line"
	chmod -R u+w "$STREAM_HOME/out"
	[ "${PIPE##* }" -eq 1 ]
	one_line put.err 'Permission denied'
	[ "$(count out)" -eq 100 ]
	ends_well
	as_wanted
}

# -- who reads what comes out --

@test "a reader that follows sees no record before its commit, then each once and in order, through kills and changes" {
	local step zombie reader i
	begin undecided
	step=$(cat "$BATS_FILE_TMPDIR/undecided.step")
	begin template
	stream-get -f out >seen 2>seen.err 3>&- &
	reader=$!
	wait_for has_lines seen 100
	: >steps
	$kill_at "-$step" stream-put bash -c "$the_line" 3>steps 2>run.err &
	zombie=$!
	wait_for filled steps
	sleep 0.2
	[ "$(wc -l <seen)" -eq 100 ]
	kill -USR2 $zombie
	wait $zombie || true
	[ "$(wc -l <seen)" -eq 100 ]
	for i in 1 2 3; do
		follow
		keyed $((2000 + i * 1000 + 1)) $((3000 + i * 1000)) 13 | stream-put in
		[ $i -ne 2 ] || stream-ctl split out 0 >shards
		killed put
	done
	ends_well
	wait_for has_lines seen 6000
	kill -TERM $reader
	ends $reader 0
	[ ! -s seen.err ]
	in_order seen
	jq -c .n seen | sort -n >numbers
	seq 1 6000 >want
	same numbers want
}

# -- runs without anything --

@test "nothing to do: no files grow, and no checkpoints are made" {
	begin template
	ends_well
	follow --checkpoint 1ms
	sleep 0.2
	find "$STREAM_HOME" -type f -printf '%P %s %T@\n' | sort >before
	sleep 0.4
	find "$STREAM_HOME" -type f -printf '%P %s %T@\n' | sort >after
	same before after
	told
	# Nor over many runs.
	for i in 1 2 3 4 5; do ends_well; done
	[ "$(find "$STREAM_HOME/out/flows" -type f | wc -l)" -eq 1 ]
	[ "$(find "$STREAM_HOME/in/groups" -type f | wc -l)" -lt 12 ]
	as_wanted
}

@test "checkpoints of which no record is left: no files grow" {
	keyed 1 100 13 | stream-put in
	the_line='stream-get -g g --checkpoint 1ms in 2>get.err | stream-filter "n < 0" 2>map.err | stream-put out 2>put.err'
	ends_well
	find "$STREAM_HOME" -path '*/in/shards' -prune -o -type f -printf '%s\n' | awk '{ n++; s += $1 } END { print n, s }' >before
	for i in 1 2 3 4 5 6; do
		keyed 1 100 13 | stream-put in
		ends_well
	done
	find "$STREAM_HOME" -path '*/in/shards' -prune -o -type f -printf '%s\n' | awk '{ n++; s += $1 } END { print n, s }' >after
	read -r files bytes <before
	read -r files_now bytes_now <after
	[ "$files_now" -le $((files + 3)) ] && [ "$bytes_now" -le $((bytes + 1000)) ] || { cat before after; return 1; }
	[ "$(count out)" -eq 0 ]
}

# -- ends --

@test "END: windows stay open between runs and are put once; --drain puts the last ones" {
	local i window='stream-window 5s -t ts | stream-agg -b status "n = count()" "s = sum(bytes)"'
	stream-gen weblog -n 400 --seed 3 >in.json
	for i in 0 1 2 3; do
		tail -n +$((i * 100 + 1)) in.json | head -n 100 | stream-put in
		bash -o pipefail -c "stream-get -g many in | $window | stream-put many"
	done
	bash -o pipefail -c "stream-get -g many --drain in | $window | stream-put many"
	bash -o pipefail -c "stream-get -g one --drain in | $window | stream-put one"
	stream-get many >many
	stream-get one >one
	[ -s one ]
	same many one
	bash -o pipefail -c "stream-get -g many --drain in | $window | stream-put many"
	[ "$(count many)" -eq "$(wc -l <one)" ]
}

@test "the audit counts each record once over many runs, killed or not" {
	begin template
	local i
	for i in 1 2 3; do
		keyed $((2000 + i * 1000 + 1)) $((3000 + i * 1000)) 13 | stream-put in
		follow
		killed put
	done
	stream-get -g g in | stream-map 'double = n * 2' | stream-put --stats out 2>stats
	grep -qE '^stream-get .*out 6000 ' stats || { cat stats; return 1; }
	grep -qE '^stream-map +in 6000 = out 6000 ' stats
	grep -qE '^stream-put +in 6000 = out 6000 ' stats
}

# -- other sources, other stages --

@test "tail to put: a log that is rotated while the line is killed is there once" {
	local i
	for i in 1 2 3 4 5 6; do
		seq $((i * 1000 - 999)) $((i * 1000)) | sed 's/^/line /' >>log
		(stream-tail -g t log 2>tail.err | started put stream-put out 2>put.err) 3>&- &
		wait_for filled put.pid
		sleep "0.0$((RANDOM % 6))"
		kill -KILL "$(cat put.pid)"
		wait
		rm put.pid
		[ $((i % 2)) -eq 0 ] || mv log log.$i
	done
	touch log
	pipe "stream-tail -g t --once log 2>tail.err | stream-put out 2>put.err"
	[ "$PIPE" = "0 0" ] || { echo "$PIPE"; cat tail.err put.err; return 1; }
	stream-get out | jq -r .line >got
	seq 1 6000 | sed 's/^/line /' >want
	same got want
}

@test "get to agg to put: results of windows, killed and run again, are there once" {
	local i stages='stream-window 5s -t ts | stream-agg -b status "n = count()" "s = sum(bytes)"'
	stream-gen weblog -n 600 --seed 4 >in.json
	for i in 0 1 2 3 4 5; do
		tail -n +$((i * 100 + 1)) in.json | head -n 100 | stream-put in
		(bash -c "stream-get -f -g many --checkpoint 2ms in | $stages | started put stream-put many" 2>err) 3>&- &
		wait_for filled put.pid
		sleep "0.0$((RANDOM % 10))"
		kill -KILL "$(cat put.pid)"
		wait
		rm put.pid
	done
	bash -o pipefail -c "stream-get -g many --drain in | $stages | stream-put many"
	bash -o pipefail -c "stream-get -g one --drain in | $stages | stream-put one"
	stream-get many >many
	stream-get one >one
	[ -s one ]
	same many one
}

# --bad and --late into files, in checkpointed pipelines: whose they are, that nobody's records are cut away with another's, and that
# a process which was overtaken writes nothing more.

load ../helper
load ../store

# Numbers FROM to TO, of which each tenth is a text, which stream-filter 'n + 1 > 0' rejects.
mixed() {
	seq "$1" "$2" | awk '{ printf $1 % 10 ? "{\"k\":%d,\"n\":%d}\n" : "{\"k\":%d,\"n\":\"x%d\"}\n", $1 % 7, $1 }'
}

# rejected FILE...: the numbers of what is in them.
rejected() {
	cat "$@" | jq -r .record.n | tr -d x | sort -n
}

tenth() {
	seq "$1" "$2" | grep '0$'
}

@test "two stages into one file: refused, and it says what to do" {
	mixed 1 30 | stream-put s
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' 2>err1 | stream-map --bad bad 'm = n' 2>err2 | stream-cat -o json >>out 2>err3"
	[ "${PIPE#* }" = "4 2 4" ] || [ "${PIPE#* }" = "2 4 4" ] || [ "${PIPE#* }" = "141 2 4" ]
	grep -hE 'bad belongs to stage [23] of group g of s, .*give each its own' err1 err2
	[ ! -s out ]
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' | stream-map --bad bad2 'm = n' | stream-cat -o json >>out"
	[ "${PIPE##* }" = 2 ] || [ "${PIPE##* }" = 0 ]
}

@test "two flows into one file: the second is refused until the first is no more; so is who is in none" {
	mixed 1 30 | stream-put s
	pipe "stream-get -g a s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	pipe "stream-get -g b s | stream-filter --bad bad 'n + 1 > 0' 2>err | stream-cat -o json >>out2 2>/dev/null"
	[ "${PIPE#* }" = "2 4" ]
	one_line err "/bad belongs to stage 2 of group a of s, which cuts it back .*: give each its own"
	# By another name it is the same file.
	ln -s bad other
	pipe "stream-get -g b s | stream-filter --bad other 'n + 1 > 0' 2>err | stream-cat -o json >>out2 2>/dev/null"
	[ "${PIPE#* }" = "2 4" ]
	mixed 1 30 >plain
	says 2 "bad belongs to stage 2 of group a of s" stream-filter --bad bad 'n + 1 > 0 && false' plain
	[ "$(rejected bad)" = "$(tenth 1 30)" ]
	stream-ctl reset s a --from start
	pipe "stream-get -g b s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>out2"
	[ "$PIPE" = "0 0 0" ]
	# What was there when it began stays.
	[ "$(wc -l <bad)" -eq 6 ]
	stream-ctl delete s b
	stream-filter -q --bad bad 'n + 1 > 0' plain >/dev/null
	[ "$(wc -l <bad)" -eq 9 ]
}

@test "copies: each has a file of its own, cut back for itself" {
	local line="stream-get \$OPTIONS -g g s | stream-shard --bad all -k k -n 3 -- stream-filter --bad bad 'n + 1 > 0'"
	mixed 1 300 | stream-put s
	pipe "$line | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(rejected bad.0 bad.1 bad.2)" = "$(tenth 1 300)" ]
	[ ! -e bad ]
	# The end commits no more, then all die.
	mixed 301 310 | stream-put s
	OPTIONS=-f bash -c "$line | bash -c 'echo \$\$ >pid; exec stream-cat -o json' >>out" 2>/dev/null &
	wait_for has_lines out 279
	kill -STOP "$(cat pid)"
	mixed 311 400 | stream-put s
	wait_for sh -c '[ $(cat bad.0 bad.1 bad.2 | wc -l) -eq 40 ]'
	kill -9 "$(cat pid)"
	wait
	mixed 401 500 | stream-put s
	pipe "$line | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(rejected bad.0 bad.1 bad.2)" = "$(tenth 1 500)" ]
	[ "$(jq -r .n out | sort -un | wc -l)" -eq 450 ]
}

@test "slots: each has a file of its own" {
	keyed 1 200 9 | sed 's/"n":\([0-9]*0\)}/"n":"x\1"}/' | stream-put -k key s
	local i
	for i in 1 2; do
		started get$i stream-get -f -g g --slots 2 s | stream-filter --bad bad 'n + 1 > 0' | stream-put out &
	done
	wait_for sh -c '[ "$(cat bad.slot0 bad.slot1 2>/dev/null | wc -l)" -eq 20 ]'
	[ "$(rejected bad.slot0 bad.slot1)" = "$(tenth 1 200)" ]
	[ ! -e bad ]
	kill "$(cat get1.pid)" "$(cat get2.pid)"
	wait
	[ "$(stream-get out | wc -l)" -eq 180 ]
}

@test "a stage that was stopped and lost its slot writes to its side file no more" {
	mixed 1 20 | stream-put s
	stream-get -f -g g s 2>err.get | bash -c 'echo $$ >pid; exec stream-filter --bad bad "n + 1 > 0"' 2>err | stream-cat -o json >>old 2>/dev/null &
	wait_for has_lines old 18
	wait_for grep -q '^n 1$' "$STREAM_HOME"/s/groups/g/0/state/*/receipt.1
	kill -STOP "$(cat pid)"
	# What waits in its pipe when the next run takes over.
	mixed 21 40 | stream-put s
	sleep 0.3
	pipe "stream-get --steal -g g s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>new"
	[ "$PIPE" = "0 0 0" ]
	[ "$(rejected bad)" = "$(tenth 1 40)" ]
	kill -CONT "$(cat pid)"
	wait
	one_line err "a later run has taken over .*/bad; nothing was written to it"
	[ "$(rejected bad)" = "$(tenth 1 40)" ]
}

@test "one that was stopped in the very write holds up the next run, which says who it is" {
	mixed 1 20 | stream-put s
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	flock .bad.owner sleep 100 3>&- &
	wait_for sh -c '! flock -n .bad.owner true'
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' 2>err | stream-cat -o json >>out 2>/dev/null"
	[ "${PIPE#* }" = "1 4" ]
	one_line err "bad: process [0-9]+ is in the midst of writing to it and does not go on; end it"
	kill %1
}

@test "another working directory is another file: refused, for the length is not its" {
	mixed 1 20 | stream-put s
	mkdir a b
	(cd a; stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>../out)
	mixed 21 30 | stream-put s
	cd b
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' 2>err | stream-cat -o json >>../out 2>/dev/null"
	[ "${PIPE#* }" = "2 4" ]
	one_line err "its side output was .*/a/bad and is .*/b/bad now; run it where it was, or begin anew: stream-ctl reset"
	cd ../a
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>../out"
	[ "$PIPE" = "0 0 0" ]
	[ "$(rejected bad)" = "$(tenth 1 30)" ]
}

@test "a damaged mark is refused and named; one that was never written is none" {
	mixed 1 20 | stream-put s
	: >.bad.owner
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' | stream-cat -o json >>out"
	[ "$PIPE" = "0 0 0" ]
	printf x | dd of=.bad.owner bs=1 seek=60 conv=notrunc 2>/dev/null
	pipe "stream-get -g g s | stream-filter --bad bad 'n + 1 > 0' 2>err | stream-cat -o json >>out 2>/dev/null"
	[ "${PIPE#* }" = "1 4" ]
	one_line err "\.bad\.owner is damaged"
}

@test "the name of a new side file is durable" {
	needs_strace
	mixed 1 20 | stream-put s
	mkdir -p new
	bash -o pipefail -c "stream-get -g g s | strace -y -o trace -e trace=openat,fsync,rename stream-filter --bad new/bad 'n + 1 > 0' | stream-cat -o json >out"
	# After the file was made, and before the snapshot that has its length.
	awk '/openat.*"new\/bad".*O_CREAT/ { made = 1 } made && /fsync.*\/new>/ { synced = 1 } made && /rename.*\/1\.1\.whole"/ { exit !synced; }
		END { exit !synced }' trace
	mkdir plain
	mixed 1 20 >text
	strace -y -o trace -e trace=openat,fsync stream-filter --bad plain/bad 'n + 1 > 0' text >/dev/null
	awk '/openat.*"plain\/bad".*O_CREAT/ { made = 1 } made && /fsync.*\/plain>/ { synced = 1 } END { exit !synced }' trace
}

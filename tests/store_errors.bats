#!/usr/bin/env bats
# What goes wrong around a store: names, places, versions, permissions, disks that are read-only or full.
load helper
load store

# A place that other users can reach.
place=
teardown() {
	[ -z "$place" ] || rm -rf "$place"
}

# everywhere STATUS TEXT STREAM: each command that wants a stream that is there says TEXT.
everywhere() {
	fails "$1" "$2" stream-get "$3"
	fails "$1" "$2" stream-ctl show "$3"
	fails "$1" "$2" stream-ctl sync "$3"
	fails "$1" "$2" stream-ctl fsck "$3"
	fails "$1" "$2" stream-ctl split "$3" 0
	fails "$1" "$2" stream-ctl merge "$3" 0 1
	fails "$1" "$2" stream-ctl scale "$3" 2
	fails "$1" "$2" stream-ctl delete "$3"
}

# with_mounts SCRIPT: runs it with bash in a mount namespace of its own, in this directory; with a tmpfs of 512 KiB as
# `disk`, which is STREAM_HOME.
with_mounts() {
	mkdir -p disk
	unshare -m true 2>/dev/null || unshare -rm true 2>/dev/null || skip "no private mounts to be had"
	local how=-m
	unshare -m true 2>/dev/null || how=-rm
	export -f counted
	STREAM_HOME=$PWD/disk unshare $how bash -ec "mount -t tmpfs -o size=512k none disk
$1"
}

@test "an unknown stream: the nearest name" {
	stream-ctl create web
	everywhere 2 'there is no stream `wbe`; is it `web`?' wbe
	everywhere 2 "there is no stream ./web" ./web
	everywhere 2 "is no name for a stream" 'a b'
	everywhere 2 "is no name for a stream" ''
}

@test "a directory that is no stream, and a file" {
	mkdir -p "$STREAM_HOME/directory" other
	touch "$STREAM_HOME/file" "$STREAM_HOME/directory/x" other/x
	everywhere 2 "directory is no stream: it has no catalog" directory
	everywhere 2 "./other is no stream: it has no catalog" ./other
	everywhere 2 "file is no stream: it is no directory" file
	fails 2 "is no stream, and something else is in its place" stream-put directory
	fails 2 "is no stream, and something else is in its place" stream-put file
	fails 2 "is no stream, and something else is in its place" stream-ctl create ./other
	[ "$(ls -A "$STREAM_HOME/directory")" = x ]
	[ "$(ls -A other)" = x ]
}

@test "a store made by a newer version is left alone" {
	stream-put web <<<'{"n":1}'
	sed -i '1s/.*/stream 2/' "$STREAM_HOME/web/catalog"
	cp -r "$STREAM_HOME/web" before
	everywhere 2 "newer release (layout 2; this one knows 1)" web
	fails 2 "newer release" stream-put web
	diff -r before "$STREAM_HOME/web"
}

@test "a damaged catalog is an error, and nothing is changed" {
	stream-put web <<<'{"n":1}'
	sed -i 's/^sync .*/sync 1/' "$STREAM_HOME/web/catalog"
	cp -r "$STREAM_HOME/web" before
	fails 1 "its checksum is wrong" stream-get web
	fails 1 "its checksum is wrong" stream-put web
	fails 1 "its checksum is wrong" stream-ctl show web
	fails 1 "its checksum is wrong" stream-ctl delete web
	diff -r before "$STREAM_HOME/web"
}

@test "a shard that is closed or not there, and ranges that do not meet" {
	stream-ctl create --shards 4 web
	stream-ctl split web 0 >/dev/null
	fails 2 "shard 0 of web is closed already: its records go to 4, 5" stream-ctl split web 0
	fails 2 "is closed already" stream-ctl merge web 0 1
	fails 2 "shards 1 and 3 of web do not meet" stream-ctl merge web 1 3
	fails 2 "web has no shard 9" stream-ctl split web 9
	fails 2 "web has no shard 9; stream-ctl show lists them" stream-get --shard 9 web
	fails 2 "lies behind the end" stream-get --from seq:99 web
}

@test "no permission: who may not read or write is told so" {
	if [ "$(id -u)" -ne 0 ]; then
		stream-put s <<<'{"n":1}'
		chmod 000 "$STREAM_HOME/s/catalog"
		fails 1 "Permission denied" stream-get s
		return
	fi
	place=$(mktemp -d /tmp/stream-errors-XXXXXX)
	chmod 755 "$place"
	local other=(setpriv --reuid 65534 --regid 65534 --clear-groups env STREAM_HOME="$place")
	"${other[@]}" stream-ctl --version >/dev/null 2>&1 || skip "no other user who could run this"
	STREAM_HOME=$place stream-put s <<<'{"n":1}'
	fails 1 "s/.: Permission denied" "${other[@]}" stream-get s
	fails 1 "Permission denied" "${other[@]}" stream-put s
	fails 1 "Permission denied" "${other[@]}" stream-put new
	fails 1 "Permission denied" "${other[@]}" stream-ctl fsck s
	fails 1 "Permission denied" "${other[@]}" stream-ctl delete s
	# Who may read may read, and check, with nobody else's leave.
	chmod -R a+rX "$place"
	[ "$("${other[@]}" stream-get s)" = '{"n":1}' ]
	"${other[@]}" stream-ctl fsck s | jq -e '.records == 1 and .faults == 0'
	fails 1 "s/shards/0/lock: Permission denied" "${other[@]}" stream-put s
	fails 1 "Permission denied" "${other[@]}" stream-ctl delete s
	[ "$("${other[@]}" stream-get s)" = '{"n":1}' ]
}

@test "a read-only disk: all that reads works, all that writes says why not" {
	with_mounts '
		counted 1 100 | stream-put s
		head -c 50 /dev/urandom >>disk/s/shards/0/*.seg
		mount -o remount,ro disk
		stream-get s | wc -l >count
		stream-ctl list >list
		stream-ctl show s >show
		stream-ctl fsck s >fsck
		timeout 300 stream-get -f -n 100 s >follow
		for command in "stream-put s" "stream-put new" "stream-ctl create new" "stream-ctl sync s" \
			"stream-ctl sync --sync 1s s" "stream-ctl split s 0" "stream-ctl delete s"; do
			status=0
			$command </dev/null >>out 2>>err || status=$?
			echo $status >>statuses
		done'
	[ "$(cat count)" -eq 100 ]
	[ "$(jq -r .stream list)" = s ]
	[ "$(jq .last show)" -eq 99 ]
	[ "$(jq 'select(.kind == "shard").records' fsck)" -eq 100 ]
	[ "$(wc -l <follow)" -eq 100 ]
	[ "$(xargs <statuses)" = "1 1 1 1 1 1 1" ]
	[ "$(grep -c 'Read-only file system$' err)" -eq 7 ]
	[ "$(wc -l <err)" -eq 7 ]
	[ ! -s out ]
}

@test "a full disk: put fails with one line, what was acknowledged stays, and it goes on when there is space" {
	with_mounts '
		counted 1 1000 | stream-put s
		mkfifo in
		# A writer that comes to know while it has the stream open.
		stream-put s <in 2>open.err &
		exec 7>in
		counted 1001 1100 >&7
		until [ "$(stream-get s | wc -l)" -eq 1100 ]; do sleep 0.02; done
		dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null || true
		counted 1101 90000 >&7 || true
		exec 7>&-
		status=0
		wait $! || status=$?
		echo $status >statuses
		counted 1 50000 | stream-put s 2>put.err || echo $? >>statuses
		stream-get s >got
		stream-ctl fsck s >fsck
		# The reserve is for this.
		stream-ctl sync --sync 20ms s
		stream-ctl show s >show
		rm disk/fill
		counted 1 10 | stream-put s
		stream-get s >after
		stream-ctl fsck s >>fsck
		stat -c %s disk/s/reserve >reserve'
	[ "$(xargs <statuses)" = "1 1" ]
	one_line open.err 'cannot write .*No space left on device$'
	one_line put.err 'cannot write .*No space left on device$'
	# Nothing is torn out of the middle; what came before the failure may be there.
	[ "$(wc -l <got)" -ge 1100 ]
	[ "$(head -n 1100 got | jq .n | md5sum)" = "$(seq 1 1100 | md5sum)" ]
	[ "$(jq -r .sync show)" = 20ms ]
	[ "$(wc -l <after)" -eq $(($(wc -l <got) + 10)) ]
	[ "$(jq -s 'map(select(.kind == "fault")) | length' fsck)" -eq 0 ]
	[ "$(cat reserve)" -eq 65536 ]
}

@test "a full disk: nothing of a stream that could not be made is left" {
	with_mounts '
		dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null || true
		status=0
		stream-ctl create --shards 3 s 2>err || status=$?
		[ $status -eq 1 ]
		ls -A disk >left
		rm disk/fill
		stream-ctl create --shards 3 s
		stream-ctl fsck s >fsck'
	one_line err 'No space left on device$'
	[ "$(cat left)" = fill ]
	[ "$(wc -l <fsck)" -eq 3 ]
}

@test "full disks of many sizes: whatever fits is kept, and all of them go on" {
	with_mounts '
		mkdir -p small
		for size in 80 96 112 128 160 200 256 320; do
			mount -t tmpfs -o size=${size}k none small
			export STREAM_HOME=$PWD/small
			kept=0 refused=0
			# The first that is refused may be followed by one that fits.
			while [ $refused -lt 3 ]; do
				status=0
				counted 1 1500 | stream-put s 2>err || status=$?
				case $status in
				0) kept=$((kept + 1)) ;;
				1) refused=$((refused + 1)); grep -q "No space left on device$" err ;;
				*) exit 1 ;;
				esac
				[ $kept -lt 200 ]
			done
			stream-get s >got
			[ "$(wc -l <got)" -ge $((1500 * kept)) ]
			[ -z "$(jq -c "select(.n == null or .n > 1500)" got)" ]
			stream-ctl fsck s >fsck
			mount -o remount,size=2m small
			stream-put s <<<"{\"n\":1501}"
			[ "$(stream-get s | tail -n 1)" = "{\"n\":1501}" ]
			stream-ctl fsck s >fsck
			umount small
			echo $size $kept >>full
		done'
	[ "$(wc -l <full)" -eq 8 ]
	[ "$(awk '{n += $2} END {print n}' full)" -gt 8 ]
}

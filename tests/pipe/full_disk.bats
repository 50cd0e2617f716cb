# A disk that is full under one part of a checkpointed pipeline: one clear line of who could not write, nothing is lost, and with space
# again the same line goes on. Each part has a small disk of its own.

load ../helper
load ../store

teardown() {
	mountpoint -q disk && umount -l disk
	true
}

# small PATH: what lies there, or will, is on a disk of 1 MB from now on.
small() {
	mkdir -p disk
	mount -t tmpfs -o size=1m tmpfs disk 2>/dev/null || skip "no right to mount a tmpfs"
	if [ -e "$1" ]; then mv "$1" disk/it; else mkdir disk/it; fi
	mkdir -p "$(dirname "$1")"
	ln -s "$PWD/disk/it" "$1"
}

fill_up() {
	dd if=/dev/zero of=disk/ballast bs=4k >/dev/null 2>&1 || true
}

# spare KILOBYTES: all but so many are taken.
spare() {
	rm -f disk/ballast
	fill_up
	[ "$1" -eq 0 ] || truncate -s "-${1}k" disk/ballast
}

records() {
	seq "$1" "$2" | awk '{ printf $1 % 10 ? "{\"n\":%d,\"ts\":\"2026-01-01T00:00:00Z\"}\n" : "{\"n\":\"x%d\",\"ts\":\"2026-01-01T00:00:00Z\"}\n", $1 }'
}

# The line whose parts write: a source with positions, a stage with a snapshot and side files, an end.
line() {
	pipe "stream-get -g g s 2>err.1 | stream-uniq --bad rejects/bad -k 'n + 1' --within 1m -t ts 2>err.2 | $1 2>err.3"
}

# full WHO: it failed for want of space, in one of the parts of these numbers, with one line; who stood behind it says that it has lost
# its input, the others nothing.
full() {
	local part
	cat err.? >all
	for part in 1 2 3; do
		sed -i '/ended without END/d' "err.$part"
	done
	cat err.? >left
	one_line left "No space left on device|disk is full" && grep -qlE . $(printf 'err.%s ' $(grep -o . <<<"$1")) || {
		cat all
		return 1
	}
	[ "$PIPE" != "0 0 0" ]
}

# rounds WHO PATH LINE RESULT: with the disk at PATH full to several degrees; in the end RESULT prints all.
rounds() {
	local who=$1 path=$2 line=$3 room refused=0 i=0
	mkdir -p rejects
	records 1 1000 | stream-put s
	line "$line"
	[ "$PIPE" = "0 0 0" ] || { head err.*; return 1; }
	small "$path"
	for room in 0 4 8 12 16 24 40; do
		i=$((i + 1))
		records $((i * 1000 + 1)) $((i * 1000 + 1000)) | stream-put s
		spare $room
		line "$line"
		if [ "$PIPE" != "0 0 0" ]; then
			full "$who"
			refused=$((refused + 1))
		fi
		rm disk/ballast
		if [ $((i % 2)) -eq 0 ]; then
			line "$line"
			[ "$PIPE" = "0 0 0" ] || { head err.*; return 1; }
		fi
	done
	line "$line"
	[ "$PIPE" = "0 0 0" ] || { head err.*; return 1; }
	[ "$refused" -gt 0 ]
	jq -r .record.n rejects/bad | tr -d x >rejected
	same rejected <(seq 1 8000 | grep '0$')
}

numbers() {
	jq .n | sort -n >got
	same got <(seq 1 8000 | grep -v '0$')
}

@test "the disk is full under the source's positions" {
	# The stage and the end write there, too.
	rounds 123 "$STREAM_HOME/s/groups/g/0" "stream-put out"
	stream-get out | numbers
}

@test "the disk is full under the snapshots of a stage" {
	mkdir -p rejects
	records 1 1000 | stream-put s
	line "stream-put out"
	small "$(echo "$STREAM_HOME"/s/groups/g/0/state/*/2)"
	local room refused=0 i=0
	for room in 0 4 16 60; do
		i=$((i + 1))
		records $((i * 1000 + 1)) $((i * 1000 + 1000)) | stream-put s
		spare $room
		line "stream-put out"
		if [ "$PIPE" != "0 0 0" ]; then
			full 2
			refused=$((refused + 1))
		fi
		rm disk/ballast
		line "stream-put out"
		[ "$PIPE" = "0 0 0" ] || { head err.*; return 1; }
	done
	[ "$refused" -gt 0 ]
	records 5001 8000 | stream-put s
	line "stream-put out"
	jq -r .record.n rejects/bad | tr -d x >rejected
	same rejected <(seq 1 8000 | grep '0$')
	stream-get out | numbers
}

@test "the disk is full under a side file" {
	rounds 2 rejects "stream-put out"
	stream-get out | numbers
}

@test "the disk is full under the end: a stream" {
	rounds 3 "$STREAM_HOME/out" "stream-put out"
	stream-get out | numbers
}

@test "the disk is full under the end: files" {
	rounds 3 lake "stream-sink dir:lake"
	cat lake/*.json | numbers
}

@test "the disk is full under the end: a database" {
	mkdir base
	rounds 3 base "stream-sink 'sqlite:base/d.db?table=t'"
	sqlite3 base/d.db "SELECT json_object('n', n) FROM t" | numbers
}

@test "the disk is full under the end: text, at least once" {
	mkdir text
	rounds 3 text "stream-cat -o json >>text/out"
	# A line that was cut short by the full disk is followed by its whole self in the next run.
	grep -a '^{"n":[0-9]*,"ts":"[^"]*"}$' text/out | jq -c . | sort -u | numbers
}

# shellcheck shell=bash
# get → map → put, into a stream that is split, merged, compacted and written by others meanwhile
prepare() { stream-ctl create --shards 2 in && stream-ctl create --shards 2 out; }
feed() {
	stream-gen orders -n $((SMALL ? 40 : 800)) --seed "$1" | stream-map "portion = $1" | stream-put -k customer in
	case $1 in
	2) stream-ctl split out 0 ;;
	4) stream-ctl split out 1 ;;
	6) stream-ctl merge out 2 3 ;;
	8 | 11) stream-ctl scale out $(($1 - 5)) ;;
	esac || return 1
	echo "{\"customer\":\"other\",\"portion\":$1}" | stream-put -k customer out
	stream-ctl compact out >compacted
}
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-map 'double = quantity * 2' | stream-put -k customer out
}
result() { stream-ctl fsck out >faults && jq -c 'select(.kind != "shard")' faults && stream-get out -o json | sort; }

# shellcheck shell=bash
# get → map → put, of so many records that commits become segments of the stream (its segments are 1 MB)
prepare() {
	stream-ctl create in
	stream-ctl create --shards 2 --max-size 32M out
}
feed() { stream-gen weblog -n $((SMALL ? 2000 : 12000)) --seed "$1" | stream-map "portion = $1" | stream-put in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-map --keep portion,path,bytes,ip | stream-put -k ip out
}
# The records of a key are in order, those of two shards in none.
result() {
	stream-ctl fsck out >faults || return 1
	stream-get out -o json | sort -s -t '"' -k 4,4
}

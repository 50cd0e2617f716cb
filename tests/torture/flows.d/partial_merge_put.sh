# shellcheck shell=bash
# get → window → shard of agg --partial → agg --merge → put
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen weblog -n 2000 --seed 13 | stream-map "portion = $1" "ts = ts + $1 * 20s" | stream-put -k ip in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-window hop 20s 7s -t ts |
		stream-shard -k path -n 2 -- stream-agg --partial -b method count 'sum(bytes)' 'p50(rt)' |
		stream-agg --merge -b method count 'sum(bytes)' 'p50(rt)' | stream-put out
}
result() { stream-get out -o json | sort; }

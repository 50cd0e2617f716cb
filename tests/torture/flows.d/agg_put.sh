# shellcheck shell=bash
# get → window → shard of agg → put
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen weblog -n $((SMALL ? 200 : 2000)) --seed 7 | stream-map "ts = ts + $1 * 20s" | stream-put -k ip in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-window 5s -t ts |
		stream-shard -k path -n 2 -- stream-agg -b path count 'avg(rt)' | stream-put -k path out
}
result() { stream-get out -o json; }

# shellcheck shell=bash
# get → window → agg of sessions → put
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen weblog -n 1000 --seed 11 | stream-map "portion = $1" "ts = ts + $1 * 20s" | stream-put -k ip in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-window session 2s -b ip -t ts |
		stream-agg -b ip count 'max(bytes)' 'p50(rt)' | stream-map 'long = count > 2' | stream-put -k ip out
}
result() { stream-get out -o json | sort; }

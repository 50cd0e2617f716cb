# shellcheck shell=bash
# get → window → agg, most of whose groups are on disk → put
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen weblog -n 2000 --seed 9 | stream-map "portion = $1" "ts = ts + $1 * 20s" | stream-put -k ip in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-window hop 20s 7s -t ts |
		stream-agg --limit 256k -b ip,path count 'sum(bytes)' 'last(status)' 'collect(status)' | stream-put -k ip out
}
result() { stream-get out -o json | sort; }

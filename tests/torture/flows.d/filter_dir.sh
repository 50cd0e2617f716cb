# shellcheck shell=bash
# get → filter → files by customer's first letters
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen orders -n $((SMALL ? 30 : 400)) --seed "$1" | stream-map "portion = $1" | stream-put -k customer in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-filter 'quantity > 2' | stream-sink --every 40ms 'dir:out/{product}?format=json'
}
result() { find out -name '*.json' ! -name '.*' -exec cat {} + | sort; }

# shellcheck shell=bash
# two groups → join → files
prepare() { stream-ctl create left && stream-ctl create right; }
feed() {
	stream-gen orders -n $((SMALL ? 50 : 500)) --seed "$1" | stream-map "id = \`order\` + $1 * 100000" "ts = ts + $1 * 1h" --keep id,ts,customer | stream-put -k id left
	stream-gen orders -n $((SMALL ? 50 : 500)) --seed "$1" | stream-map "id = \`order\` + $1 * 100000" "ts = ts + $1 * 1h" --keep id,ts,price | stream-put -k id right
}
line() {
	stream-join -t ts -k id --within 1m <(stream-get -g g --checkpoint "$CHECKPOINT" "$@" left) <(stream-get -g g --checkpoint "$CHECKPOINT" "$@" right) |
		stream-sink --every 50ms 'dir:out/{customer}?format=json'
}
result() { find out -name '*.json' -exec cat {} + | sort; }

# shellcheck shell=bash
# get → window, which keeps the late → copies of a filter, which keep what they reject → put: the side files are results, too
prepare() { stream-ctl create in; }
feed() { stream-gen weblog -n $((SMALL ? 100 : 1000)) --seed "$1" | stream-map "portion = $1" | stream-put in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-window 10s -t ts --delay 1s --late late |
		stream-shard -k ip -n 2 -- stream-filter --bad bad '1 / (status - 404) < 1' | stream-put out
}
result() {
	stream-get out -o json | sort
	# When a record arrived, and where it fell without a key, is of this run alone.
	cat late bad.0 bad.1 | jq -c 'del(.. | objects | ."@arrived", ."@hash")'
}

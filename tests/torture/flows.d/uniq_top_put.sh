# shellcheck shell=bash
# get → uniq → window → top → put
prepare() { stream-ctl create in; }
feed() { stream-gen weblog -n $((SMALL ? 200 : 2000)) --seed 3 | stream-map "ts = ts + $1 * 20s" | stream-put in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-uniq -t ts -k ip,path --within 10s | stream-window 5s -t ts |
		stream-top -n 5 -k bytes | stream-put out
}
result() { stream-get out -o json; }

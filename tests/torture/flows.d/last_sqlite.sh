# shellcheck shell=bash
# get → window → the last of each window → SQLite; and all that were never seen → filter
prepare() { stream-ctl create in; }
feed() { stream-gen weblog -n 1500 --seed 13 | stream-map "ts = ts + $1 * 20s" "portion = $1" | stream-put in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-uniq -k ip,path | stream-window 2s -t ts | stream-uniq --last -k status |
		stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY rowid'; }

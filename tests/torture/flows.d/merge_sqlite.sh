# shellcheck shell=bash
# two groups → merge → SQLite, in the order of event time
prepare() { stream-ctl create left && stream-ctl create right; }
feed() {
	stream-gen weblog -n 700 --seed 17 | stream-map "ts = ts + $1 * 20s" 'side = "left"' | stream-put left
	stream-gen weblog -n 900 --seed 19 | stream-map "ts = ts + $1 * 20s" 'side = "right"' | stream-put right
}
line() {
	stream-merge -t ts <(stream-get -g g --checkpoint "$CHECKPOINT" "$@" left) <(stream-get -g g --checkpoint "$CHECKPOINT" "$@" right) |
		stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY rowid'; }

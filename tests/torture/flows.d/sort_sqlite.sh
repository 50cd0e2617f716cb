# shellcheck shell=bash
# get → window → sort, through disk → SQLite, in the order in which they came out
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen weblog -n 1000 --seed 11 | stream-map "ts = ts + $1 * 20s" | stream-put -k ip in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-window hop 10s 5s -t ts | stream-sort --limit 64K -k bytes:desc,ip,path,rt |
		stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY rowid'; }

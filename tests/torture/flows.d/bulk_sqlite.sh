# shellcheck shell=bash
# get → map → SQLite, of so many records that they are written before the checkpoint
prepare() { stream-ctl create in; }
feed() { stream-gen weblog -n $((SMALL ? 9000 : 20000)) --seed "$1" | stream-map "portion = $1" --keep portion,path,bytes | stream-put in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-map 'kb = bytes // 1024' | stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY rowid'; }

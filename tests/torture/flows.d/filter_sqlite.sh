# shellcheck shell=bash
# get → filter → map → SQLite
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen orders -n $((SMALL ? 40 : 400)) --seed "$1" | stream-map "portion = $1" | stream-put -k customer in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-filter 'quantity > 2' | stream-map 'total = quantity * price' |
		stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY portion, "order", product, quantity, total'; }

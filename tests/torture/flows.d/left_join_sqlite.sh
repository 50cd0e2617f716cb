# shellcheck shell=bash
# two groups → join, with those that find no partner → SQLite
prepare() { stream-ctl create left && stream-ctl create right; }
feed() {
	stream-gen orders -n 400 --seed "$1" | stream-map "id = \`order\` + $1 * 100000" "ts = ts + $1 * 1h" --keep id,ts,customer | stream-put -k id left
	stream-gen orders -n 400 --seed "$1" | stream-filter 'quantity > 1' |
		stream-map "id = \`order\` + $1 * 100000" "ts = ts + $1 * 1h + 1s" --keep id,ts,price | stream-put -k id right
}
line() {
	stream-join --left -t ts -k id --within 5m <(stream-get -g g --checkpoint "$CHECKPOINT" "$@" right) <(stream-get -g g --checkpoint "$CHECKPOINT" "$@" left) |
		stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY id, price'; }

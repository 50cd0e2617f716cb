# shellcheck shell=bash
# get → window → agg → SQLite
prepare() { stream-ctl create --shards 2 in; }
feed() { stream-gen weblog -n $((SMALL ? 200 : 3000)) --seed 5 | stream-map "portion = $1" "ts = ts + $1 * 30s" | stream-put -k ip in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-window 5s -t ts | stream-agg -b status count 'sum(bytes)' 'p99(rt)' 'distinct(ip)' |
		stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY window_start, status'; }

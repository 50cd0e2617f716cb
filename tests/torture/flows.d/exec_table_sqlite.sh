# shellcheck shell=bash
# get → join with a table → a command, several batches at once → SQLite
prepare() {
	stream-ctl create in
	printf '{"status":%s,"name":"%s"}\n' 200 fine 304 'not modified' 404 nowhere >names.json
}
feed() { stream-gen weblog -n 600 --seed 23 | stream-map "portion = $1" | stream-put in; }
line() {
	stream-get -g g --checkpoint "$CHECKPOINT" "$@" in | stream-join --left -k status names.json |
		stream-exec -n 50 -P 2 -- grep -v '"bytes":0,' | stream-sink 'sqlite:out.db?table=t'
}
result() { sqlite3 out.db 'SELECT * FROM t ORDER BY rowid'; }

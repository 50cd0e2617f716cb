# shellcheck shell=bash
# a log file that is renamed now and then → parse → put
prepare() { : >log; }
feed() {
	local i n=$((SMALL ? 30 : 400))
	for ((i = $1 * 1000; i < $1 * 1000 + n; i++)); do
		echo "10.0.0.$((i % 250)) - - [23/Nov/2026:10:00:$(printf %02d $((i % 60))) +0000] \"GET /p/$i HTTP/1.1\" 200 $i"
	done >>log
	# A new one, as logrotate makes it.
	case $1 in 3 | 6 | 9) mv log "log.$1" && : >log ;; esac
}
line() {
	local options=() once=--once option
	for option; do
		case $option in -f) once= ;; --steal) options+=("$option") ;; esac
	done
	stream-tail -g g --checkpoint "$CHECKPOINT" $once "${options[@]}" log | stream-parse common | stream-put -k client out
}
result() { stream-get out -o json; }

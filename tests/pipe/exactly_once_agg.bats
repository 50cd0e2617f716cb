# Windows and aggregates in a checkpointed pipeline: state goes on from run to run, nothing closes but by the watermark, and what is killed
# and run again comes to what was never disturbed. Longer storms are in tests/torture/flows.

load ../helper
load ../store

# Events of three kinds in batches of one key; a second each, from FROM to TO.
events() {
	seq "$1" "$2" | awk '{ printf "{\"n\":%d,\"@time\":\"2026-03-01T%02d:%02d:%02dZ\",\"k\":%s,\"x\":%d.%d}\n", $1, \
		$1 / 3600, $1 / 60 % 60, $1 % 60, ($1 % 3 ? $1 % 3 == 1 ? "1" : "\"1\"" : "null"), $1 * 37 % 101, $1 % 10 }'
}

fill() {
	events "$1" "$2" | stream-put -k n s
}

windowed() {
	pipe "stream-get -g g $1 s | stream-window 10s ${2-} | stream-agg -b k count 'sum(x)' 'first(n)' | stream-cat -o json >>out 2>err"
	[ "$PIPE" = "0 0 0 0" ]
}

@test "an open window goes on in the next run; what the watermark has not closed stays" {
	fill 1 33
	windowed "" # closes up to 33 - 5 seconds: two windows
	[ "$(jq -r .window_start out | sort -u | wc -l)" -eq 2 ]
	fill 34 57
	windowed ""
	[ "$(jq -r .window_start out | sort -u | wc -l)" -eq 5 ]
	events 1 57 | stream-window 10s | stream-agg -b k count 'sum(x)' 'first(n)' -o json >all
	grep -v '"window_start":"2026-03-01T00:00:50Z"' all >want
	same out want
}

@test "--drain closes all, and the run after it goes on behind it: late is what was closed" {
	fill 1 33
	windowed --drain
	events 1 33 | stream-window 10s | stream-agg -b k count 'sum(x)' 'first(n)' -o json >want
	same out want
	fill 34 57 # six of them are of the window that was closed at 33 seconds
	pipe "stream-get -g g --drain s | stream-window 10s --late late | stream-agg -b k count 'sum(x)' 'first(n)' | stream-cat -o json >>out 2>err"
	[ "${PIPE##* }" = 2 ] # --late was not there before: another pipeline
	pipe "stream-get -g g --drain s | stream-window 10s 2>said | stream-agg -b k count 'sum(x)' 'first(n)' | stream-cat -o json >>out"
	[ "$(wc -l <want)" -lt "$(wc -l <out)" ]
	[ "$(jq -s 'map(.count) | add' out)" -eq $((57 - 6)) ]
	[ "$(jq -r .window_start out | sort | uniq -c | awk '{ print $1 }' | sort -u)" = 3 ]
}

@test "late records in a file: once each, also over --drain" {
	fill 1 39
	windowed --drain '--late late'
	fill 35 45
	windowed --drain '--late late'
	[ "$(jq .n late | tr '\n' ' ')" = "35 36 37 38 39 " ]
	fill 46 50
	windowed --drain '--late late'
	[ "$(wc -l <late)" -eq 9 ] # 46 to 49 are of the window that --drain closed
	[ "$(jq -s 'map(.count) | add' out)" -eq $((39 + 6 + 1)) ]
}

@test "sessions, counts and totals without a window go on in the next run" {
	line() {
		pipe "stream-get -g $1 $2 s | $3 | stream-cat -o json >>$1.out 2>err"
		[[ "$PIPE" =~ ^(0 )+0$ ]]
	}
	local session="stream-window session 3s -b k | stream-agg -b k count 'collect(n)' 'min(n)'"
	local count="stream-window count 7 -b k | stream-agg -b k count 'sum(x)'"
	local total="stream-agg -b k count 'sum(x)' 'top(x, 3)' 'distinct(n)'"
	local from
	for from in 1 18 35; do
		fill $from $((from + 16))
		line sessions "" "$session"
		line counts "" "$count"
		line totals "" "$total"
	done
	[ ! -s totals.out ] # a total has its end only with --drain
	line totals --drain "$total"
	line sessions --drain "$session"
	events 1 51 | bash -c "$total -o json" >want
	same totals.out want
	events 1 51 | bash -c "$count -o json" | sort >want
	sort counts.out >got
	same got want
	events 1 51 | bash -c "$session -o json" | sort >want
	sort sessions.out >got
	same got want
	line totals --drain "$total"
	[ "$(wc -l <totals.out)" -eq 6 ] # and once more, so far the same
}

# kill_one SESSION: SIGKILL to a random member of the pipeline that runs in it; fails if there is none.
kill_one() {
	local all
	mapfile -t all < <(ps -o pid=,stat=,comm= -s "$1" | awk '$2 !~ /^Z/ && $3 ~ /^stream-/ { print $1 }')
	[ ${#all[@]} -gt 0 ] && kill -9 "${all[RANDOM % ${#all[@]}]}" 2>/dev/null
}

@test "a pipeline of windows, killed at any place and run again, comes to what was never disturbed" {
	local i session killed=0 spec agg="stream-agg -b k,n count 'sum(x)' 'p50(x)' 'distinct(n)' 'collect(n)' 'last(x)'"
	for spec in 10s 'hop 20s 7s --lateness 2s' 'session 4s -b k'; do
		rm -rf "$STREAM_HOME"
		local limit=''
		[ "$spec" = 10s ] && limit='--limit 16k'
		local line="stream-window $spec | $agg $limit | stream-put out"
		for ((i = 0; i < 8; i++)); do
			fill $((i * 40 + 1)) $((i * 40 + 40))
			setsid bash -c "stream-get -f -g g --checkpoint 10ms s | $line" 2>>err &
			session=$!
			sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
			kill_one $session && killed=$((killed + 1))
			sleep 0.03
			kill_one $session || true
			ps -o pid= -s $session | xargs -r kill -9 2>/dev/null || true
			wait $session || true
		done
		pipe "stream-get -g g --drain s | $line"
		[ "$PIPE" = "0 0 0 0" ]
		# Corrections come when they come: the last result of a window and group counts.
		stream-get out -o json | jq -cs 'group_by([.window_start, .window_end, .k, .n]) | .[] | last' >got
		events 1 320 | bash -c "stream-window $spec | $agg -o json" |
			jq -cs 'group_by([.window_start, .window_end, .k, .n]) | .[] | last' >want
		[ -s want ]
		same got want
	done
	[ $killed -ge 20 ]
}

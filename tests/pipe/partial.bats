load ../helper

# Random records with a seed: keys of several types, decimals, doubles, great numbers, nulls and absent fields, times out of order
# and no two of them the same (of equal ones the order is that of arrival, which parts do not have).
random_records() {
	awk -v seed="$1" -v n="${2:-1500}" 'BEGIN {
		srand(seed)
		for (i = 1; i <= n; i++) {
			t = int(rand() * 900000)
			printf "{\"t\":\"2026-03-01T10:%02d:%02d.%03d%06dZ\",\"i\":%d", int(t / 60000), int(t / 1000) % 60, t % 1000, i, i
			k = int(rand() * 12)
			if (k < 8) printf ",\"k\":\"k%d\"", k
			else if (k == 8) printf ",\"k\":null"
			else if (k == 9) printf ",\"k\":%d", int(rand() * 3)
			if (rand() < 0.9) {
				x = int(rand() * 7)
				if (x == 0) printf ",\"x\":%d", int(rand() * 1000) - 300
				else if (x == 1) printf ",\"x\":%d.%02d", int(rand() * 50), int(rand() * 100)
				else if (x == 2) printf ",\"x\":-%d.%d", int(rand() * 50), int(rand() * 10)
				else if (x == 3) printf ",\"x\":%.15ge%d", rand(), int(rand() * 40) - 20
				else if (x == 4) printf ",\"x\":9007199254740993%03d", int(rand() * 1000)
				else if (x == 5) printf ",\"x\":null"
				else printf ",\"x\":0"
			}
			printf ",\"s\":\"%s\"}\n", substr("abcdefghij", 1 + int(rand() * 8), 1 + int(rand() * 3))
		}
	}'
}

# parts FILE N: part.0 ... part.N-1, each line to one of them by chance.
parts() {
	rm -f part.*
	awk -v n="$2" 'BEGIN { srand(n) } { print >"part." int(rand() * n) }' "$1"
}

calls=(count 'count(x)' 'sum(x)' 'avg(x)' 'min(x)' 'max(x)' 'first(s)' 'last(x)' 'var(x)' 'stddev(x)' 'p50(x)' 'p99(x)'
	'distinct(s)' 'top(s, 3)' rate 'rate(x)' 'collect(i)')

@test "parts aggregated apart and merged are one aggregation, whatever the split, as frames and as text" {
	local seed n file
	# first, last and collect go by @time, and by arrival where that is missing: then parts have no order.
	for seed in $(few 1 2); do
		random_records "$seed" | stream-map '@time = time(t)' -o frames >in.frames
		stream-cat --meta -o json in.frames >in.json
		stream-agg -b k "${calls[@]}" in.frames >want
		stream-agg "${calls[@]}" 'values = p95(x)' --exact in.frames >want.exact
		for n in 1 2 7; do
			parts in.json "$n"
			for file in part.*; do
				stream-agg --partial -b k "${calls[@]}" -o frames "$file" >"$file.frames"
				stream-agg --partial -b k "${calls[@]}" -o json "$file" >"$file.json"
				stream-agg --partial "${calls[@]}" 'values = p95(x)' --exact -o csv "$file" >"$file.csv"
			done
			stream-agg --merge -b k "${calls[@]}" part.*.frames >got
			same got want
			cat part.*.json | shuf --random-source=in.json | stream-agg --merge -b k "${calls[@]}" >got
			same got want
			stream-agg --merge "${calls[@]}" 'values = p95(x)' --exact part.*.csv >got
			same got want.exact
			# In two steps: what was merged is partial again.
			stream-agg --merge --partial -b k "${calls[@]}" part.*.frames | stream-agg --merge -b k "${calls[@]}" >got
			same got want
		done
	done
}

@test "all kinds of windows: split by chance, or by the key of sessions and counts" {
	local seed spec key
	for seed in $(few 3 4); do
		random_records "$seed" 800 >in.json
		while read -r spec; do
			stream-window $spec -t t in.json | stream-agg -b k "${calls[@]}" >want
			[ -s want ]
			for key in i s k; do
				# A count window is of records as they come: they must be in one part.
				case $spec in count*) [ $key = k ] || continue ;; esac
				pipe "stream-window $spec -t t in.json |
					stream-shard -k $key -n 3 -- stream-agg --partial -b k $(printf '%q ' "${calls[@]}") |
					stream-agg --merge -b k $(printf '%q ' "${calls[@]}") >got"
				[ "$PIPE" = "0 0 0" ]
				case $spec in count*) # these come as they are full, in each copy
					sort got >got.sorted
					sort want >want.sorted
					same got.sorted want.sorted
					continue
					;;
				esac
				same got want
			done
			case $spec in count*) continue ;; esac
			parts in.json 3
			for file in part.?; do
				stream-window $spec -t t "$file" | stream-agg --partial -b k "${calls[@]}" -o json >"$file.json"
				stream-window $spec -t t "$file" | stream-agg --partial -b k "${calls[@]}" -o frames >"$file.frames"
			done
			cat part.?.json | stream-agg --merge -b k "${calls[@]}" >got
			same got want
			cat part.?.frames | stream-agg --merge -b k "${calls[@]}" >got
			same got want
		done <<-'EOF'
			1m
			7s --offset 3s
			hop 2m 30s
			hop 100s 30s
			cumulate 5m 1m
			session 5s -b k
			session 700ms
			session 2s -b s,k
			count 7 -b k
		EOF
	done
}

# bats test_tags=plain
@test "live: windows of partial results close as time passes, and are those of one process" {
	stream-gen weblog -n 30000 -o json >in.json
	local a="-b method count 'sum(bytes)' 'distinct(ip)' 'p99(rt)' 'max(path)'" spec
	# Text out of a pipe has no known end, so that nothing waits for it.
	for spec in 'session 10s -b ip' 'session 50ms' 1s 'hop 5s 1s' 'cumulate 10s 2s'; do
		pipe "cat in.json | stream-window $spec --delay 5s -t ts | stream-agg $a >want"
		pipe "cat in.json | stream-window $spec --delay 5s -t ts | stream-shard -k path -n 3 -- stream-agg --partial $a | stream-agg --merge $a >got"
		[ "$PIPE" = "0 0 0 0" ]
		[ "$(wc -l <want)" -gt 5 ]
		same got want
	done
	# And they come before the end.
	(cat in.json; wait_for filled live) | stream-window 'session 10s' -b ip --delay 5s -t ts |
		stream-shard -k path -n 3 -- stream-agg --partial -b method count | stream-agg --merge -b method count >live
	filled live
}

@test "beyond what is exact: sketches, registers and frequent values of parts are those of the whole" {
	stream-gen weblog -n 60000 --seed 5 -o json >in.json
	local a=(-b method 'p50(bytes)' 'p999(bytes)' 'distinct(ip)' 'distinct(ua)' 'top(path, 20)' 'p5(rt)')
	stream-agg "${a[@]}" in.json >want
	parts in.json 3
	for file in part.?; do stream-agg --partial "${a[@]}" "$file" -o json >"$file.json"; done
	cat part.?.json | stream-agg --merge "${a[@]}" >got
	same got want
}

@test "through a store: partials put as they come, from several writers, and merged whenever they are read" {
	random_records 6 600 >in.json
	stream-window hop 2m 1m -t t in.json | stream-agg -b k count 'avg(x)' 'p90(x)' >want
	parts in.json 3
	for file in part.?; do
		stream-window hop 2m 1m -t t "$file" | stream-agg --partial -b k count 'avg(x)' 'p90(x)' | stream-put partials
	done
	stream-get partials | stream-agg --merge -b k count 'avg(x)' 'p90(x)' >got
	same got want
	# Live: stream-window of the same SPEC tells when windows close.
	started get stream-get -f partials |
		stream-window hop 2m 1m --delay 20m | stream-agg --merge -b k count 'avg(x)' 'p90(x)' >live 3>&- &
	echo '{"t":"2026-03-01T13:00:00Z","k":1,"x":1}' | stream-window hop 2m 1m -t t |
		stream-agg --partial -b k count 'avg(x)' 'p90(x)' | stream-put partials
	wait_for eval '[ "$(wc -l <live)" -ge "$(wc -l <want)" ]'
	kill "$(cat get.pid)"
	wait
	head -n "$(wc -l <want)" live >got
	same got want
}

@test "updates and corrections add up" {
	(random_records 7 400 | stream-map '@time = time(t)' -o frames; sleep 0.3; random_records 8 400 |
		stream-map '@time = time(t)' -o frames) |
		tee all.frames | stream-agg --partial --every 100ms -b k count 'sum(x)' 'p50(x)' 'collect(i)' -o json >partials
	[ "$(wc -l <partials)" -gt 13 ]
	stream-agg -b k count 'sum(x)' 'p50(x)' 'collect(i)' all.frames >want
	stream-agg --merge -b k count 'sum(x)' 'p50(x)' 'collect(i)' partials >got
	same got want
	# A window that is corrected after it closed: its partial results are the changes.
	printf '{"t":%d,"x":%d}\n' 1000 1 1070 2 1010 4 1130 8 1011 16 1072 32 1200 64 >in.json
	for rows in 1 2 7; do
		STREAM_TEST_ROWS=$rows stream-window 1m -t t --delay 0s --lateness 1h in.json | stream-agg --partial count 'sum(x)' -o json >partials
		stream-agg --merge count 'sum(x)' partials >got
		stream-window 1m -t t in.json | stream-agg count 'sum(x)' >want
		same got want
	done
}

@test "what can't be merged is refused, and the difference is named" {
	random_records 9 50 >in.json
	stream-agg --partial -b k count 'sum(x)' in.json -o json >p.json
	says 2 'they have `sum\(x\)` where this has `p\(x\)`; give --partial and --merge the same aggregates$' \
		stream-agg --merge -b k count 'p99(x)' p.json
	says 2 'they have nothing where this has `max\(x\)`' stream-agg --merge -b k count 'sum(x)' 'max(x)' p.json
	says 2 'they have `sum\(x\)` where this has nothing' stream-agg --merge -b k count p.json
	says 2 'they have `k` where this has `-b s`; give --partial and --merge the same -b$' \
		stream-agg -q --merge -b s count 'sum(x)' p.json
	stream-agg --partial 'p50(x)' in.json >q.json
	says 2 'they have `p\(x\)` where this has `values\(x\)`.*--exact' stream-agg --merge --exact 'p50(x)' q.json
	sed 's/"version":1/"version":2/' p.json >v2.json
	says 2 'version 2, and this stream-agg merges version 1' stream-agg --merge -b k count 'sum(x)' v2.json
	stream-window 1m -t t in.json | stream-agg --partial count -o json >w1.json
	stream-window 2m -t t in.json | stream-agg --partial count -o json >w2.json
	stream-agg --partial count in.json -o json >w0.json
	cat w1.json w2.json >w12.json
	cat w1.json w0.json >w10.json
	says 2 'different windows can.t be merged: `tumble 2m`, and `tumble 1m` before' stream-agg --merge count w12.json
	says 2 'different windows can.t be merged: `none`, and `tumble 1m` before' stream-agg --merge count w10.json
	says 2 'fields of their own called partial and state' stream-agg --partial -b state count in.json
	# avg is made of what sum leaves.
	stream-agg --merge -b k count 'avg(x)' p.json >got
	stream-agg -b k count 'avg(x)' in.json >want
	same got want
}

@test "a damaged partial result is a reject, and touches nothing" {
	random_records 10 300 >in.json
	stream-agg --partial -b k count 'sum(x)' 'collect(s)' in.json -o json >p.json
	sed '3s/"state":"AQ/"state":"AR/; 5s/"state":"\(....\)..../"state":"\1AAAA/; 7s/,"state":.*/}/' p.json >bad.json
	sed '3d; 5d; 7d' p.json >rest.json
	stream-agg --merge -b k count 'sum(x)' 'collect(s)' rest.json >want
	stream-agg --merge -b k count 'sum(x)' 'collect(s)' --bad bad.out bad.json >got
	same got want
	[ "$(wc -l <bad.out)" -eq 3 ]
	[ "$(grep -c 'does not fit its checksum' bad.out)" -eq 3 ]
}

@test "count windows that were complete as partial results can be passed on as such" {
	random_records 4 60 >in.json
	stream-window count 5 -b k -t t in.json | stream-agg -b k count 'sum(x)' -o json | sort >want
	stream-window count 5 -b k -t t in.json | stream-agg --partial -b k count 'sum(x)' |
		stream-agg --merge --partial -b k count 'sum(x)' | stream-agg --merge -b k count 'sum(x)' -o json | sort >got
	[ -s want ]
	same got want
}

# bats file_tags=plain
load ../helper

# Answers about real data, against exact ones by sort, awk and SQLite.

log=$data/access/blog_access_part1.log

# exact_quantile Q FILE: the value of rank ceil(Q n) of the numbers of FILE, one a line.
exact_quantile() {
	sort -g "$2" | awk -v q="$1" '{ v[NR] = $1 } END { r = q * NR; r = r == int(r) ? r : int(r) + 1; print v[r < 1 ? 1 : r] }'
}

# near GOT WANT PERCENT
near() {
	awk -v got="$1" -v want="$2" -v p="$3" 'BEGIN { d = got - want; d = d < 0 ? -d : d; w = want < 0 ? -want : want; exit d > w * p / 100 }' || {
		echo "$1 is not within $3 % of $2"
		return 1
	}
}

# check_quantiles FIELD FILE [COMMAND]: of a field of records, sketched and --exact.
check_quantiles() {
	local q got
	stream-cat "$2" | stream-filter "\`$1\` != null" | stream-map "v = \`$1\`" --keep v | stream-cat -o csv | sed 1d >numbers
	[ "$(wc -l <numbers)" -gt 1000 ]
	for q in 0.01 0.1 0.25 0.5 0.9 0.99 0.999; do
		exact_quantile $q numbers >want
		got=$(stream-agg "v = quantile(\`$1\`, $q)" -o csv "$2" | tail -n 1)
		near "$got" "$(cat want)" 0.5
		got=$(stream-agg --exact "v = quantile(\`$1\`, $q)" -o csv "$2" | tail -n 1)
		near "$got" "$(cat want)" 0
	done
}

# check_distinct FIELD FILE
check_distinct() {
	stream-filter "\`$1\` != null" "$2" | stream-map "v = \`$1\`" --keep v -o json | sort -u | wc -l >want
	near "$(stream-agg "v = distinct(\`$1\`)" -o csv "$2" | tail -n 1)" "$(cat want)" 1.2
}

@test "quantiles of real numbers are within half a percent, and --exact ones are exact" {
	needs_data access csv
	stream-parse combined --bad bad -o frames "$log" >log.frames
	check_quantiles bytes log.frames
	check_quantiles total "$data/csv/taxis.csv"
	check_quantiles tip "$data/csv/taxis.csv"
	check_quantiles value "$data/csv/machine_temperature.csv"
	check_quantiles value "$data/csv/nyc_taxi_30min.csv"
	check_quantiles longitude "$data/csv/usgs_earthquakes.csv"
}

@test "distinct counts of real values are within 1.2 percent, and exact while they are few" {
	needs_data access csv loghub
	stream-parse combined --bad bad -o frames "$log" >log.frames
	for field in client path agent referer time; do check_distinct $field log.frames; done
	check_distinct pickup "$data/csv/taxis.csv"
	check_distinct place "$data/csv/usgs_earthquakes.csv"
	for file in "$data"/loghub/*/*_structured.csv; do
		check_distinct Content "$file"
		check_distinct EventId "$file"
		[ "$(stream-agg 'distinct(EventId)' -o csv "$file" | tail -n 1)" = "$(cat want)" ]
	done
}

@test "groups of the access log: counts, sums and averages as by SQLite" {
	needs_data access
	command -v sqlite3 >/dev/null || skip "sqlite3 is not there"
	stream-parse combined --bad bad -o frames "$log" >log.frames
	stream-sink 'sqlite:log.db?table=log' log.frames
	stream-filter 'client != null' log.frames |
		stream-agg -b client count 'sum(bytes)' 'min(bytes)' 'max(bytes)' 'count(bytes)' 'd = distinct(method)' -o csv | sed 1d | LC_ALL=C sort >got
	sqlite3 -csv log.db 'select client, count(*), coalesce(sum(bytes), 0), min(bytes), max(bytes), count(bytes),
		count(distinct method) from log where client is not null group by client' | tr -d '\r' | LC_ALL=C sort >want
	[ "$(wc -l <want)" -gt 1000 ]
	same got want
	# Cut in four by the path, merged, and with less memory than it wants.
	stream-filter 'client != null' log.frames |
		stream-shard -k path -n 4 -- "stream-agg --partial -b client count 'sum(bytes)' 'min(bytes)' 'max(bytes)' 'count(bytes)' 'd = distinct(method)'" |
		stream-agg --merge --limit 300K -b client count 'sum(bytes)' 'min(bytes)' 'max(bytes)' 'count(bytes)' 'd = distinct(method)' -o csv |
		sed 1d | LC_ALL=C sort >got
	same got want
}

@test "sessions of each client of the access log, as by a straight awk" {
	needs_data access
	stream-parse combined --bad bad -o frames "$log" | stream-filter 'client != null' -o frames >log.frames
	stream-map 's = int(float(@time))' --keep client,s -o csv log.frames | sed 1d | LC_ALL=C sort -t, -k1,1 -k2,2n >times
	awk -F, '$1 != client || $2 - last > 1800 { if (NR > 1) print client "," n "," first; client = $1; first = $2; n = 0 }
		{ last = $2; n++ } END { print client "," n "," first }' times | LC_ALL=C sort >want
	[ "$(wc -l <want)" -gt 1000 ]
	stream-window session 30m -b client log.frames | stream-agg -b client count |
		stream-map 's = int(float(window_start))' --keep client,s,count -o csv | sed 1d | LC_ALL=C sort >got
	same got want
	# The same from parts that each saw some of a session, merged.
	stream-window session 30m -b client log.frames | stream-shard -k path -n 3 -- 'stream-agg --partial -b client count' |
		stream-agg --merge -b client count | stream-map 's = int(float(window_start))' --keep client,s,count -o csv | sed 1d |
		LC_ALL=C sort >got
	same got want
}

# in = out + filtered + rejected + late, for every stage, and what one stage gave out the next took in.
load ../helper

# audit FILE: lines `command in N = out N + filtered N + rejected N + late N`; a folding one ends it.
audit() {
	awk '{
		gsub(/[=+,]|->/, "")
		for (i = 2; i < NF; i += 2) n[$i] = $(i + 1)
		if ($1 == "stream-gen") { before = n["out"]; next }
		if (NR > 1 && n["in"] != before) { print "lost before: " $0; bad = 1 }
		if ($1 != "stream-agg" && n["in"] != n["out"] + n["filtered"] + n["rejected"] + n["late"]) { print "lost in: " $0; bad = 1 }
		before = n["out"]
	} END { exit bad }' "$1"
}

@test "a pipeline with filtered, rejected and late records adds up, in one process and in shards" {
	{
		requests 200
		echo 'no json'
		printf '{"n":1000,"t":"2026-03-01T09:00:00Z","path":"/p1","status":200,"rt":1}\n'
	} >in.json
	for sharded in '' 'stream-shard -k path -n 3 --'; do
		pipe "stream-cat -i json in.json 2>/dev/null | stream-filter '1 / (n - 50) < 2 && n != 60' 2>/dev/null |
			stream-window 1m --delay 2h --late late.json -t t |
			$sharded stream-map 'x = 10 // (n % 100)' 2>/dev/null | stream-agg --stats count 2>stats >out"
		[ "$PIPE" = "3 3 3 3 3" ]
		audit stats
		grep -qx 'stream-cat  *in 202 = out 201 + filtered 0 + rejected 1 + late 0' stats
		grep -qx 'stream-filter  *in 201 = out 199 + filtered 1 + rejected 1 + late 0' stats
		grep -qx 'stream-map  *in 199 = out 196 + filtered 0 + rejected 3 + late 0' stats
		[ "$(jq -s 'map(.count) | add' out)" -eq 196 ]
	done
}

@test "late records are counted where they are late" {
	pipe 'stream-gen weblog -n 5000 | stream-window 5s --delay 1s --late late.json | stream-filter "status < 400" |
		stream-agg --stats count 2>stats >out'
	[ "$PIPE" = "0 0 0 0" ]
	audit stats
	late=$(wc -l <late.json)
	[ "$late" -gt 0 ]
	grep -q "^stream-window  *in 5000 = out $((5000 - late)) + filtered 0 + rejected 0 + late $late$" stats
	[ "$(jq -s 'map(.count) | add' out)" -eq "$(sed -n 's/^stream-agg  *in \([0-9]*\) .*/\1/p' stats)" ]
}

@test "the sinks account for what they were given" {
	broken_at_17 >in.json
	for dest in dir:lake stream:s 'sqlite:t.db?table=t'; do
		pipe "stream-cat in.json 2>/dev/null | stream-sink --stats '$dest' 2>stats"
		[ "$PIPE" = "3 3" ]
		audit stats
		grep -q '^stream-sink  *in 39 = out 39 ' stats
	done
	[ "$(stream-get s | wc -l)" -eq 39 ]
}

# A record that can leave a command leaves it before the command waits. Each producer waits until its record was seen at the
# other end; were the record held back, both would wait for ever.
load ../helper

# prompt 'PIPELINE' 'LINE...': what comes out while the producer of LINEs still waits is in `seen`.
prompt() {
	rm -f go seen
	mkfifo go
	printf '%s\n' "$2" >lines
	pipe "timeout 300 bash -c '{ cat lines; read -r _ <go; echo \"{\\\"a\\\":9,\\\"k\\\":9}\"; } | $1 | { read -r line; echo \"\$line\" >seen; echo >go; cat >rest; }'"
	[ "$PIPE" = 0 ] || {
		echo "held back by: $1"
		return 1
	}
}

@test "the issue's own line: filter, map and cat" {
	prompt 'stream-filter "a == 1" | stream-map "b = a" | stream-cat -o json' '{"a":1}'
	[ "$(cat seen)" = '{"a":1,"b":1}' ]
	(echo '{"a":1}'; sleep 5; touch ended) | stream-filter 'a == 1' | stream-map 'b = a' | stream-cat -o json |
		{ read -r line; [ ! -e ended ] && echo "$line" >early; }
	[ "$(cat early)" = '{"a":1,"b":1}' ]
}

@test "every command by itself, text and frames" {
	for command in stream-cat 'stream-filter "a == 1"' 'stream-map "b = a"' 'stream-parse json' \
		'stream-shard -k a -n 3 -- stream-cat' 'stream-cat -o csv | sed -un 2p' 'stream-cat -o frames | stream-cat'; do
		prompt "$command" '{"a":1}'
		grep -q 1 seen
	done
}

@test "through grep, jq and back" {
	prompt 'stream-filter "a == 1" | grep --line-buffered a | stream-map "b = 2"' '{"a":1}'
	[ "$(cat seen)" = '{"a":1,"b":2}' ]
	prompt 'jq --unbuffered -c . | stream-filter true' '{"a":1}'
	[ "$(cat seen)" = '{"a":1}' ]
}

@test "the store: what was put is got while the writer still writes" {
	rm -f go
	mkfifo go
	stream-put s </dev/null
	pipe "timeout 300 bash -c '{ echo \"{\\\"a\\\":1}\"; read -r _ <go; } | stream-put s & stream-get -f s | { read -r line; echo \"\$line\" >seen; echo >go; }; wait'"
	[ "$PIPE" = 0 ]
	[ "$(cat seen)" = '{"a":1}' ]
}

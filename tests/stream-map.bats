load helper

@test "computes fields in order, then renames, drops and keeps" {
	echo '{"a":500,"b":1.10,"c":"x"}' >in.json
	[ "$(stream-map 'd = a + 1' 'e = d * 2' --rename a=z --drop c in.json)" = '{"z":500,"b":1.10,"d":501,"e":1002}' ]
	[ "$(stream-map 'n = a // 7' --keep n,b in.json)" = '{"b":1.10,"n":71}' ]
	[ "$(stream-map --rename a=z,b=y --keep z,y in.json)" = '{"z":500,"y":1.10}' ]
	[ "$(stream-map 'a = null' in.json)" = '{"a":null,"b":1.10,"c":"x"}' ]
	[ "$(stream-map in.json)" = "$(cat in.json)" ]
}

@test "a copied field stays what it was: absent, null, decimals, digits" {
	printf '%s\n' '{"a":1.10}' '{"a":"0870"}' '{"a":null}' '{"x":1}' '{"a":9007199254740993}' '{"a":{"b":[1.0]}}' >in.json
	stream-map 'b = a' in.json >got
	cat >want <<'EOF'
{"a":1.10,"b":1.10}
{"a":"0870","b":"0870"}
{"a":null,"b":null}
{"x":1}
{"a":9007199254740993,"b":9007199254740993}
{"a":{"b":[1.0]},"b":{"b":[1.0]}}
EOF
	same got want
	pipe "stream-cat in.json | stream-map 'b = a' | stream-cat -o json >got"
	[ "$PIPE" = "0 0 0" ]
	same got want
}

@test "integers are exact, overflow and what is not finite are errors, never wrapped" {
	echo '{"a":9223372036854775807,"z":0}' >in.json
	[ "$(stream-map 'b = a - 1' --keep b in.json)" = '{"b":9223372036854775806}' ]
	for expression in 'b = a + 1' 'b = a * 2' 'b = 1 / z' 'b = 1e308 * 10'; do
		pipe "stream-map '$expression' in.json >out 2>err"
		[ "$PIPE" = 3 ]
		[ ! -s out ]
		one_line err '^stream-map: in.json:1: '
	done
	[ "$(stream-map 'b = try(1 / z, -1)' --keep b in.json)" = '{"b":-1}' ]
}

@test "times: types that only frames keep pass from command to command" {
	pipe "stream-gen sensor -n 2 | stream-map 't = type(ts)' 'day = ts + 24h' --keep t,day >out"
	[ "$(cat out)" = $'{"t":"time","day":"2026-01-02T00:00:00Z"}\n{"t":"time","day":"2026-01-02T00:00:00.100Z"}' ]
	pipe "stream-gen sensor -n 1 -o json | stream-map 't = type(ts)' --keep t >out"
	[ "$(cat out)" = '{"t":"string"}' ]
}

@test "a typo in a field or in a list: a warning with the nearest name, and status 2" {
	echo '{"password":"x","user":"y"}' >in.json
	for args in '--drop passwrod' '--keep passwrod' '--rename passwrod=p'; do
		pipe "stream-map $args in.json >out 2>err"
		[ "$PIPE" = 2 ]
		grep -q 'the field `passwrod`; did you mean `password`?' err
	done
	pipe "stream-map 'p = length(passwrod)' in.json >out 2>err"
	[ "$PIPE" = 2 ]
	grep -q 'did you mean `password`?' err
	[ "$(stream-map 'p = user' --drop p --rename user=u --keep u in.json)" = '{"u":"y"}' ]
}

@test "common mistakes get one clear line" {
	echo '{"a":1}' >in.json
	says 2 'where is it to go\? Write NAME = ' stream-map 'b == a' in.json
	says 2 '^stream-map: --rename a: write OLD=NEW' stream-map --rename a in.json
	says 2 'no function uper; did you mean upper\?' stream-map 'b = uper(a)' in.json
	says 2 'written in backquotes: `user-agent`' stream-map 'user-agent = 1' in.json
}

@test "a record that is rejected is not changed in part, and does not stop the others" {
	seq 0 3 | stream-map 'n = int(line)' --keep n -o json >in.json
	pipe "stream-map --bad bad.json 'a = n + 1' 'b = 6 / n' in.json >out"
	[ "$PIPE" = 0 ]
	[ "$(cat out)" = $'{"n":1,"a":2,"b":6}\n{"n":2,"a":3,"b":3}\n{"n":3,"a":4,"b":2}' ]
	[ "$(jq -r .line bad.json)" = 1 ]
}

@test "a path into a field that is made here is no unknown field" {
	run --separate-stderr stream-map 'part = split(a, "/")' 'second = part[1]' --drop part <<<'{"a":"x/y"}'
	[ "$status" -eq 0 ]
	[ "$output" = '{"a":"x/y","second":"y"}' ]
	[ -z "$stderr" ]
}

@test "zones, masks and hashes, in records of any form" {
	cat >in.json <<'EOF'
{"t":"2026-10-25T00:30:00Z","ip":"10.1.2.3","u":"/find?q=x%20y","card":"4000123412341234"}
{"t":"2026-10-25T01:30:00Z","ip":"2001:db8::1","u":"/","card":null}
EOF
	cat >want <<'EOF'
{"at":"02:30 CEST","day":"2026-10-24T22:00:00Z","net":"10.1.2.0","q":"x y","card":"************1234","id":"8e099943"}
{"at":"02:30 CET","day":"2026-10-24T22:00:00Z","net":"2001:db8::","q":null,"card":null,"id":"1bcf4b5c"}
EOF
	sed -i "s/1bcf4b5c/$(printf 2001:db8::1 | sha256sum | cut -c1-8)/; s/8e099943/$(printf 10.1.2.3 | sha256sum | cut -c1-8)/" want
	stream-cat -o frames in.json >in.frames
	for file in in.json in.frames; do
		stream-map 'at = strftime(time(t), "%R %Z", "Europe/Berlin")' 'day = trunc(time(t), 1d, "Europe/Berlin")' \
			'net = mask_ip(ip)' 'q = url_decode(extract(u, /q=([^&]*)/))' 'card = mask(card, 4)' \
			'id = substr(sha256(ip), 0, 8)' --drop t,ip,u $file -o json | jq -c '{at,day,net,q,card,id}' >out
		same out want
	done
}

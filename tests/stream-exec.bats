load helper

# numbers COUNT: that many records, keys k0 to k6 in turn.
numbers() { seq 1 "$1" | awk '{ printf "{\"n\":%d,\"k\":\"k%d\"}\n", $1, $1 % 7 }'; }

# fails_first COUNT: a COMMAND in ./flaky that fails so many times before it works as cat; it logs each run in runs.
fails_first() {
	cat >flaky <<-END
		#!/bin/bash
		echo x >>runs
		echo "partial output"
		[ "\$(wc -l <runs)" -gt $1 ] || { echo "not yet" >&2; exit 7; }
		exec cat
	END
	sed -i '/partial/d' flaky
	chmod +x flaky
}

# poisoned N…: a COMMAND in ./poisoned that refuses a batch with such an n, after half of its output.
poisoned() {
	printf '%s\n' '#!/bin/bash' 'echo "$STREAM_BATCH $STREAM_ATTEMPT" >>batches' 'input=$(cat)' 'head -n 1 <<<"$input"' \
		"if grep -qE '\"n\":($(IFS='|'; echo "$*"))[,}]' <<<\"\$input\"; then echo careful >&2; echo 'bad number' >&2; exit 9; fi" \
		'tail -n +2 <<<"$input"' >poisoned
	chmod +x poisoned
}

# -- batches --

@test "batches of -n, in order, each given as JSON lines to one run" {
	numbers 10 >in.json
	pipe "stream-exec -n 4 -- 'cat; echo {\\\"end\\\":true}' <in.json >out"
	[ "$PIPE" = 0 ]
	[ "$(jq -c '.n // "end"' out | tr '\n' ' ')" = '1 2 3 4 "end" 5 6 7 8 "end" 9 10 "end" ' ]
	pipe 'stream-exec -n 1000 -- cat <in.json >out'
	same out in.json
}

@test "the answer does not depend on the size of batches and reads" {
	requests 300 >in.json
	everyway want "stream-exec -n 64 -P 3 --stats -- jq -c '{n, path}' <in.json 2>&1"
	jq -c '{n, path}' in.json >plain
	head -n 300 want | cmp - plain
	grep -q 'in 300 -> out 300, rejected 0' want
}

@test "several words are executed as they are, one with blanks by the shell, and its options are its own" {
	numbers 3 >in.json
	pipe 'stream-exec sed -n 2p <in.json >out'
	[ "$(cat out)" = '{"n":2,"k":"k2"}' ]
	pipe "stream-exec -n 2 'sed -n 1p | tee -a copy' <in.json >out"
	[ "$(jq -s -c 'map(.n)' out)" = '[1,3]' ]
	same out copy
}

@test "a batch that is not full goes when -w has passed since its first record" {
	mkfifo go
	cat >ask <<-'END'
		#!/bin/bash
		{ echo '{"n":1}'; echo '{"n":2}'; read -r _ <go; echo '{"n":3}'; } | stream-exec -w 50ms -- cat |
			{ read -r line; echo "$line"; echo >go; cat; }
	END
	pipe 'timeout 300 bash ask >out'
	[ "$PIPE" = 0 ]
	[ "$(jq -s -c 'map(.n)' out)" = '[1,2,3]' ]
}

@test "an input without records runs nothing" {
	pipe 'stream-exec -- touch ran </dev/null >out'
	[ "$PIPE" = 0 ]
	[ ! -e ran ] && [ ! -s out ]
}

@test "what comes out: frames of ours, JSON, lines, nothing" {
	numbers 20 >in.json
	pipe 'stream-exec -n 7 -- stream-filter "n > 15" <in.json >out'
	[ "$(jq -s -c 'map(.n)' out)" = '[16,17,18,19,20]' ]
	pipe "stream-exec -n 7 -- 'stream-filter \"n > 15\" | stream-map \"m = n + 1\"' <in.json >out"
	[ "$(jq -s -c 'map(.m)' out)" = '[17,18,19,20,21]' ]
	pipe "stream-exec -n 7 -- 'wc -l | sed s/^/lines:/' <in.json >out"
	[ "$(jq -s -c 'map(.line)' out)" = '["lines:7","lines:7","lines:6"]' ]
	pipe 'stream-exec -- true <in.json >out'
	[ "$PIPE" = 0 ] && [ ! -s out ]
}

@test "-w 0 takes what is there" {
	mkfifo go
	cat >ask <<-'END'
		#!/bin/bash
		exec 8<>go
		for n in 1 2 3; do echo "{\"n\":$n}"; read -r _ <&8; done | stream-exec -w 0 -- 'jq -c -s "{n: map(.n)}"' |
			{ for n in 1 2 3; do read -r line; echo "$line"; echo >&8; done; cat; }
	END
	pipe 'timeout 300 bash ask >out'
	[ "$PIPE" = 0 ]
	[ "$(jq -s -c 'map(.n)' out)" = '[[1],[2],[3]]' ]
}

@test "STREAM_OUTPUT is what the user wants to see, and not what the command gives us" {
	numbers 3 >in.json
	STREAM_OUTPUT=csv pipe 'stream-exec -- stream-filter "n > 1" <in.json >out'
	[ "$(cat out)" = "n,k
2,k2
3,k3" ]
}

@test "values survive the way through" {
	printf '%s\n' '{"zip":"0870","id":9007199254740993,"p":1.10,"n":null,"t":{"a":[1,' '2]},"s":"a\nb\u0000é"}' '{}' >in.json
	stream-cat in.json -o json >want
	pipe 'stream-exec cat <in.json >out'
	same out want
}

@test "metadata: only with --meta, and read back from what it prints" {
	numbers 5 >in.json
	stream-put s in.json
	pipe "stream-get s | stream-exec -- 'tee given' | stream-cat -o json --meta >out"
	lacks @ given
	lacks @ out
	pipe "stream-get s | stream-exec --meta -- 'tee given' | stream-cat -o json --meta >out"
	grep -q '"@seq":' given
	stream-get s -o json --meta >want
	same out want
}

# -- failures --

@test "a command that fails is tried again, and what a failed attempt printed is thrown away" {
	numbers 10 >in.json
	fails_first 2
	sed -i '2a echo "{\\"junk\\":true}"' flaky
	sed -i 's/^exec cat/exec cat/' flaky
	pipe 'stream-exec --backoff 1ms -- ./flaky <in.json 2>err >out'
	[ "$PIPE" = 0 ]
	[ "$(wc -l <runs)" -eq 3 ]
	[ "$(grep -c junk out)" -eq 1 ]
	[ "$(grep -v junk out | wc -l)" -eq 10 ]
	# Its standard error passes through; the first failure is told.
	[ "$(grep -cx 'not yet' err)" -eq 2 ]
	[ "$(grep -c 'stream-exec: a batch of 10 records failed: exit status 7: not yet; it is tried again' err)" -eq 1 ]
}

@test "the record at fault is found by halving, and it alone is a dead letter" {
	numbers 100 >in.json
	poisoned 37
	pipe 'stream-exec --backoff 1ms --retries 2 --dead dead.json --stats -- ./poisoned <in.json 2>err >out'
	[ "$PIPE" = 0 ]
	grep -v '"n":37,' in.json >want
	same out want
	[ "$(wc -l <dead.json)" -eq 1 ]
	[ "$(jq -c '[.reason, .source, .line, .record]' dead.json)" = '["exit status 9: bad number","stdin",37,{"n":37,"k":"k2"}]' ]
	grep -q 'in 100 -> out 99, rejected 1 ' err
	# 100 of them three times, 50, 25, 12, 6, 3 and 2 once, and the one three times.
	[ "$(jq .attempts dead.json)" -eq 12 ]
	[ "$(awk '{ print $2 }' batches | sort -n | tail -n 1)" -eq 12 ]
}

@test "several records at fault, several batches at once: in = delivered + dead" {
	numbers 1000 >in.json
	poisoned 1 100 101 102 555 1000
	pipe 'stream-exec -n 50 -P 4 --backoff 1ms --retries 1 --dead dead.json --stats -- ./poisoned <in.json 2>err >out'
	[ "$PIPE" = 0 ]
	grep -vE '"n":(1|100|101|102|555|1000),' in.json >want
	same out want
	[ "$(jq -s -c 'map(.record.n)' dead.json)" = '[1,100,101,102,555,1000]' ]
	grep -q 'in 1000 -> out 994, rejected 6 ' err
}

@test "dead letters can be given again" {
	numbers 30 >in.json
	poisoned 4 20
	pipe 'stream-exec -n 10 --backoff 1ms --retries 0 --dead stream:dead -- ./poisoned <in.json 2>err >out'
	[ "$PIPE" = 0 ]
	pipe 'stream-get dead | jq -c .record | stream-exec --dead still.json -- cat >again'
	[ "$PIPE" = "0 0 0" ]
	cat out again | jq -c -s 'sort_by(.n)[]' >got
	same got in.json
	[ ! -e still.json ]
}

@test "dead letters keep their metadata, though the command saw none" {
	numbers 3 >in.json
	stream-put s in.json
	poisoned 2
	pipe 'stream-get s | stream-exec --backoff 1ms --retries 0 --dead dead.json -- ./poisoned 2>err >out'
	stream-get s -o json --meta | sed -n 2p >want
	jq -c .record dead.json >got
	same got want
}

@test "without --dead: shown, counted, status 3; with --strict the end" {
	numbers 10 >in.json
	poisoned 3 5
	pipe 'stream-exec --backoff 1ms --retries 0 -- ./poisoned <in.json 2>err >out'
	[ "$PIPE" = 3 ]
	grep -qx 'stream-exec: stdin:3: exit status 9: bad number' err
	grep -qx 'stream-exec: stdin:5: exit status 9: bad number' err
	[ "$(wc -l <out)" -eq 8 ]
	pipe 'stream-exec --strict --backoff 1ms --retries 0 -- ./poisoned <in.json 2>err >out'
	[ "$PIPE" = 3 ]
	[ "$(jq -s -c 'map(.n)' out)" = '[1,2]' ]
	# Nobody caught them: a later stage says so too.
	pipe 'stream-exec --backoff 1ms --retries 0 -- ./poisoned <in.json 2>err | stream-cat -o json >out'
	[ "$PIPE" = "3 3" ]
}

@test "--retries 0: a single record is given once" {
	echo '{"n":1}' >in.json
	poisoned 1
	pipe 'stream-exec --retries 0 --dead dead.json -- ./poisoned <in.json 2>err >out'
	[ "$(jq .attempts dead.json)" -eq 1 ]
	[ "$(wc -l <batches)" -eq 1 ]
}

@test "a batch keeps its name in every attempt and every run; others have others" {
	numbers 6 >in.json
	stream-put s in.json
	for run in 1 2; do
		rm -f runs
		fails_first 1
		pipe "stream-get s | stream-exec -n 3 --backoff 1ms -- 'echo \"\$STREAM_BATCH \$STREAM_ATTEMPT\" >>names.$run; ./flaky' 2>err >out"
		[ "$PIPE" = "0 0" ]
	done
	same names.1 names.2
	[ "$(awk '{ print $2 }' names.1 | tr '\n' ' ')" = '1 2 1 ' ]
	[ "$(awk '{ print $1 }' names.1 | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" = '2 1 ' ]
	grep -qE '^[0-9a-f]{32} 1$' names.1
}

@test "records that are alike are batches of different names" {
	yes '{"a":1}' | head -n 4 >in.json
	pipe "stream-exec -n 1 -P 2 -- 'echo {\\\"id\\\":\\\"\$STREAM_BATCH\\\"}' <in.json >out"
	[ "$(sort -u out | wc -l)" -eq 4 ]
}

@test "the waits between attempts are random, within their bounds, and the same for the same seed" {
	echo '{"n":1}' >in.json
	poisoned 1
	for seed in 5 5 6; do
		STREAM_TEST_SEED=$seed stream-exec -v --backoff 40ms --retries 3 -- ./poisoned <in.json 2>err >out || true
		sed -nE 's/.*tried again in ([0-9]+)ms.*/\1/p' err >>waits.$seed
	done
	[ "$(wc -l <waits.5)" -eq 6 ]
	[ "$(head -n 3 waits.5)" = "$(tail -n 3 waits.5)" ]
	[ "$(head -n 3 waits.5)" != "$(cat waits.6)" ]
	awk '$1 > 20 * 2 ^ ((NR - 1) % 3 + 1) { exit 1 }' waits.5
}

@test "a command that cannot be run is no fault of the records" {
	numbers 3 >in.json
	says_in() { pipe "stream-exec --dead dead.json -- $2 <in.json 2>err >out"; [ "$PIPE" = 1 ] && grep -q "$1" err && [ ! -e dead.json ]; }
	says_in 'stream-exec: cannot run nosuchcommand: No such file or directory' nosuchcommand
	says_in 'stream-exec: cannot run nosuchcommand x: exit status 127: .*not found' '"nosuchcommand x"'
	says_in 'stream-exec: cannot run ./in.json: Permission denied' ./in.json
}

@test "a signal is a reason" {
	echo '{"n":1}' >in.json
	pipe "stream-exec --retries 0 --dead dead.json -- 'kill -9 \$\$' <in.json 2>err >out"
	[ "$(jq -r .reason dead.json)" = 'killed by signal 9 (Killed)' ]
}

@test "what it prints and is no record is rejected; broken frames are a failure" {
	numbers 4 >in.json
	pipe "stream-exec --bad bad.json --stats -- 'echo {\\\"a\\\":1}; echo {\\\"b\\\":}; echo {\\\"c\\\":3}' <in.json 2>err >out"
	[ "$PIPE" = 0 ]
	[ "$(tr '\n' ' ' <out)" = '{"a":1} {"c":3} ' ]
	[ "$(jq -r .source bad.json)" = 'output of COMMAND' ]
	stream-cat -o frames in.json >in.frames
	head -c 300 in.frames >cut.frames
	pipe 'stream-exec --retries 0 --dead dead.json -- cat cut.frames <in.json 2>err >out'
	[ "$PIPE" = 0 ] && [ ! -s out ]
	[ "$(jq -r .reason dead.json | sort -u)" = 'its output ended without END' ]
	[ "$(wc -l <dead.json)" -eq 4 ]
}

# -- limits --

@test "a run that takes too long is ended with its whole group, and has failed" {
	echo '{"n":1}' >in.json
	pipe "timeout 300 stream-exec --timeout 200ms --retries 1 --backoff 1ms --dead dead.json -- 'sleep 300 & echo \$! >>pids; sleep 300' <in.json 2>err >out"
	[ "$PIPE" = 0 ]
	[ "$(jq -c '[.reason, .attempts]' dead.json)" = '["took longer than 200ms",2]' ]
	[ "$(wc -l <pids)" -eq 2 ]
	gone() { ! kill -0 $(cat pids) 2>/dev/null; }
	wait_for gone
}

@test "one that ignores SIGTERM is killed after the grace" {
	echo '{"n":1}' >in.json
	pipe "timeout 300 stream-exec --timeout 200ms --retries 0 --dead dead.json -- 'trap \"\" TERM; echo \$\$ >pids; while :; do sleep 1; done' <in.json 2>err >out"
	[ "$PIPE" = 0 ]
	gone() { ! kill -0 $(cat pids) 2>/dev/null; }
	wait_for gone
}

@test "a run that prints too much has failed" {
	numbers 3 >in.json
	pipe 'timeout 300 stream-exec --limit 100K --retries 0 --dead dead.json -- yes <in.json 2>err >out'
	[ "$PIPE" = 0 ] && [ ! -s out ]
	[ "$(jq -r .reason dead.json | sort -u)" = 'printed more than 100K' ]
}

@test "a huge batch, and a command that prints much before it reads: no deadlock" {
	stream-gen weblog -n 30000 -o json >in.json
	pipe "timeout 300 stream-exec -n 30000 -- 'seq 1 200000 | sed s/^/x/; cat' <in.json >out"
	[ "$PIPE" = 0 ]
	[ "$(wc -l <out)" -eq 230000 ]
	pipe "timeout 300 stream-exec -n 30000 -- 'cat; seq 1 200000 >&2' <in.json >out 2>err"
	same out in.json
	seq 1 200000 | cmp - err
}

@test "a command that does not read its input, or closes it, is fine if it ends with 0" {
	stream-gen weblog -n 30000 -o json >in.json
	pipe "timeout 300 stream-exec -n 10000 -- 'exec <&-; echo {\\\"ok\\\":1}' <in.json >out"
	[ "$PIPE" = 0 ]
	[ "$(wc -l <out)" -eq 3 ]
}

# bats test_tags=plain
@test "results that nobody takes hold the commands, and those hold the input" {
	numbers 300 >in.json
	pipe "timeout 300 stream-exec -n 1 -P 2 -- 'echo x >>runs; seq 1 30000 | sed s/^/x/' <in.json | { read -r line; sleep 1; wc -l <runs >early; cat >out; }"
	[ "$PIPE" = "0 0" ]
	[ "$(cat early)" -lt 40 ]
	[ "$(wc -l <out)" -eq $((300 * 30000 - 1)) ]
	# The same when the first of them takes long: the others do not run ahead for ever.
	cat >first <<-'END'
		#!/bin/bash
		input=$(cat)
		echo x >>begun
		case $input in *'"n":1,'*)
			for ((i = 0, last = 0; i < 100 && last < 5; i++)); do
				before=$(wc -l <begun); sleep 0.05; [ "$before" = "$(wc -l <begun)" ] && ((++last))
			done
			wc -l <begun >ahead ;;
		esac
		echo "$input"
	END
	chmod +x first
	pipe 'timeout 300 stream-exec -n 1 -P 2 -- ./first <in.json >out'
	[ "$PIPE" = 0 ]
	same out in.json
	[ "$(cat ahead)" -le 8 ]
}

@test "no process, descriptor or zombie is left behind" {
	numbers 200 >in.json
	# Standard input, output and error, the directory that ls reads, and what the test has open.
	pipe 'ls /proc/self/fd <in.json | wc -l >want'
	pipe "stream-exec -n 10 -- 'ls /proc/self/fd | wc -l; ps -o stat= --ppid \$PPID' <in.json >out"
	[ "$PIPE" = 0 ]
	lacks '"line":"Z' out
	[ "$(grep -cE "\"(line|value)\":\"?$(cat want)\"?}" out)" -eq 20 ]
}

# -- several at once --

@test "-P with -k: batches of a key never overlap, and stay in order" {
	numbers 700 >in.json
	cat >log <<-'END'
		#!/bin/bash
		input=$(cat)
		keys=$(jq -r .k <<<"$input" | sort -u)
		for key in $keys; do mkdir "busy.$key" || exit 99; done
		sleep 0.0$((RANDOM % 4))
		while read -r line; do
			key=$(sed 's/.*"k":"\(.*\)".*/\1/' <<<"$line")
			echo "$line" >>"ledger.$key"
		done <<<"$input"
		for key in $keys; do rmdir "busy.$key"; done
		echo "$input"
	END
	chmod +x log
	pipe 'timeout 120 stream-exec -n 20 -P 4 -k k --retries 0 -- ./log <in.json 2>err >out'
	[ "$PIPE" = 0 ] || { cat err; false; }
	for key in k0 k1 k2 k3 k4 k5 k6; do
		grep "\"$key\"" in.json >want
		same "ledger.$key" want
		grep "\"$key\"" out >got
		same got want
	done
	[ "$(wc -l <out)" -eq 700 ]
}

@test "-P runs so many at once, and no more" {
	numbers 12 >in.json
	cat >count <<-'END'
		#!/bin/bash
		mkdir "on.$$"
		ls -d on.* | wc -l >>seen
		for ((i = 0; i < 1000 && $(wc -l <seen) < 3; i++)); do sleep 0.01; done
		rmdir "on.$$"
		cat
	END
	chmod +x count
	pipe 'timeout 300 stream-exec -n 1 -P 3 -- ./count <in.json >out'
	[ "$PIPE" = 0 ]
	same out in.json
	[ "$(sort -n seen | tail -n 1)" -eq 3 ]
}

@test "the output is in the order of the input, or, with --unordered, as it comes" {
	numbers 8 >in.json
	cat >late <<-'END'
		#!/bin/bash
		input=$(cat)
		if [[ $input == *'"n":1,'* ]]; then
			for ((i = 0; i < 1000 && $(ls done.* 2>/dev/null | wc -l) < 2; i++)); do sleep 0.01; done
		fi
		touch "done.$$"
		echo "$input"
	END
	chmod +x late
	pipe 'timeout 300 stream-exec -n 1 -P 2 -- ./late <in.json >out'
	same out in.json
	rm done.*
	pipe 'timeout 300 stream-exec -n 1 -P 2 --unordered -- ./late <in.json >out'
	[ "$(head -n 1 out | jq .n)" -ne 1 ]
	sort -t: -k2,2n out | cmp - in.json
}

@test "with -k the order of the output does not depend on how the records come" {
	requests 300 >in.json
	everyway want "stream-exec -n 16 -P 4 -k path -- cat <in.json"
	[ "$(wc -l <want)" -eq 301 ]
	# Batches are in the order of their first records, not lane by lane.
	[ "$(head -n 1 want | jq .n)" -eq 1 ]
	[ "$(head -n 64 want | jq -s 'map(.n) | max')" -le 160 ]
}

@test "with --unordered the records of a key still come in their order" {
	numbers 300 >in.json
	pipe "timeout 300 stream-exec -n 5 -P 4 -k k --unordered -- 'sleep 0.0\$((\$\$ % 3)); cat' <in.json >out"
	[ "$PIPE" = 0 ]
	for key in k0 k1 k2 k3 k4 k5 k6; do
		grep "\"$key\"" in.json >want
		grep "\"$key\"" out >got
		same got want
	done
}

# -- time --

@test "a watermark comes after the output of the records before it: windows are as without" {
	STREAM_TEST_ROWS=50 stream-gen weblog -n 3000 -o frames >in.frames
	pipe 'stream-window 10s in.frames | stream-agg -b status count -o csv >want'
	for how in '-P 1' '-P 3' '-P 3 --unordered' '-P 3 -k ip'; do
		pipe "stream-cat -o frames in.frames | stream-exec --meta -n 70 $how -- 'sleep 0.00\$((\$\$ % 5)); cat' |
			stream-window 10s -t ts | stream-agg -b status count -o csv >out"
		[ "$PIPE" = "0 0 0 0" ]
		same out want
		pipe "stream-window 10s in.frames | stream-exec --meta -n 70 $how -- 'sleep 0.00\$((\$\$ % 5)); cat' | stream-agg -b status count -o csv >out"
		[ "$PIPE" = "0 0 0" ]
		same out want
	done
}

# -- the ends of things --

@test "upstream dies: what was delivered is delivered, nothing new is begun, status 4" {
	numbers 30 >in.json
	stream-cat -o frames in.json | head -c 900 >cut.frames
	pipe "cat cut.frames | stream-exec -n 1000 -w 1h -- touch ran 2>err | stream-cat -o json >out"
	[ "$PIPE" = "0 4 4" ]
	[ ! -e ran ] && [ ! -s out ]
}

@test "the reader goes away: the commands end" {
	pipe "timeout 300 stream-gen sensor | stream-exec -n 10 -P 4 -- cat | head -n 1 >out"
	[ "$PIPE" = "141 141 0" ]
	cat >slow <<-'END'
		#!/bin/bash
		grep -q '"n":1,' && exec echo '{"n":1}'
		echo $$ >>pids
		exec sleep 300
	END
	chmod +x slow
	pipe "(echo '{\"n\":1,\"a\":1}'; echo '{\"n\":2,\"a\":1}'; echo '{\"n\":3,\"a\":1}') | timeout 300 stream-exec -n 1 -P 3 -- ./slow | { head -n 1; wait_for filled pids; } >out"
	[ "$PIPE" = "0 141 0" ]
	gone() { ! kill -0 $(cat pids) 2>/dev/null; }
	wait_for gone
}

@test "the first SIGTERM: what was read is delivered, then END" {
	mkfifo in
	cat >patient <<-'END'
		#!/bin/bash
		echo x >begun
		wait_for test -e told
		cat
	END
	chmod +x patient
	(
		exec 8>in
		numbers 3 >&8
		wait_for filled begun
		kill -TERM "$(cat exec.pid)"
		touch told
		wait_for filled ended
	) &
	pipe 'started exec stream-exec -n 3 -- ./patient <in | { stream-cat -o json >out; echo x >ended; }'
	wait
	[ "$PIPE" = "0 0" ]
	[ "$(wc -l <out)" -eq 3 ]
}

@test "mistakes" {
	says 2 'COMMAND is missing' stream-exec
	says 2 'COMMAND is missing' stream-exec -n 5 --
	says 2 '1 to 4294967295 records' stream-exec -n 0 -- cat
	says 2 '1 to 256 batches' stream-exec -P 0 -- cat
	says 2 '1 to 256 batches' stream-exec -P 1000 -- cat
	says 2 'is it --retries' stream-exec --retires 3 -- cat
	says 2 'give one of them' stream-exec --bad a --dead b -- cat
	numbers 5 >in.json
	pipe 'stream-exec -k ky -P 2 -- cat <in.json 2>err >out'
	[ "$PIPE" = 2 ]
	grep -q 'the field `ky`; did you mean `k`?' err
}

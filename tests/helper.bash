# What the bats files share. `load helper` (or `load ../helper`) in each.

# The commands under test: those of STREAM_BUILD (default build/), found before any that are installed.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="${STREAM_BUILD:-$root/build}/bin:$PATH"
data=$root/../shared/data
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export STREAM_HOME=$BATS_TEST_TMPDIR/streams
	unset STREAM_OUTPUT STREAM_TEST_ROWS STREAM_TEST_READ
}

# may_be_traced: for what is started from here on. (The leak checker cannot work in a process that is traced.)
may_be_traced() { export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0; }

# needs_strace: skips, visibly, where processes may not be traced.
needs_strace() {
	command -v strace >/dev/null || skip "strace is not there"
	strace -f -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	may_be_traced
}

# needs_data FILE...: skips, visibly, where the shared data are not there.
needs_data() {
	local file
	for file in "$@"; do
		[ -e "$data/$file" ] || skip "$file is not there"
	done
}

# pipe 'A | B | C': runs it; PIPE holds the status of each, and output goes where the line sends it.
# The function itself succeeds, so that a test can look at PIPE.
pipe() {
	PIPE=$(bash -c "$1"'
echo "${PIPESTATUS[@]}" >pipe.status' && cat pipe.status)
}

# same A B: two files are equal byte for byte; else says where they differ.
same() {
	cmp "$1" "$2" || {
		diff "$1" "$2" | head -n 10
		return 1
	}
}

# one_line FILE PATTERN: FILE, what a command said, is one line and holds PATTERN (an extended regular expression).
one_line() {
	[ "$(wc -l <"$1")" -eq 1 ] && grep -qE -- "$2" "$1" || {
		echo "wanted one line with: $2"
		cat "$1"
		return 1
	}
}

# lacks PATTERN FILE: nothing in it matches (`! grep` would not fail a test).
lacks() {
	if grep -nE -- "$1" "$2"; then return 1; fi
}

# says STATUS PATTERN COMMAND...: it ends with STATUS, prints nothing, and says one line with PATTERN.
says() {
	local status=0 want=$1 pattern=$2
	shift 2
	"$@" >said.out 2>said.err </dev/null || status=$?
	[ "$status" -eq "$want" ] || {
		echo "status $status, not $want: $*"
		cat said.err
		return 1
	}
	[ ! -s said.out ] || {
		cat said.out
		return 1
	}
	one_line said.err "$pattern"
}

# wait_for CONDITION...: until it holds. The limit is for what never comes: a busy machine may take its time.
wait_for() {
	local limit=$((SECONDS + 240))
	while [ $SECONDS -lt $limit ]; do
		"$@" && return 0
		sleep 0.01
	done
	echo "never: $*"
	return 1
}

# Whether a file has something in it.
filled() { [ -s "$1" ]; }

# started NAME COMMAND...: becomes COMMAND, with its process id in NAME.pid; for use in a pipe.
started() {
	echo "$BASHPID" >"$1.pid"
	shift
	exec "$@"
}
export -f started wait_for filled

# Records of a small web log: numbers that are ties, a null, an absent field, decimals, nesting.
requests() {
	local i
	for ((i = 1; i <= ${1:-300}; i++)); do
		printf '{"n":%d,"t":"2026-03-01T10:%02d:%02d.%03dZ","path":"/p%d","status":%d,"rt":%d.%02d' $i $((i / 60 % 60)) \
			$((i * 7 % 60)) $((i * 37 % 1000)) $((i % 7)) $((i % 5 ? 200 : 503)) $((i % 3)) $((i * 13 % 100))
		((i % 4)) && printf ',"user":"u%d"' $((i % 11))
		((i % 9)) || printf ',"user":null'
		((i % 10)) || printf ',"tags":{"a":[%d,2]}' $i
		printf '}\n'
	done
}

# Forty records, of which the 17th can't be read.
broken_at_17() {
	local i
	for ((i = 1; i <= 40; i++)); do
		if ((i == 17)); then echo '{"a":17,"b":}'; else echo "{\"a\":$i}"; fi
	done
}

# everyway FILE 'PIPELINE': what PIPELINE prints (and its status) does not depend on the size of batches and reads.
everyway() {
	local want=$1 rows read status
	for rows in '' 1 7 65536; do
		for read in '' 5 1048576; do
			[ "$rows$read" = 75 ] && continue
			sanitized && [[ $rows/$read != @(/|1/5|7/1048576) ]] && continue
			status=0
			env ${rows:+STREAM_TEST_ROWS=$rows} ${read:+STREAM_TEST_READ=$read} \
				bash -o pipefail -c "$2" >got 2>got.err || status=$?
			echo "status $status" >>got
			if [ ! -e "$want" ]; then
				mv got "$want"
				[ -s "$want" ] || return 1
			else
				same got "$want" || {
					echo "differs with rows=$rows read=$read"
					cat got.err
					return 1
				}
			fi
		done
	done
}

# burners N: keeps the processors busy until the test ends.
burners() {
	local i
	for ((i = 0; i < $1; i++)); do
		(exec 3>&-; while :; do :; done) &
		burning+=($!)
	done
}

stop_burners() {
	[ -z "${burning[*]}" ] || kill "${burning[@]}"
	burning=()
}

teardown() { stop_burners; }

sanitized() { [[ ${STREAM_BUILD-} = *san* ]]; }

# often N: how often what depends on timing is tried, in the long form (STREAM_TEST_LONG=1, as in scripts/torture); a fifth of
# it in the short one, a twentieth of it where programs are sanitized, which start slowly.
often() {
	local n=$1
	if sanitized; then
		n=$((n / 20))
	elif [ -z "${STREAM_TEST_LONG-}" ]; then
		n=$((n / 5))
	fi
	echo $((n > 0 ? n : 1))
}

# few VALUE...: all of them; the first where programs are sanitized, if the others only repeat its way through the code.
few() { if sanitized; then echo "$1"; else echo "$@"; fi; }

# on_terminal FILE 'COMMAND': what COMMAND shows on a terminal of its own goes to FILE; its status. Standard input is a
# terminal too, at which nobody types.
on_terminal() {
	command -v script >/dev/null || skip "script is not there"
	script -qec true /dev/null >/dev/null 2>&1 </dev/null || skip "there are no pseudo-terminals here"
	[ -p keyboard ] || mkfifo keyboard
	# Only bash hands the functions of this file on.
	SHELL=$BASH timeout 300 script -qfec "$2" "$1" 8<>keyboard <&8 >/dev/null 3>&-
}

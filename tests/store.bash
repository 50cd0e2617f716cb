# What the tests of the store share. `load store` (or `load ../store`) after the helper.

# Ends what a test that failed has left running.
teardown() {
	local pid name me=$BASHPID
	ps -o pid=,comm= --ppid "$me" | while read -r pid name; do
		[[ $name != stream-* ]] || kill -9 "$pid"
	done
}

# has_lines FILE N: the file has N lines, or more.
has_lines() {
	[ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# ends PID STATUS: the child ends, with that status; it is not waited for for ever.
ends() {
	local status=0
	wait_for gone "$1" || { kill -9 "$1"; return 1; }
	wait "$1" || status=$?
	[ "$status" -eq "$2" ] || { echo "status $status, not $2"; return 1; }
}

gone() {
	local state
	state=$(ps -o state= -p "$1") || return 0
	[ "$state" = Z ]
}

# segment STREAM: the newest segment file of its shard 0.
segment() {
	local files=("$STREAM_HOME/$1"/shards/0/*.seg)
	echo "${files[-1]}"
}

# counted FROM TO: records {"n":...} of these numbers.
counted() {
	seq "$1" "$2" | sed 's/.*/{"n":&}/'
}

# keyed FROM TO KEYS: the same with a key, `k` and a number below KEYS, one after the other.
keyed() {
	seq "$1" "$2" | awk -v keys="$3" '{ printf "{\"key\":\"k%d\",\"n\":%d}\n", $1 % keys, $1 }'
}

# in_order FILE: the numbers of each key rise.
in_order() {
	jq -r '"\(.key) \(.n)"' "$1" | awk '$1 in last && $2 <= last[$1] { print; bad = 1 } { last[$1] = $2 } END { exit bad }'
}

# fails STATUS TEXT COMMAND...: one line on standard error has the text, nothing comes out, and the status is that.
fails() {
	local want=$1 text=$2 status=0
	shift 2
	"$@" </dev/null >fails.out 2>fails.err || status=$?
	[ "$status" -eq "$want" ] && [ "$(wc -l <fails.err)" -eq 1 ] && grep -qF -- "$text" fails.err && [ ! -s fails.out ] || {
		echo "status $status of: $*"
		cat fails.out fails.err
		return 1
	}
}

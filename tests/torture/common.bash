# What the parts of scripts/torture in shell share. Each is run as `PART --seed N --time SECONDS [--quick]`, with
# STREAM_BUILD set, and ends with a line `PART: seed N, ..., N failures`.

[ "${1-}" = --guest ] || {
part=$(basename "$0")
seed=1 seconds=60 quick=
while [ $# -gt 0 ]; do
	case $1 in
	--seed) seed=$2; shift ;;
	--time) seconds=$2; shift ;;
	--quick) quick=1 ;;
	*) echo "$part: what is \`$1\`?" >&2; exit 2 ;;
	esac
	shift
done
RANDOM=$seed
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${STREAM_BUILD:-$root/build}
PATH=$build/bin:$PATH
[ -n "${work_in-}" ] || work_in=$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)
work=$(mktemp -d -p "$work_in" "torture-$part-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export STREAM_HOME=$work/home
export LC_ALL=C
unset STREAM_OUTPUT
failures=0
}

in_time() {
	[ $SECONDS -lt "$seconds" ]
}

# skip WHY: nothing was tested, visibly.
skip() {
	echo "SKIP $part: $*"
	exit 0
}

# failed WHAT...: says how to see it again.
failed() {
	failures=$((failures + 1))
	echo "FAIL $part: $* (scripts/torture $part --seed $seed)" >&2
	[ $failures -lt 5 ] || exit 1
}

# records FIRST LAST TAG: records of a few keys, {"key":"TAG3","n":FIRST...}, some of them long.
records() {
	awk -v first="$1" -v last="$2" -v tag="$3" 'BEGIN {
		for (n = first; n <= last; n++) {
			pad = ""
			for (i = 0; i < n * 7 % 11 * 4; i++) pad = pad (n * 7919 + i * 104729) % 9973
			printf "{\"key\":\"%s%d\",\"n\":%d,\"pad\":\"%s\"}\n", tag, n % 3, n, pad
		}
	}'
}

# holds HAVE ACKED MAYBE: HAVE has each line of ACKED once, of MAYBE at most once, no other, and keys in order.
holds() {
	awk -F'"' '
		FILENAME == ARGV[1] { acked[$0] = 1; next }
		FILENAME == ARGV[2] { maybe[$0] = 1; next }
		seen[$0]++ { print "twice: " $0; bad = 1 }
		!($0 in acked) && !($0 in maybe) { print "from nowhere: " $0; bad = 1 }
		{ n = substr($7, 2) + 0; if (($4 in last) && n <= last[$4]) { print "order: " $0; bad = 1 } last[$4] = n }
		END { for (line in acked) if (!(line in seen)) { print "lost: " line; bad = 1 } exit bad }
	' "$2" "$3" "$1"
}

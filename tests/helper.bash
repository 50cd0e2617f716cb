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

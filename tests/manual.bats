#!/usr/bin/env bats
# The manual says what is so: options, examples, summaries, and mdoc without a remark.
# bats file_tags=plain
load helper

# -- options --

# options_of_help COMMAND: `-b --by` a line, a missing one as `-`.
options_of_help() {
	"$1" --help | sed -nE '
		s/^  -([A-Za-z]), --([a-z-]+).*/-\1 --\2/p; t
		s/^      --([a-z-]+).*/- --\1/p; t
		s/^  -([A-Za-z])( .*|$)/-\1 -/p'
}

# section PAGE NAME: the lines of one section.
section() {
	awk -v name="$2" '/^\.Sh / { on = substr($0, 5) == name; next } on' "$1"
}

# listed PAGE SECTION: `-b --by` for each `.It Fl b , -by Ar name`.
listed() {
	section "$1" "$2" | sed -nE '
		s/^\.It Fl ([A-Za-z]) , -([a-z-]+).*/-\1 --\2/p; t
		s/^\.It Fl -([a-z-]+).*/- --\1/p'
}

# mentioned PAGE: the flags under `.It Common options`, a word a line.
mentioned() {
	section "$1" DESCRIPTION | awk '/^\.It Common options/ { on = 1; next } on && !/^\.Fl/ { exit } on' |
		sed 's/^\.Fl //' | tr -d ",;" | tr ' ' '\n' | sed '/^$/d; s/^/-/'
}

# The common options, as stream(7) lists them.
common() {
	listed "$root/man/stream.7" "COMMON OPTIONS"
}

@test "each command has a page with the usual sections" {
	for command in "$(dirname "$(command -v stream-cat)")"/*; do
		page=$root/man/${command##*/}.1
		[ -e "$page" ] || { echo "${command##*/} has no page"; false; }
		for name in NAME SYNOPSIS DESCRIPTION "EXIT STATUS" EXAMPLES "SEE ALSO" CAVEATS; do
			grep -qx "\.Sh $name" "$page" || { echo "$page: no $name"; false; }
		done
	done
}

@test "the options of --help are those of the page, both ways and in the same order" {
	common >common
	[ -s common ]
	for page in "$root"/man/*.1; do
		command=$(basename "$page" .1)
		options_of_help "$command" >help
		[ -s help ]
		# Its own are listed; those that all share are mentioned, by one of their names.
		grep -vxFf common help >own.help || true
		listed "$page" DESCRIPTION >own.page
		same own.help own.page || { echo "of $command"; false; }
		grep -xFf common help >shared.help
		mentioned "$page" | while read -r word; do
			grep -E -- "(^| )$word( |$)" common || echo "$word is no common option"
		done >shared.page
		same shared.help shared.page || { echo "of $command"; false; }
	done
}

@test "the synopsis of each page has its own options and no other" {
	common >common
	for page in "$root"/man/*.1; do
		listed "$page" DESCRIPTION | sed -E 's/^- //; s/ .*//' | sort >list
		section "$page" SYNOPSIS | grep -oE '\bFl -?[A-Za-z][a-z-]*' | sed 's/^Fl /-/' | sort -u >synopsis
		same list synopsis || { echo "in ${page##*/}"; false; }
	done
}

@test "stream(7) lists the options that commands share" {
	common | sort >page
	for command in stream-cat stream-filter stream-agg stream-map; do
		options_of_help $command
	done | sort | uniq -c | awk '$1 == 4 { print $2, $3 }' | sort >help
	same help page
}

# -- examples --

# examples PAGE: what its EXAMPLES would have a reader paste.
examples() {
	section "$1" EXAMPLES | awk '
		/^\.Bd -literal/ { block = 1; next }
		/^\.Ed/ { block = 0; next }
		block { print }
		/^\.Dl / { print substr($0, 5) }' |
		sed -e 's/\\(aq/'"'"'/g; s/\\(dq/"/g; s/\\(ti/~/g; s/\\(ha/^/g; s/\\(ga/`/g; s/\\&//g; s/\\-/-/g; s/\\e/\\/g'
}

# pasted FILE: runs it as a shell does that it is pasted into. Nothing may fail, complain, or be silent.
pasted() {
	local status=0
	timeout 300 bash -e "$1" >out 2>err </dev/null || status=$?
	if [ $status -eq 0 ] && [ ! -s err ] && [ -s out ]; then
		return 0
	fi
	echo "status $status, $(wc -c <out) bytes of output, of:"
	cat "$1"
	head -n 20 err
	return 1
}

@test "the examples of every page run in an empty directory, one page after the other" {
	failed=
	for page in "$root"/man/*.[17]; do
		mkdir "${page##*/}"
		cd "${page##*/}"
		examples "$page" >../script
		pasted ../script || { echo "in ${page##*/}"; failed=1; }
		cd ..
	done
	[ -z "$failed" ]
}

# -- README --

@test "the blocks of README.md run in sequence" {
	awk '/^```sh$/ { n++; file = "block." sprintf("%02d", n); next } /^```/ { file = ""; next } file { print > file }' \
		"$root/README.md"
	grep -q scripts/demo block.01  # that installs and builds
	rm block.01
	[ -s block.02 ]
	mkdir work
	cd work
	for block in ../block.*; do
		pasted "$block"
	done
}

# summaries: the name and the summary of each command, from its --help.
summaries() {
	for command in "$(dirname "$(command -v stream-cat)")"/stream-*; do
		"$command" --help | head -n 1
	done | sort
}

@test "README.md has every command, as its --help describes it" {
	sed -nE 's/^\| `(stream-[a-z]+)` \| (.*) \|$/\1 \2/p' "$root/README.md" | sort >readme
	summaries >help
	same help readme
}

# -- the list of commands --

@test "streamutils lists the commands that there are, as their --help describes them" {
	streamutils | sed -E 's/ +/ /' | sort >list
	summaries >help
	same help list
}

@test "streamutils help shows the page of every command and topic" {
	[ "${STREAM_BUILD:-$root/build}" -ef "$root/build" ] || skip "an uninstalled build finds man/ beside build/ alone"
	for page in "$root"/man/*.[157]; do
		name=$(basename "$page" | sed 's/\.[157]$//')
		# mandoc strikes over for bold where man does not.
		MANPAGER=cat PAGER=cat streamutils help "$name" | sed 's/.\x08//g' >text
		grep -q NAME text || { echo "$name"; false; }
	done
}

# -- mdoc --

@test "the pages refer to pages that there are" {
	grep -ohE '^\.Xr stream[a-z-]* [157]' "$root"/man/*.[157] | sort -u | while read -r _ name number; do
		[ -e "$root/man/$name.$number" ] || echo "$name($number)"
	done >missing
	same /dev/null missing
}

@test "mandoc has nothing to remark" {
	# Our own pages, and those of programs that are not installed, are not known to this system's mandoc.
	for page in "$root"/man/*.[157]; do
		mandoc -T lint -W style "$page"
	done 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db|unusual Os' >remarks || true
	same /dev/null remarks
}

load helper

@test "lists every command that is there, a line each, and no other" {
	streamutils >out
	dir=$(dirname "$(command -v streamutils)")
	cut -d' ' -f1 out | sort >got
	(cd "$dir" && ls | grep -x 'stream-[a-z]*') | sort >want
	same got want
	[ "$(awk 'length > 100' out | wc -l)" -eq 0 ]
}

@test "every command has help with its usage and examples, a version, and status 2 for what it does not know" {
	for name in streamutils $(streamutils | cut -d' ' -f1); do
		"$name" --help >help
		grep -q "^Usage: $name " help
		grep -A3 '^Examples:' help | grep -q "$name"
		[ "$(awk 'length > 132' help | wc -l)" -eq 0 ]
		"$name" -h | cmp - help
		"$name" --version | grep -q "^$name (streamutils)"
		says 2 "^$name: there is no option --nonsense" "$name" --nonsense
		pipe "$name --help >/dev/full 2>err"
		[ "$PIPE" = 1 ]
		one_line err "^$name: .*No space left"
	done
}

@test "the examples of the help texts parse: no unknown option in them" {
	for name in $(streamutils | cut -d' ' -f1); do
		"$name" --help | grep -oE -- "$name( [^|]*)? --?[a-z]+" | grep -oE -- ' --[a-z]+' | sort -u >options
		while read -r option; do
			"$name" --help | grep -q -- "$option" || { echo "$name $option"; return 1; }
		done <options
	done
}

@test "mistakes name the nearest" {
	says 2 'no command `aggg`; did you mean `agg`' streamutils help aggg
	says 2 'no command `stream-fliter`; did you mean `stream-filter`' streamutils help stream-fliter
	says 2 'streamutils help NAME' streamutils hlep
	pipe 'streamutils >/dev/full 2>err'
	[ "$PIPE" = 1 ]
}

@test "completions come from the option tables" {
	"$root/scripts/completions" >completions
	# complete WORD...: what bash would offer for the last one.
	complete_words() {
		bash -c '. ./completions; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamutils; echo "${COMPREPLY[@]}"' bash "$@"
	}
	[ "$(complete_words stream-agg --ex)" = --exact ]
	[ "$(complete_words stream-cat -o t)" = "tsv table" ]
	[ "$(complete_words stream-parse comb)" = combined ]
	[ "$(complete_words stream-cat acc)" = "" ]
}

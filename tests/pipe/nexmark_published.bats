#!/usr/bin/env bats
# The Nexmark queries on a sample whose answers others have published.
# bats file_tags=plain
load ../helper

# events KIND EXPR...: the sample's records of a kind, with their times.
events() {
	local kind=$1
	shift
	jq -c --arg kind "$kind" '{event: $kind} + . | .date_time |= sub(" "; "T") + "Z" | .expires |= (if . then sub(" "; "T") + "Z" else null end)
		| if .expires then . else del(.expires) end | .["@time"] = .date_time' "$data/nexmark/$kind.ndjson" |
		stream-map 'date_time = time(date_time)' "$@" -o frames
}

# Their q2 picks other auctions, their q6 goes by the lowest bid.
@test "what is published for the sample comes out" {
	needs_data nexmark/expected.jsonl
	events person >person.frames
	events auction 'expires = time(expires)' >auction.frames
	events bid >bid.frames
	stream-merge person.frames auction.frames bid.frames -o frames >events.frames
	local query
	for query in q0 q1 q3 q4 q5 q7 q8 q9 q15 q16 q17 q18 q19 q20 q21 q22; do
		events=events.frames bash -eu -o pipefail -c ". $BATS_TEST_DIRNAME/nexmark/$query.sh" >got.tsv
		python3 "$BATS_TEST_DIRNAME/nexmark/published.py" $query got.tsv "$data/nexmark/expected.jsonl" || {
			echo "in $query"
			false
		}
	done
}

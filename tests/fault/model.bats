#!/usr/bin/env bats
# The flow protocol, searched in full (model/flow.pml).
# bats file_tags=plain

@test "the protocol holds in its model, and each simplification of it fails" {
	[[ ${STREAM_BUILD-build} != *san* ]] || skip "the model is the same for every build"
	"$BATS_TEST_DIRNAME/model/check"
}

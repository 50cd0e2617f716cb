/* stream-cat: any format in, any format out. The loop does all of it. */
#include "flow/flow.h"

int main(int argc, char **argv)
{
	static const struct command command = {
		.summary = "reads records in any format and writes them in any other",
		.operands = "[FILE…]",
		.examples = "  stream-cat access.json.zst | wc -l\n"
			    "  stream-cat -o csv events.json > events.csv\n"
			    "  stream-cat -o frames big.json > big.frames\n",
		.traits = COMMAND_KEEPS_ORDER,
	};
	/* Nothing of one record is remembered for the next. */
	static const struct checkpoint_ops checkpoint = {0};
	static const struct stage stage = {.checkpoint = &checkpoint};
	return flow_main(argc, argv, &command, &stage, NULL);
}

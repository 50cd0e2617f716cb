#include "exec/output.h"

#include <string.h>

#include "input/sniff.h"

static const char name[] = "output of COMMAND";

struct input *output_input(struct buf *output)
{
	struct input_options o = {0};
	size_t len;
	char *data = buf_detach(output, &len);
	return input_from_memory(data, len, name, &o);
}

int output_check(const struct buf *output, struct error *e)
{
	if (!output->len || sniff_format(output->data, output->len, true, name) != FORMAT_FRAMES)
		return 0;
	/* Reading moves the bytes about. */
	struct buf copy = BUF_INIT;
	buf_append(&copy, output->data, output->len);
	struct input *in = output_input(&copy);
	struct batch *b;
	int event;
	do
		event = input_next(in, &b, e);
	while (event == INPUT_BATCH || event == INPUT_CONTROL);
	input_free(in);
	if (event == INPUT_CUT)
		return error_set(e, ERR_UPSTREAM, "its output ended without END");
	return event == INPUT_END ? 0 : event;
}

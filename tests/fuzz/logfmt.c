/* logfmt: the first byte chooses the pieces that the rest is fed in. */
#include "recode.h"

static void check_back(const char *bytes, size_t len)
{
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct batch a, b;
	struct error e;
	struct encoder *x = logfmt_encoder_new(NULL);
	buf_append(&text, bytes, len);
	buf_reserve(&text, 1);
	decode_once(logfmt_decoder_new(NULL), &text, &a);
	a.reject_count = 0;
	expect(!x->ops->encode(x, &a, &again, &e), "the rows were not written");
	buf_reserve(&again, 1);
	/* What had nothing but metadata is not written without them. */
	if (!a.reject_count) {
		expect(decode_once(logfmt_decoder_new(NULL), &again, &b) && !b.reject_count, "a row was not read");
		expect_same_rows(&a, &b);
		batch_release(&b);
	}
	x->ops->free(x);
	batch_release(&a);
	buf_release(&text);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const char *text = (const char *)data + 1;
	struct feed f = {1 + *data % 8, 1 + (*data >> 4)};
	expect_same_fed(logfmt_decoder_new(NULL), logfmt_decoder_new(NULL), text, size - 1, f);
	check_back(text, size - 1);
	return 0;
}

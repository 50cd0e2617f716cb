/* CSV: the first byte chooses the pieces that the rest is fed in. */
#include "recode.h"

static void check_back(const char *bytes, size_t len, char delimiter)
{
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct batch a, b;
	struct error e;
	struct encoder *x = csv_encoder_new(NULL, delimiter);
	buf_append(&text, bytes, len);
	buf_reserve(&text, 1);
	bool fine = decode_once(csv_decoder_new(NULL, delimiter), &text, &a);
	if (fine && a.rows && a.column_count) {
		a.reject_count = 0;
		expect(!x->ops->encode(x, &a, &again, &e) && !a.reject_count, "a row was not written");
		expect(decode_once(csv_decoder_new(NULL, delimiter), &again, &b) && !b.reject_count,
		       "a row was not read");
		/* A null that is alone in its line comes back as an empty string. */
		for (uint32_t row = 0; a.column_count == 1 && row < a.rows; row++)
			if (a.columns[0].values[row].type == TYPE_NULL)
				a.columns[0].values[row] = value_string("", 0);
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
	char delimiter = *data & 1 ? '\t' : ',';
	struct feed f = {1 + (*data >> 1) % 8, 1 + (*data >> 4)};
	expect_same_fed(csv_decoder_new(NULL, delimiter), csv_decoder_new(NULL, delimiter), text, size - 1, f);
	check_back(text, size - 1, delimiter);
	return 0;
}

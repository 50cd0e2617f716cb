#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "store/read/reader.h"

int bound_parse(const char *text, struct bound *b, struct error *e)
{
	enum { SEQ_DIGITS = 9, SEQ_DIGITS_MAX = 18 };
	*b = (struct bound){0};
	size_t len = strlen(text);
	if (!strcmp(text, "start"))
		return OK;
	if (!strcmp(text, "end")) {
		b->kind = BOUND_END;
		return OK;
	}
	bool marked = !strncmp(text, "seq:", 4);
	const char *digits = marked ? text + 4 : text;
	size_t count = strspn(digits, "0123456789");
	if (count && !digits[count] && count <= (marked ? SEQ_DIGITS_MAX : SEQ_DIGITS)) {
		b->kind = BOUND_SEQ;
		b->seq = strtoull(digits, NULL, 10);
		return OK;
	}
	if (marked)
		return error_set(e, ERR_USAGE, "`%s` is no @seq: seq:12345678901", text);
	b->kind = BOUND_TIME;
	return timestamp_parse(text, len, &b->time, e);
}

#include "format/json_string.h"

#include <string.h>

#include "format/json_scan.h"
#include "format/json_unicode.h"

/* Decodes the escape \u at *p, or the pair of them, and steps over it. */
static char *decode_unit(const char **p, const char *end, char *out)
{
	unsigned unit = code_unit(*p);
	*p += 6;
	if (is_high(unit) && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' && is_low(code_unit(*p))) {
		uint32_t code = 0x10000 + ((unit & 0x3ff) << 10 | (code_unit(*p) & 0x3ff));
		*p += 6;
		return put_code(out, code);
	}
	if (unit >= 0xdc80 && unit <= 0xdcff) {
		*out = (char)(unit & 0xff);
		return out + 1;
	}
	return put_code(out, unit);
}

size_t json_string_decode(const char *p, size_t len, char *out)
{
	const char *end = p + len;
	char *start = out;
	while (p < end) {
		size_t plain = (size_t)(json_string_stop(p, end) - p);
		memcpy(out, p, plain);
		out += plain;
		p += plain;
		if (p == end)
			break;
		switch (p[1]) {
		case 'u': out = decode_unit(&p, end, out); continue;
		case 'b': *out++ = '\b'; break;
		case 'f': *out++ = '\f'; break;
		case 'n': *out++ = '\n'; break;
		case 'r': *out++ = '\r'; break;
		case 't': *out++ = '\t'; break;
		default: *out++ = p[1]; break;
		}
		p += 2;
	}
	return (size_t)(out - start);
}

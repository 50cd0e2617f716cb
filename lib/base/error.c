#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int error_set(struct error *e, int code, const char *format, ...)
{
	if (!e)
		return code;
	va_list args;
	va_start(args, format);
	vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
	e->code = code;
	return code;
}

int error_errno(struct error *e, const char *format, ...)
{
	int saved = errno;
	int code = saved == EPIPE ? ERR_GONE : ERR_FAILED;
	if (!e)
		return code;
	va_list args;
	va_start(args, format);
	int used = vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof e->text)
		snprintf(e->text + used, sizeof e->text - (size_t)used, ": %s", strerror(saved));
	e->code = code;
	return code;
}

int error_prefix(struct error *e, const char *format, ...)
{
	char prefix[sizeof e->text], rest[sizeof e->text];
	va_list args;
	va_start(args, format);
	vsnprintf(prefix, sizeof prefix, format, args);
	va_end(args);
	memcpy(rest, e->text, sizeof rest);
	int used = snprintf(e->text, sizeof e->text, "%s: ", prefix);
	if (used >= 0 && (size_t)used < sizeof e->text)
		snprintf(e->text + used, sizeof e->text - (size_t)used, "%s", rest);
	return e->code;
}

int error_status(int code)
{
	return -code;
}

/* Writes the text with control bytes as \xNN, as much as there is room for; returns the length. */
static size_t escape(const char *text, char *out, size_t room)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p && n + 4 < room; p++) {
		if (*p >= 0x20 && *p != 0x7f) {
			out[n++] = (char)*p;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[*p >> 4];
		out[n++] = digits[*p & 15];
	}
	return n;
}

void message(const char *format, ...)
{
	char text[4096], line[2 * sizeof text];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	int prefix = snprintf(line, 256, "%s: ", program_invocation_short_name);
	size_t n = prefix < 0 ? 0 : prefix > 255 ? 255 : (size_t)prefix;
	n += escape(text, line + n, sizeof line - n - 1);
	line[n++] = '\n';
	/* There is nobody left to tell when even this fails. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

void out_of_memory(size_t wanted)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	while (atomic_flag_test_and_set(&said))
		pause();
	message("out of memory: no %zu bytes more", wanted);
	_exit(-ERR_FAILED);
}

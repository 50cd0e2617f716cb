#include "input/sniff.h"

#include <string.h>
#include <strings.h>

#include "format/frame.h"

static bool ends_with(const char *name, size_t len, const char *ending)
{
	size_t n = strlen(ending);
	return len >= n && !strncasecmp(name + len - n, ending, n);
}

static enum format format_of_name(const char *name)
{
	static const char *const packed[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
	static const struct {
		const char *ending;
		enum format format;
	} endings[] = {{".csv", FORMAT_CSV}, {".tsv", FORMAT_TSV}, {".logfmt", FORMAT_LOGFMT}};
	size_t len = strlen(name);
	for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
		if (ends_with(name, len, packed[i])) {
			len -= strlen(packed[i]);
			break;
		}
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (ends_with(name, len, endings[i].ending))
			return endings[i].format;
	return FORMAT_AUTO;
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* What stands behind `[`: a log line may begin with a bracket too (`[error] …`, `[12/Dec/2026 …`). */
static bool begins_array(const char *p, const char *end)
{
	p = skip_space(p, end);
	if (p == end || strchr("{[\"]", *p))
		return true;
	const char *digits = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	p = skip_space(p, end);
	return p > digits && p < end && (*p == ',' || *p == ']' || *p == '.');
}

static bool begins_object(const char *p, const char *end)
{
	p = skip_space(p, end);
	return p == end || *p == '"' || *p == '}';
}

enum format sniff_format(const char *p, size_t len, bool last, const char *name)
{
	struct stream_line line;
	struct error e;
	long frames = stream_line_read(p, len, &line, &e);
	if (frames > 0 || (frames < 0 && e.code))
		return FORMAT_FRAMES;
	if (!frames && len && !last)
		return FORMAT_AUTO;
	/* A stream line that ends in its middle: its writer died. */
	if (!frames && len >= strlen("#stream 1"))
		return FORMAT_FRAMES;
	enum format by_name = format_of_name(name);
	if (by_name != FORMAT_AUTO)
		return by_name;
	const char *end = p + len;
	if (len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	p = skip_space(p, end);
	if (p == end)
		return last ? FORMAT_LINES : FORMAT_AUTO;
	if (*p == '{' && begins_object(p + 1, end))
		return FORMAT_JSON;
	if (*p == '[' && begins_array(p + 1, end))
		return FORMAT_JSON;
	return FORMAT_LINES;
}

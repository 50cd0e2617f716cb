#include "codec/archive.h"

#include <stdint.h>
#include <string.h>

#define MAGIC(text)                                                                                                    \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}

static const struct {
	const char *bytes;
	size_t len;
} magics[] = {
	MAGIC("\x1f\x8b\x08"),     /* gzip, RFC 1952 */
	MAGIC("\x28\xb5\x2f\xfd"), /* zstd, RFC 8878 */
	MAGIC("\xfd"
	      "7zXZ\0"),           /* xz */
	MAGIC("\x04\x22\x4d\x18"), /* lz4 frame */
	MAGIC("PK\3\4"),           /* zip */
	MAGIC("PK\5\6"),           /* zip without a member */
	MAGIC("7z\xbc\xaf\x27\x1c"),
};

/* bzip2: BZh, the block size, then the mark of a block or of the end. */
static bool is_bzip2(const char *p, size_t len)
{
	return len >= 10 && !memcmp(p, "BZh", 3) && p[3] >= '1' && p[3] <= '9' &&
	       (!memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) || !memcmp(p + 4, "\x17\x72\x45\x38\x50\x90", 6));
}

/* zstd may begin with a frame to be skipped: 0x184d2a50..0x184d2a5f, little-endian. */
static bool is_zstd_skippable(const char *p, size_t len)
{
	return len >= 4 && (p[0] & 0xf0) == 0x50 && !memcmp(p + 1, "\x2a\x4d\x18", 3);
}

/* An octal number of a tar header: blanks, digits, then a blank, NUL or the end. -1: none. */
static long octal(const char *p, size_t len)
{
	long n = 0;
	size_t i = 0, digits = 0;
	while (i < len && p[i] == ' ')
		i++;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++, digits++)
		n = n * 8 + (p[i] - '0');
	return digits && (i == len || p[i] == ' ' || !p[i]) ? n : -1;
}

/* A tar header is known by its checksum (POSIX ustar): the sum of its 512 bytes, its own eight taken as blanks. */
static bool is_tar(const char *p, size_t len)
{
	enum { HEADER = 512, SUM_AT = 148, SUM_LEN = 8 };
	if (len < HEADER || !p[0])
		return false;
	long sum = 0;
	for (size_t i = 0; i < HEADER; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : (uint8_t)p[i];
	return octal(p + SUM_AT, SUM_LEN) == sum;
}

static bool all_of(const char *p, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++)
		if (!p[i] || !strchr(set, p[i]))
			return false;
	return true;
}

/* cpio in one of its text forms: the magic, then a header of nothing but digits. (A log line may begin with 070701,
   too.) */
static bool is_cpio(const char *p, size_t len)
{
	enum { ODC = 76, NEWC = 110 };
	if (len >= ODC && !memcmp(p, "070707", 6))
		return all_of(p, ODC, "01234567");
	if (len >= NEWC && (!memcmp(p, "070701", 6) || !memcmp(p, "070702", 6)))
		return all_of(p, NEWC, "0123456789abcdefABCDEF");
	return false;
}

bool archive_sniff(const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (len >= magics[i].len && !memcmp(p, magics[i].bytes, magics[i].len))
			return true;
	return is_bzip2(p, len) || is_zstd_skippable(p, len) || is_tar(p, len) || is_cpio(p, len);
}

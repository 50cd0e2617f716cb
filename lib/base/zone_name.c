/* From a zone's name to the zone: what is built in, what tzdata has, and what to say where there is neither. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/units.h"
#include "base/zone_private.h"

enum { NAME_MAX_LENGTH = 100, FILE_MAX = 1 << 20 };

static bool is_utc(const char *name, size_t len)
{
	static const char *const names[] = {"UTC", "Etc/UTC", "Z", "GMT", "Etc/GMT"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return true;
	return false;
}

/* Letters, digits, _ + - and single slashes within: no name leads out of the directory. */
static bool is_name(const char *name, size_t len)
{
	if (!len || len > NAME_MAX_LENGTH || name[len - 1] == '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i], letter = (char)(c | 0x20);
		if (c == '/' ? !i || name[i - 1] == '/'
			     : !(letter >= 'a' && letter <= 'z') && !is_digit(c) && !strchr("_+-", c))
			return false;
	}
	return true;
}

/* `+01:00`. */
static bool fixed_zone(const char *name, size_t len, struct arena *a, const struct zone **out)
{
	int32_t seconds;
	if (!len || (*name != '+' && *name != '-') || calendar_offset(name, len, &seconds) != len)
		return false;
	struct zone *z = arena_alloc(a, sizeof *z);
	struct zone_type *type = arena_alloc(a, sizeof *type);
	*type = (struct zone_type){.offset = seconds * SECOND, .name = arena_copy(a, name, len)};
	*z = (struct zone){.types = type, .type_count = 1, .arena = a};
	zone_finish(z);
	*out = z;
	return true;
}

static const char *zone_directory(void)
{
	const char *dir = getenv("TZDIR");
	return dir && *dir ? dir : "/usr/share/zoneinfo";
}

/* The whole file, in the arena; NULL, with errno, if it can't be read or is no file of a sensible size. */
static unsigned char *read_file(const char *path, struct arena *a, size_t *len)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	unsigned char *p = NULL;
	errno = 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX) {
		p = arena_alloc(a, (size_t)st.st_size);
		ssize_t n = read(fd, p, (size_t)st.st_size);
		*len = n > 0 ? (size_t)n : 0;
		if (n < 0)
			p = NULL;
	} else if (!errno) {
		errno = S_ISDIR(st.st_mode) ? ENOENT : EINVAL;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return p;
}

static int not_there(const char *dir, const char *name, size_t len, struct error *e)
{
	char hint[160];
	if (access(dir, R_OK))
		return error_set(e, ERR_FAILED,
				 "zone %.*s: there are no time zones in %s: install tzdata (UTC and +01:00 need none)",
				 (int)len, name, dir);
	zone_hint(dir, name, len, hint, sizeof hint);
	return error_set(e, ERR_USAGE, "there is no time zone `%.*s`%s", (int)len, name,
			 *hint ? hint : ": a zone is written like Europe/Berlin, UTC or +01:00");
}

int zone_load(const char *name, size_t len, struct arena *a, const struct zone **out, struct error *e)
{
	const char *dir = zone_directory();
	struct arena scratch = {0};
	size_t size = 0;
	*out = NULL;
	if (is_utc(name, len) || fixed_zone(name, len, a, out))
		return OK;
	if (!is_name(name, len))
		return error_set(e, ERR_USAGE,
				 "`%.*s` is no time zone: one is written like Europe/Berlin, UTC or +01:00",
				 (int)(len > NAME_MAX_LENGTH ? NAME_MAX_LENGTH : len), name);
	const char *path = arena_printf(&scratch, "%s/%.*s", dir, (int)len, name);
	unsigned char *bytes = read_file(path, &scratch, &size);
	struct zone *z = arena_alloc(a, sizeof *z);
	*z = (struct zone){.arena = a};
	int code = OK;
	if (!bytes)
		code = errno == ENOENT || errno == ENOTDIR ? not_there(dir, name, len, e) : error_errno(e, "%s", path);
	else if (!zone_parse(z, bytes, size))
		code = error_set(e, ERR_FAILED, "%s is no time zone file (RFC 8536)", path);
	else
		zone_finish(z);
	arena_release(&scratch);
	*out = code ? NULL : z;
	return code;
}

/* -- what was meant -- */

/* tzdata.zi lists the zones: `Z NAME ...` begins one, `L TARGET NAME` is another name of one. */
static const char *listed_name(char *line)
{
	char *save, *first = strtok_r(line, " \n", &save), *second = strtok_r(NULL, " \n", &save);
	if (!first || !second || first[1] || (*first != 'Z' && *first != 'L'))
		return NULL;
	return *first == 'Z' ? second : strtok_r(NULL, " \n", &save);
}

/* `berlin` for Europe/Berlin. */
static bool is_city(const char *zone, const char *name, size_t len)
{
	const char *slash = strrchr(zone, '/');
	return slash && strlen(slash + 1) == len && !strncasecmp(slash + 1, name, len);
}

void zone_hint(const char *dir, const char *name, size_t len, char *out, size_t cap)
{
	struct arena names = {0};
	const char **list = NULL, *meant = NULL;
	char *line = NULL;
	size_t count = 0, room = 0;
	FILE *f = fopen(arena_printf(&names, "%s/tzdata.zi", dir), "re");
	*out = 0;
	while (f && getline(&line, &room, f) > 0) {
		const char *listed = listed_name(line);
		if (!listed)
			continue;
		list = mem_resize(list, count + 1, sizeof *list);
		list[count] = arena_copy(&names, listed, strlen(listed));
		if (is_city(list[count], name, len))
			meant = list[count];
		count++;
	}
	if (!meant)
		meant = nearest_word(name, len, list, count);
	if (meant)
		snprintf(out, cap, "; did you mean %s?", meant);
	if (f)
		fclose(f);
	free(line);
	free(list);
	arena_release(&names);
}

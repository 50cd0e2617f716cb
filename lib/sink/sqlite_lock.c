#include "sink/sqlite_lock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* https://www.sqlite.org/fileformat2.html#the_lock_byte_page: the pending byte, then reserved, then 510 for readers. In the file
   -shm of a database in WAL mode (https://www.sqlite.org/walformat.html#locks) the writer's is byte 120. */
enum { LOCK_BYTES = 0x40000000, LOCK_COUNT = 512, WAL_WRITER = 120 };

/*
 * By /proc/locks (proc(5)): to ask fcntl would take a descriptor of the file, whose close would drop the locks that this process has.
 *
 *   1: POSIX  ADVISORY  WRITE 4711 08:01:131 1073741825 1073741825
 */
static long writer_of(const char *path, uint64_t from, uint64_t count)
{
	struct stat st;
	char line[256], kind[16];
	FILE *f = stat(path, &st) ? NULL : fopen("/proc/locks", "re");
	long found = 0;
	while (f && !found && fgets(line, sizeof line, f)) {
		long pid;
		uint64_t inode, start, end = UINT64_MAX;
		int got = sscanf(line, "%*d: POSIX %*s %15s %ld %*x:%*x:%" SCNu64 " %" SCNu64 " %" SCNu64, kind, &pid,
				 &inode, &start, &end);
		if (got >= 4 && !strcmp(kind, "WRITE") && inode == st.st_ino && start < from + count && end >= from)
			found = pid;
	}
	if (f)
		fclose(f);
	return found;
}

/* The command and the state letter, of proc(5): `1234 (name) T …`; a name may have blanks and brackets. */
static bool look_up(long pid, char *name, size_t len, char *state)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	FILE *f = fopen(path, "re");
	bool got = f && fgets(text, sizeof text, f);
	if (f)
		fclose(f);
	char *start = got ? strchr(text, '(') : NULL, *end = got ? strrchr(text, ')') : NULL;
	if (!start || !end || end[1] != ' ')
		return false;
	*state = end[2];
	*end = 0;
	snprintf(name, len, "%s", start + 1);
	return true;
}

void sqlite_lock_holder(const char *file, char *out, size_t len)
{
	char path[4096], name[64], state = 0;
	long pid = file ? writer_of(file, LOCK_BYTES, LOCK_COUNT) : 0;
	if (!pid && file && snprintf(path, sizeof path, "%s-shm", file) < (int)sizeof path)
		pid = writer_of(path, WAL_WRITER, 1);
	if (pid <= 0)
		snprintf(out, len, "another process");
	else if (!look_up(pid, name, sizeof name, &state))
		snprintf(out, len, "process %ld", pid);
	else
		snprintf(out, len, "process %ld (%s)%s", pid, name,
			 state == 'T' || state == 't' ? ", which is stopped," : "");
}

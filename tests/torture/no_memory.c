/*
 * Preloaded into a command: the n-th allocation fails (NO_MEMORY_AT), or all from then on (NO_MEMORY_FROM), once the
 * program itself runs. What it does then is its business; that this happened is told by the file NO_MEMORY_TOLD.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static atomic_long count;
static long at, from;
static const char *told;

__attribute__((constructor)) static void begin(void)
{
	const char *one = getenv("NO_MEMORY_AT"), *all = getenv("NO_MEMORY_FROM");
	told = getenv("NO_MEMORY_TOLD");
	atomic_store(&count, 0);
	at = one ? atol(one) : 0;
	from = all ? atol(all) : 0;
}

static bool strikes(void)
{
	if (!at && !from)
		return false;
	long n = atomic_fetch_add(&count, 1) + 1;
	if (n != at && (!from || n < from))
		return false;
	if (told && (n == at || n == from)) {
		int fd = open(told, O_WRONLY | O_CREAT, 0600);
		if (fd >= 0)
			close(fd);
	}
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return strikes() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return strikes() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return strikes() ? NULL : __libc_realloc(p, size);
}

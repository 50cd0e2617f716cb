#include "flow/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A handler has nothing else to speak through. */
static volatile sig_atomic_t interrupted, asked;
static volatile int wake = -1;

static void handle(int signal)
{
	int saved = errno;
	if (signal == SIGUSR1)
		asked = 1;
	else
		interrupted = signal;
	if (wake >= 0) {
		uint64_t one = 1;
		ssize_t n = write(wake, &one, sizeof one);
		(void)n;
	}
	errno = saved;
}

void signals_catch(void)
{
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct sigaction once = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND};
	struct sigaction always = {.sa_handler = handle};
	sigaction(SIGUSR1, &always, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* What nohup and the shell's `&` have set to be ignored stays so. */
	struct sigaction before;
	if (!sigaction(SIGINT, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(SIGINT, &once, NULL);
	sigaction(SIGTERM, &once, NULL);
}

int signals_fd(void)
{
	return wake;
}

int signals_interrupted(void)
{
	return interrupted;
}

bool signals_asked(void)
{
	uint64_t count;
	if (wake >= 0 && read(wake, &count, sizeof count) < 0 && errno != EAGAIN)
		return false;
	bool was = asked;
	asked = 0;
	return was;
}

void signals_restore(void)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

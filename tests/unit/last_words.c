/* Threads that run out of memory together: one line, status 1. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "test.h"

enum { THREADS = 8, ROUNDS = 200, ROOM = 4096 };

static pthread_barrier_t together;

static void *starve(void *size)
{
	pthread_barrier_wait(&together);
	out_of_memory(*(const size_t *)size);
}

static void die(int said)
{
	static size_t size = 52;
	pthread_t thread;
	dup2(said, STDERR_FILENO);
	pthread_barrier_init(&together, NULL, THREADS);
	for (int i = 1; i < THREADS; i++)
		pthread_create(&thread, NULL, starve, &size);
	starve(&size);
}

static int count_lines(int from)
{
	char text[ROOM];
	int lines = 0;
	for (ssize_t n; (n = read(from, text, sizeof text)) > 0;)
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	return lines;
}

int main(void)
{
	int wrong_lines = 0, wrong_status = 0;
	for (int i = 0; i < ROUNDS; i++) {
		int ends[2], status;
		CHECK(!pipe(ends));
		pid_t child = fork();
		if (!child)
			die(ends[1]);
		close(ends[1]);
		wrong_lines += count_lines(ends[0]) != 1;
		close(ends[0]);
		CHECK(waitpid(child, &status, 0) == child);
		wrong_status += !WIFEXITED(status) || WEXITSTATUS(status) != 1;
	}
	CHECK(!wrong_lines);
	CHECK(!wrong_status);
	return test_done();
}

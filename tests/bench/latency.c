/*
 * From a record that is put to the line that a follower prints: how long.
 *
 *   latency DIRECTORY [SYNC [FOLLOWERS [RECORDS [PER_SECOND]]]]     default: 50ms 1 500 100
 *
 * A stream-put reads records with a time in them from a pipe, one every now and then; so many `stream-get -f -o json`
 * follow the stream; all of them are of the build that this program is in. Halfway between two records a small file in
 * the same directory is synced, which tells what the disk itself takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"

struct times {
	int64_t *list;
	size_t count;
};

struct follower {
	pid_t pid;
	int fd;
	char line[512];
	size_t len;
	long seen; /* lines */
};

struct bench {
	char bin[512], directory[512];
	const char *sync;
	long records, rate;
	size_t count;
	struct follower *followers;
	int put, epoll, own;
	pid_t put_pid;
	struct times latency, disk;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static pid_t start(const struct bench *b, const char *const argv[], int in, int out)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	char path[600];
	dup2(in, STDIN_FILENO);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	snprintf(path, sizeof path, "%s/%s", b->bin, argv[0]);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void run(const struct bench *b, const char *const argv[])
{
	int status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	waitpid(start(b, argv, null, null), &status, 0);
	close(null);
	if (status)
		die(argv[0]);
}

static void note(struct times *t, int64_t ns)
{
	t->list[t->count++] = ns;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void show(const char *what, struct times *t)
{
	qsort(t->list, t->count, sizeof *t->list, compare);
	if (t->count)
		printf("  %-40s p50 %6.3f ms  p99 %6.3f ms  max %6.3f ms\n", what, (double)t->list[t->count / 2] / 1e6,
		       (double)t->list[t->count * 99 / 100] / 1e6, (double)t->list[t->count - 1] / 1e6);
}

/* -- the stream and those at it -- */

static void open_all(struct bench *b)
{
	int to_put[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	run(b, (const char *[]){"stream-ctl", "create", "s", "--sync", b->sync, NULL});
	if (pipe2(to_put, O_CLOEXEC))
		die("pipe");
	b->put = to_put[1];
	b->put_pid = start(b, (const char *[]){"stream-put", "s", NULL}, to_put[0], null);
	close(to_put[0]);
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < b->count; i++) {
		int from[2];
		struct follower *f = &b->followers[i];
		if (pipe2(from, O_CLOEXEC))
			die("pipe");
		f->pid = start(b, (const char *[]){"stream-get", "-f", "-o", "json", "s", NULL}, null, from[1]);
		f->fd = from[0];
		close(from[1]);
		fcntl(f->fd, F_SETFL, O_NONBLOCK);
		epoll_ctl(b->epoll, EPOLL_CTL_ADD, f->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = f});
	}
	close(null);
}

static void send_record(struct bench *b)
{
	char line[64];
	int n = snprintf(line, sizeof line, "{\"t\":%lld}\n", (long long)monotonic_now());
	if (write(b->put, line, (size_t)n) != n)
		die("stream-put");
}

/* All lines that are there; their latencies, unless it is too early to count. */
static void take_lines(struct bench *b, struct follower *f, bool counts)
{
	ssize_t n;
	while ((n = read(f->fd, f->line + f->len, sizeof f->line - f->len - 1)) > 0) {
		int64_t now = monotonic_now();
		f->len += (size_t)n;
		f->line[f->len] = 0;
		char *line = f->line;
		for (char *end; (end = strchr(line, '\n')); line = end + 1) {
			f->seen++;
			if (counts && !strncmp(line, "{\"t\":", 5))
				note(&b->latency, now - strtoll(line + 5, NULL, 10));
		}
		f->len -= (size_t)(line - f->line);
		memmove(f->line, line, f->len);
	}
}

static void wait_until(struct bench *b, int64_t at, bool counts)
{
	for (;;) {
		int64_t left = at - monotonic_now();
		if (left <= 0)
			return;
		struct epoll_event events[64];
		struct timespec most = {left / SECOND, left % SECOND};
		int n = epoll_pwait2(b->epoll, events, 64, &most, NULL);
		for (int i = 0; i < n; i++)
			take_lines(b, events[i].data.ptr, counts);
	}
}

static long least_seen(const struct bench *b)
{
	long least = b->followers[0].seen;
	for (size_t i = 1; i < b->count; i++)
		least = b->followers[i].seen < least ? b->followers[i].seen : least;
	return least;
}

static void sync_own(struct bench *b)
{
	static const char text[200];
	int64_t before = monotonic_now();
	if (write(b->own, text, sizeof text) < 0 || fdatasync(b->own))
		die("fdatasync");
	note(&b->disk, monotonic_now() - before);
}

static void warm_up(struct bench *b)
{
	int64_t patience = monotonic_now() + 20 * SECOND;
	send_record(b);
	while (least_seen(b) < 1 && monotonic_now() < patience)
		wait_until(b, monotonic_now() + 10 * MILLISECOND, false);
	wait_until(b, monotonic_now() + SECOND / 5, false);
}

static void measure(struct bench *b)
{
	int64_t step = SECOND / b->rate, next = monotonic_now();
	for (long i = 0; i < b->records; i++, next += step) {
		wait_until(b, next, true);
		send_record(b);
		wait_until(b, next + step / 2, true);
		sync_own(b);
	}
	int64_t patience = monotonic_now() + 5 * SECOND;
	while (least_seen(b) < b->records + 1 && monotonic_now() < patience)
		wait_until(b, monotonic_now() + MILLISECOND, true);
}

static void close_all(struct bench *b)
{
	struct rusage before, after;
	close(b->put);
	waitpid(b->put_pid, NULL, 0);
	getrusage(RUSAGE_CHILDREN, &before);
	for (size_t i = 0; i < b->count; i++)
		kill(b->followers[i].pid, SIGTERM);
	for (size_t i = 0; i < b->count; i++)
		waitpid(b->followers[i].pid, NULL, 0);
	getrusage(RUSAGE_CHILDREN, &after);
	double cpu = (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec -
			      before.ru_stime.tv_sec) *
			     1e6 +
		     (double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec -
			      before.ru_stime.tv_usec);
	printf("  processor time of a follower for a record %6.1f us (start-up included)\n",
	       cpu / (double)b->count / (double)b->records);
}

int main(int argc, char **argv)
{
	struct bench b = {
		.sync = argc > 2 ? argv[2] : "50ms",
		.count = argc > 3 ? strtoul(argv[3], NULL, 10) : 1,
		.records = argc > 4 ? atol(argv[4]) : 500,
		.rate = argc > 5 ? atol(argv[5]) : 100,
	};
	if (argc < 2 || !b.count || b.records < 1 || b.rate < 1) {
		fprintf(stderr, "usage: latency DIRECTORY [SYNC [FOLLOWERS [RECORDS [PER_SECOND]]]]\n");
		return 2;
	}
	ssize_t n = readlink("/proc/self/exe", b.bin, sizeof b.bin - 16);
	if (n < 0)
		die("/proc/self/exe");
	for (int up = 0; up < 2; up++)
		*strrchr(b.bin, '/') = 0;
	strcat(b.bin, "/bin");
	snprintf(b.directory, sizeof b.directory, "%.400s/latency-XXXXXX", argv[1]);
	if (!mkdtemp(b.directory))
		die(argv[1]);
	setenv("STREAM_HOME", b.directory, 1);
	char own[600];
	snprintf(own, sizeof own, "%s/own", b.directory);
	b.own = open(own, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	b.followers = mem_zero(b.count * sizeof *b.followers);
	b.latency.list = mem_array((size_t)(b.records + 1) * b.count, sizeof *b.latency.list);
	b.disk.list = mem_array((size_t)b.records, sizeof *b.disk.list);
	open_all(&b);
	warm_up(&b);
	measure(&b);
	close_all(&b);
	printf("  %zu of %ld lines came\n", b.latency.count, b.records * (long)b.count);
	show("from put to the follower's line", &b.latency);
	show("fdatasync of 200 bytes", &b.disk);
	if (!fork())
		execlp("rm", "rm", "-rf", b.directory, (char *)NULL);
	wait(NULL);
	return 0;
}

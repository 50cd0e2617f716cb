/*
 * Runs pipelines in real shells. This binary plays three parts by the name it was copied to: the test, `stream-a`, a
 * writer that looks at its output and adds what it saw to a file, and `stream-b`, a reader of ours.
 *
 *   peer [ROUNDS [LOAD]]   each pipeline ROUNDS times (3), while LOAD processes (0) burn the CPU
 */
#include "base/peer.h"

#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "test.h"

static const char letters[] = "OFUT-"; /* by enum peer */

static int writer(int argc, char **argv)
{
	int64_t begin = monotonic_now();
	enum peer peer = peer_wait(1, 500 * MILLISECOND);
	char line[64];
	int n = snprintf(line, sizeof line, "%c %lld\n", letters[peer], (long long)((monotonic_now() - begin) / 1000));
	int fd = argc > 1 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
	return fd < 0 || write(fd, line, (size_t)n) != n || write(1, "1\n", 2) != 2;
}

static int reader(int argc, char **argv)
{
	if (argc > 1)
		usleep((useconds_t)atoi(argv[1]));
	peer_mark(0);
	char buf[4096];
	while (read(0, buf, sizeof buf) > 0)
		;
	return 0;
}

static char dir[] = "/tmp/peer-test-XXXXXX";

struct pipeline {
	const char *line;
	char want;
	bool quick; /* settled without patience running out */
};

static const struct pipeline pipelines[] = {
	{"stream-a log | stream-b", 'O', true},
	{"stream-a log | stream-b 30000", 'O', true},
	{"stream-a log | env X=1 stream-b", 'O', true},
	{"stream-a log | sh -c 'stream-b'", 'O', true},
	{"stream-a log | bash -c 'stream-b; true'", 'O', true},
	{"stream-a log | nice stream-b", 'O', true},
	{"stream-a log | timeout 5 stream-b", 'O', true},
	{"stream-a log | nohup stream-b 2>/dev/null", 'O', true},
	{"stream-a log | env nice timeout 5 stdbuf -o0 sh -c 'exec stream-b'", 'O', true},
	{"stream-a log | ./script", 'O', true},
	{"stream-a log | { :; stream-b; }", 'O', true},
	{"stream-a log | sh -c 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; stream-b'", 'O', true},
	{"stream-a log > fifo & stream-b < fifo; wait", 'O', true},
	{"stream-a log | cat >/dev/null", 'F', true},
	{"stream-a log | head -1 >/dev/null", 'F', true},
	{"stream-a log | env LC_ALL=C wc -l >/dev/null", 'F', true},
	{"x=$(stream-a log)", 'F', true},
	{"x=$(stream-a log); y=$x", 'F', true},
	{"stream-a log | while read x; do :; done", 'F', true},
	{"stream-a log | { read x; cat; }", 'F', true},
	{"stream-a log | sh 2>/dev/null", 'F', true},
	/* Somebody else holds it, too, as what is in <( ) does, and does not read it. */
	{"stream-a log | { exec 3<&0; sleep 0.2 & exec stream-b 30000; }", 'O', true},
	{"stream-a log | { exec 3<&0; sleep 0.2 & exec cat >/dev/null; }", 'F', true},
	{"stream-a log | { sleep 0.1; stream-b; }", 'O', true},
	{"stream-a log | { sleep 0.7; stream-b; }", 'F', false},
	{"stream-a log | { head -n 1 >/dev/null; stream-b; }", 'F', true},
	{"set -m 2>/dev/null; stream-a log | stream-b", 'O', true},
	{"set -m 2>/dev/null; stream-a log | head -1 >/dev/null", 'F', true},
	{"{ sleep 0.05; stream-a log; } | true", 'F', true},
	{"stream-a log > file", '-', true},
	{"stream-a log > /dev/null", '-', true},
};

/* Runs it once; what the writer saw, and how long it took in us. */
static char run(const char *shell, const char *line, long *took)
{
	char seen = 0;
	unlink("log");
	pid_t child = fork();
	if (!child) {
		execlp(shell, shell, "-c", line, (char *)NULL);
		_exit(127);
	}
	waitpid(child, NULL, 0);
	/* the shell does not wait for all: the writer may be behind the reader */
	FILE *f = NULL;
	for (int i = 0; i < 1000 && !f; i++, usleep(1000))
		f = fopen("log", "r");
	usleep(f ? 0 : 1000);
	if (!f || fscanf(f, "%c %ld", &seen, took) != 2)
		seen = '?';
	if (f)
		fclose(f);
	return seen;
}

static void one(const char *shell, const struct pipeline *p, int rounds)
{
	long worst = 0, total = 0;
	for (int i = 0; i < rounds; i++) {
		long took = 0;
		char seen = run(shell, p->line, &took);
		test_checks++;
		if (seen != p->want || (p->quick && took > 450000)) {
			test_failures++;
			fprintf(stderr, "%s: %s: saw %c, want %c, after %ld us\n", shell, p->line, seen, p->want, took);
		}
		worst = took > worst ? took : worst;
		total += took;
	}
	printf("%6ld us on average, %6ld at most: %s: %s\n", total / rounds, worst, shell, p->line);
}

static bool copy_self(const char *to)
{
	char command[600], self[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	snprintf(command, sizeof command, "cp %s %s", self, to);
	return !system(command);
}

/* The copies find the library beside them, as the commands do. */
static bool set_up(void)
{
	char self[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0 || !mkdtemp(dir) || chdir(dir) || mkdir("bin", 0700))
		return false;
	self[n] = 0;
	strcat(dirname(self), "/../lib");
	if (symlink(self, "lib") || !copy_self("bin/stream-a") || !copy_self("bin/stream-b") || mkfifo("fifo", 0600))
		return false;
	char path[400];
	snprintf(path, sizeof path, "%s/bin:%s", dir, getenv("PATH"));
	setenv("PATH", path, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 0); /* stdbuf loads a library before the sanitizer's */
	return !system("printf '#!/bin/sh\\nexec stream-b\\n' > script; chmod +x script");
}

/* What can be seen without a shell. */
static void looks(void)
{
	int p[2];
	CHECK(!pipe(p));
	CHECK(peer_look(p[1]) == PEER_UNSETTLED); /* we hold the read end ourselves: nobody else does */
	peer_mark(p[1]);                          /* either end will do: it is one inode */
	CHECK(peer_look(p[1]) == PEER_OURS);
	close(p[0]);
	CHECK(peer_look(p[1]) == PEER_OURS);
	close(p[1]);
	CHECK(!pipe(p));
	close(p[0]);
	CHECK(peer_look(p[1]) == PEER_FOREIGN);
	CHECK(peer_wait(p[1], 500 * MILLISECOND) == PEER_FOREIGN);
	close(p[1]);
	CHECK(!pipe(p));
	int64_t begin = monotonic_now();
	CHECK(peer_wait(p[1], 20 * MILLISECOND) == PEER_FOREIGN);
	CHECK(monotonic_now() - begin >= 20 * MILLISECOND);
	close(p[0]);
	close(p[1]);
	CHECK(peer_look(-1) == PEER_FILE);
	/* what is no anonymous pipe is left alone */
	struct stat before, after;
	int fd = open("fifo", O_RDWR);
	CHECK(!fstat(fd, &before));
	peer_mark(fd);
	CHECK(!fstat(fd, &after) && before.st_mode == after.st_mode);
	close(fd);
	peer_mark(-1);
}

/* As another user the mark can't be set; nothing else happens. */
static void not_owner(void)
{
	if (getuid()) {
		printf("skipped: another user's pipe (needs root)\n");
		return;
	}
	int p[2], status = 0;
	CHECK(!pipe(p));
	pid_t child = fork();
	if (!child) {
		if (setuid(65534))
			_exit(2);
		peer_mark(p[0]);
		struct stat st;
		_exit(fstat(p[0], &st) || st.st_mode & S_ISVTX);
	}
	waitpid(child, &status, 0);
	CHECK(status == 0);
	close(p[0]);
	close(p[1]);
	/* stream-b runs with fewer rights than the pipe's maker: it is known by its name */
	long took;
	CHECK(!chmod(dir, 0755) && !system("chmod -R a+rX bin"));
	CHECK(run("sh", "stream-a log | setpriv --reuid 65534 --clear-groups stream-b", &took) == 'O');
}

int main(int argc, char **argv)
{
	const char *name = basename(argv[0]);
	if (!strcmp(name, "stream-a"))
		return writer(argc, argv);
	if (!strcmp(name, "stream-b"))
		return reader(argc, argv);
	int rounds = argc > 1 ? atoi(argv[1]) : 3, load = argc > 2 ? atoi(argv[2]) : 0;
	if (!set_up()) {
		perror(dir);
		return 1;
	}
	looks();
	not_owner();
	pid_t burners[16];
	for (int i = 0; i < load && i < 16; i++)
		if (!(burners[i] = fork()))
			for (;;)
				;
	for (size_t i = 0; i < sizeof pipelines / sizeof *pipelines; i++) {
		one("dash", &pipelines[i], rounds);
		one("bash", &pipelines[i], rounds);
	}
	for (int i = 0; i < load && i < 16; i++)
		kill(burners[i], SIGKILL);
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	CHECK(!system(command));
	return test_done();
}

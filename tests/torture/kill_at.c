/*
 * Runs a command and kills the n-th step.
 *
 *   kill_at N NAME COMMAND...
 *
 * A step is the moment before or after a system call that can change something (a file, a name, a lock, a pipe), made
 * by any process below COMMAND whose name begins with NAME. What lies between two steps changes nothing, so these are
 * all the moments at which a kill can differ. N = 0: kills none. Prints `STEPS KILLED CALL`: how many steps there were
 * until the kill or the end, how many processes were killed (0 or 1), and the number of the system call; to descriptor
 * 3, for the command has the others. A negative N holds the -Nth step instead, as if by SIGSTOP: that line is written
 * at once, and the process goes on when kill_at gets SIGUSR1, or is killed when it gets SIGUSR2. The status is that of COMMAND, 128 + signal if that is how it ended; 125: no
 * ptrace here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDS = 64, NO_PTRACE = 125 };

struct tracee {
	pid_t pid;
	bool known, counted, inside; /* inside: between the two stops of a call that counts */
};

static struct tracee tracees[PIDS];
static const char *wanted;

static struct tracee *tracee(pid_t pid)
{
	struct tracee *unused = NULL;
	for (int i = 0; i < PIDS; i++)
		if (tracees[i].pid == pid)
			return &tracees[i];
		else if (!tracees[i].pid && !unused)
			unused = &tracees[i];
	if (!unused)
		exit(NO_PTRACE);
	*unused = (struct tracee){.pid = pid};
	return unused;
}

static bool is_wanted(pid_t pid)
{
	char path[64], name[32] = "";
	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
	if (fd >= 0)
		close(fd);
	return n > 0 && !strncmp(name, wanted, strlen(wanted));
}

static bool changes_something(const struct __ptrace_syscall_info *info)
{
	switch (info->entry.nr) {
	case SYS_openat: return info->entry.args[2] & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR);
	case SYS_write:
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_ftruncate:
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_flock:
	case SYS_renameat:
	case SYS_renameat2:
	case SYS_unlinkat:
	case SYS_mkdirat:
	case SYS_linkat:
	case SYS_fchmod:
	case SYS_copy_file_range:
	case SYS_exit_group:
#ifdef SYS_rename
	case SYS_rename:
	case SYS_unlink:
	case SYS_rmdir:
	case SYS_mkdir:
	case SYS_link:
	case SYS_symlink:
#endif
		return true;
	}
	return false;
}

/* Whether the tracee has stopped at a step. */
static bool is_step(struct tracee *t, uint64_t *call)
{
	struct __ptrace_syscall_info info = {0};
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof info, &info) <= 0)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		t->inside = t->counted && changes_something(&info);
		*call = info.entry.nr;
		return t->inside;
	}
	bool was = t->inside && info.op == PTRACE_SYSCALL_INFO_EXIT;
	t->inside = false;
	return was;
}

static pid_t start(char **command)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(3);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		_exit(NO_PTRACE);
	raise(SIGSTOP);
	execvp(command[0], command);
	_exit(127);
}

static void tell(long steps, int killed, uint64_t call)
{
	dprintf(3, "%ld %d %llu\n", steps, killed, (unsigned long long)call);
}

/* Waits to be told what to do with a process that stands still; true: kill it. The others stand still too when they
   come to a system call. */
static bool hold(long steps, uint64_t call)
{
	sigset_t set;
	int signal = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	tell(steps, 1, call);
	sigwait(&set, &signal);
	return signal == SIGUSR2;
}

/* One stop of one tracee; returns the signal to go on with. */
static int stopped(struct tracee *t, int status, long at, long *steps, uint64_t *call, int *killed)
{
	int signal = WSTOPSIG(status);
	if (!t->known) {
		t->known = true;
		t->counted = is_wanted(t->pid);
		if (signal == SIGSTOP)
			return 0;
	}
	if (status >> 16 == PTRACE_EVENT_EXEC)
		t->counted = is_wanted(t->pid);
	if (status >> 16)
		return 0;
	if (signal != (SIGTRAP | 0x80))
		return signal;
	if (*killed || !is_step(t, call) || ++*steps != labs(at))
		return 0;
	*killed = 1;
	if (at > 0 || hold(*steps, *call))
		kill(t->pid, SIGKILL);
	return 0;
}

int main(int argc, char **argv)
{
	enum {
		OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			  PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL
	};
	if (argc < 4)
		return fprintf(stderr, "usage: kill_at N NAME COMMAND...\n"), 2;
	long at = atol(argv[1]), steps = 0;
	uint64_t call = 0;
	int killed = 0, result = 0, status;
	wanted = argv[2];
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid_t first = start(argv + 3), pid;
	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, first, 0, OPTIONS))
		return NO_PTRACE;
	tracee(first)->known = true;
	ptrace(PTRACE_SYSCALL, first, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || (pid < 0 && errno == EINTR)) {
		if (pid < 0)
			continue;
		struct tracee *t = tracee(pid);
		if (WIFSTOPPED(status)) {
			int signal = stopped(t, status, at, &steps, &call, &killed);
			ptrace(PTRACE_SYSCALL, pid, 0, signal);
			continue;
		}
		t->pid = 0;
		if (pid == first)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	if (at >= 0 || !killed)
		tell(steps, killed, call);
	return result;
}

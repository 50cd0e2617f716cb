#include "exec/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"

enum {
	READ_SIZE = 64 << 10,
	PIPE_SIZE = 256 << 10,
	READ_TURN = 1 << 20, /* bytes that one run may give in a turn */
	LINE_HELD = 4096,    /* a longer line of standard error goes on in pieces */
	GRACE_SECONDS = 5,
};

/* -- starting -- */

static int input_file(const char *p, size_t len, struct error *e)
{
	int fd = memfd_create("batch", MFD_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "cannot make the input of a command");
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, p + at, len - at);
		if (n < 0 && errno != EINTR) {
			error_errno(e, "cannot write the input of a command");
			close(fd);
			return e->code;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int watch(struct run *r, int fd, struct error *e)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = r};
	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) ? error_errno(e, "epoll") : 0;
}

static void unwatch(struct run *r, int *fd)
{
	if (*fd < 0)
		return;
	epoll_ctl(r->epoll, EPOLL_CTL_DEL, *fd, NULL);
	close(*fd);
	*fd = -1;
}

static int watch_all(struct run *r, struct error *e)
{
	r->ended_fd = pidfd_open(r->process.pid, 0);
	if (r->ended_fd < 0)
		return error_errno(e, "cannot watch a command");
	fcntl(r->process.output, F_SETPIPE_SZ, PIPE_SIZE); /* larger is only faster; it may be refused */
	fcntl(r->process.output, F_SETFL, O_NONBLOCK);
	fcntl(r->process.errors, F_SETFL, O_NONBLOCK);
	int code = watch(r, r->ended_fd, e);
	if (!code)
		code = watch(r, r->process.output, e);
	return code ? code : watch(r, r->process.errors, e);
}

int run_start(struct run *r, const struct run_options *o, const char *input, size_t len, const char *const *environment,
	      int epoll, struct error *e)
{
	buf_clear(&r->output);
	buf_clear(&r->line);
	*r = (struct run){.options = o, .epoll = epoll, .ended_fd = -1, .output = r->output, .line = r->line};
	int fd = input_file(input, len, e);
	if (fd < 0)
		return fd;
	struct spawn_options how = {
		.pipes = SPAWN_OUTPUT | SPAWN_ERRORS, .input = fd, .group = true, .environment = environment};
	int code = spawn_soon(o->argv, &how, &r->process, e);
	close(fd);
	if (code) {
		r->process.pid = 0;
		return code;
	}
	r->due = o->timeout ? monotonic_now() + o->timeout : INT64_MAX;
	return watch_all(r, e);
}

/* -- its output -- */

/* Reads what is there, up to a turn's worth; false at the end. */
static bool read_some(int fd, size_t most, struct buf *to)
{
	for (size_t got = 0; got < most;) {
		ssize_t n = read(fd, buf_reserve(to, READ_SIZE), READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		to->len += (size_t)n;
		got += (size_t)n;
	}
	return true;
}

static void read_output(struct run *r)
{
	if (r->process.output < 0)
		return;
	if (!read_some(r->process.output, READ_TURN, &r->output))
		unwatch(r, &r->process.output);
	if (!r->fault && r->output.len > r->options->output_max) {
		r->fault = RUN_TOO_MUCH;
		r->due = 0;
	}
	/* It is read on, so that it can end, but nobody wants it. */
	if (r->fault)
		buf_clear(&r->output);
}

/* -- its standard error -- */

static void pass_on(const struct run *r, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(r->options->errors, p, len);
		if (n < 0 && errno != EINTR)
			return;
		p += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static void remember(struct run *r, const char *p, size_t len)
{
	while (len && strchr(" \t\r\n", p[len - 1]))
		len--;
	if (!len)
		return;
	r->last_len = len < RUN_LINE_MAX ? len : RUN_LINE_MAX;
	memcpy(r->last, p, r->last_len);
}

/* Whole lines go on, so that those of commands that run at once stay apart. */
static void take_lines(struct run *r, bool all)
{
	size_t at = 0;
	for (const char *p; (p = memchr(r->line.data + at, '\n', r->line.len - at));) {
		size_t len = (size_t)(p - r->line.data) - at;
		remember(r, r->line.data + at, len);
		at += len + 1;
	}
	if (all || r->line.len - at > LINE_HELD) {
		remember(r, r->line.data + at, r->line.len - at);
		at = r->line.len;
	}
	pass_on(r, r->line.data, at);
	r->line.len -= at;
	memmove(r->line.data, r->line.data + at, r->line.len);
}

static void read_errors(struct run *r)
{
	if (r->process.errors < 0)
		return;
	bool more = read_some(r->process.errors, READ_TURN, &r->line);
	if (r->line.len)
		take_lines(r, !more);
	if (!more)
		unwatch(r, &r->process.errors);
}

/* -- its end -- */

/* It is not waited for before run_end: until then its number, which is that of its group, is nobody else's. */
static bool has_ended(const struct run *r)
{
	siginfo_t info = {0};
	return !waitid(P_PID, (id_t)r->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

static void send(struct run *r, int signal, int64_t now)
{
	int64_t grace = (int64_t)GRACE_SECONDS * SECOND;
	if (r->options->timeout && r->options->timeout < grace)
		grace = r->options->timeout;
	kill(-r->process.pid, signal);
	r->signal = signal;
	r->due = signal == SIGKILL ? INT64_MAX : now + grace;
}

void run_stop(struct run *r, int64_t now)
{
	if (!r->fault)
		r->fault = RUN_UNWANTED;
	send(r, SIGTERM, now);
}

void run_look(struct run *r, int64_t now)
{
	/* In this order: what it wrote before it ended is there. */
	if (r->ended_fd >= 0 && has_ended(r))
		unwatch(r, &r->ended_fd);
	read_output(r);
	read_errors(r);
	if (run_is_over(r) || now < r->due)
		return;
	if (!r->fault)
		r->fault = RUN_TOO_LONG;
	send(r, r->signal ? SIGKILL : SIGTERM, now);
}

bool run_is_over(const struct run *r)
{
	return r->ended_fd < 0 && (r->process.output < 0 || r->fault);
}

static void say_fault(const struct run *r, struct buf *reason)
{
	char text[32];
	if (r->fault == RUN_TOO_LONG) {
		duration_text(r->options->timeout, text);
		buf_printf(reason, "took longer than %s", text);
	} else if (r->fault == RUN_TOO_MUCH) {
		size_text((int64_t)r->options->output_max, text);
		buf_printf(reason, "printed more than %s", text);
	} else {
		buf_string_append(reason, "was stopped");
	}
}

int run_end(struct run *r, struct buf *reason)
{
	siginfo_t info = {0};
	while (waitid(P_PID, (id_t)r->process.pid, &info, WEXITED) && errno == EINTR)
		;
	unwatch(r, &r->ended_fd);
	unwatch(r, &r->process.output);
	read_errors(r);
	if (r->process.errors >= 0 && r->line.len)
		take_lines(r, true);
	unwatch(r, &r->process.errors);
	r->process.pid = 0;
	int not_started = spawn_reason(&r->process);
	bool exited = info.si_code == CLD_EXITED;
	if (exited && !info.si_status && !r->fault)
		return 0;
	if (r->fault)
		say_fault(r, reason);
	else if (not_started)
		buf_string_append(reason, strerror(not_started));
	else if (exited)
		buf_printf(reason, "exit status %d", info.si_status);
	else
		buf_printf(reason, "killed by signal %d (%s)", info.si_status, strsignal(info.si_status));
	if (r->last_len)
		buf_printf(reason, ": %.*s", (int)r->last_len, r->last);
	return exited && !r->fault ? info.si_status : -1;
}

void run_release(struct run *r)
{
	buf_release(&r->output);
	buf_release(&r->line);
}

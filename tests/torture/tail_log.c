#include "tail_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

enum { NAME = 64, KEPT = 60 };

const char *const rotation_names[ROTATIONS] = {"dates",      "shifts", "gzip", "delayed",
					       "truncation", "copies", "link", "any"};
static const char header[] = "#header: when where what";
static const char *const endings[] = {"", ".gz", ".zst"};

static void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	exit(1);
}

/* -- lines -- */

static void put(struct written *w, const char *p, size_t len)
{
	must(write(w->fd, p, len) == (ssize_t)len, "write");
}

static void make_whole(struct log *l, struct written *w)
{
	if (!w->rest)
		return;
	put(w, w->rest, strlen(w->rest));
	ledger_add(l->ledger, w->line, strlen(w->line));
	free(w->rest);
	free(w->line);
	w->rest = w->line = NULL;
}

static void put_line(struct log *l, struct written *w, const char *line)
{
	char text[4096];
	int n = snprintf(text, sizeof text, "%s\n", line);
	put(w, text, (size_t)n);
	ledger_add(l->ledger, line, strlen(line));
}

static void make_line(struct log *l, struct written *w, char line[2048])
{
	int n = sprintf(line, "f%d n%d ", w->number, ++w->lines);
	int pad = one_in(l->dice, 20) ? dice(l->dice, 1900) : dice(l->dice, 40);
	memset(line + n, 'a' + w->lines % 26, (size_t)pad);
	line[n + pad] = 0;
}

static void add_line(struct log *l, struct written *w)
{
	char line[2048];
	make_whole(l, w);
	if (l->headers && w->lines && one_in(l->dice, 30)) {
		put_line(l, w, "- mark -");
		return;
	}
	make_line(l, w, line);
	put_line(l, w, line);
}

static void add_part(struct log *l, struct written *w)
{
	char line[2048];
	make_whole(l, w);
	make_line(l, w, line);
	size_t len = strlen(line), part = 1 + (size_t)dice(l->dice, (int)len);
	put(w, line, part);
	w->line = mem_copy(line, len);
	line[len] = '\n';
	w->rest = mem_copy(line + part, len + 1 - part);
}

static void open_new(struct log *l)
{
	int number = ++l->files;
	l->now = (struct written){.fd = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), .number = number};
	must(l->now.fd >= 0, "log");
	if (l->headers && !one_in(l->dice, 8))
		put_line(l, &l->now, header);
}

static void close_written(struct log *l, struct written *w)
{
	if (w->fd < 0)
		return;
	make_whole(l, w);
	close(w->fd);
	w->fd = -1;
}

void log_init(struct log *l, enum rotation rotation, bool headers, struct dice *dice, struct ledger *ledger)
{
	*l = (struct log){.dice = dice,
			  .ledger = ledger,
			  .rotation = rotation,
			  .headers = headers && rotation != BY_COPIES,
			  .before.fd = -1};
	if (rotation == BY_LINK)
		must(!symlink("log-20260000", "log"), "symlink");
	open_new(l);
}

void log_write(struct log *l)
{
	int count = one_in(l->dice, 8) ? dice(l->dice, 400) : one_in(l->dice, 4) ? 0 : 1 + dice(l->dice, 5);
	if (l->before.fd >= 0 && one_in(l->dice, 2))
		add_line(l, &l->before);
	if (l->before.fd >= 0 && one_in(l->dice, 2))
		close_written(l, &l->before);
	for (int i = 0; i < count; i++)
		add_line(l, &l->now);
	if (one_in(l->dice, 4))
		add_part(l, &l->now);
}

/* -- names -- */

static bool is_there(const char *name)
{
	struct stat st;
	return !lstat(name, &st);
}

static void move(const char *from, const char *to)
{
	must(!rename(from, to) || errno == ENOENT, from);
}

/* All numbers are one greater then. */
static void shift(void)
{
	char from[NAME], to[NAME];
	for (int i = KEPT; i > 0; i--)
		for (size_t j = 0; j < sizeof endings / sizeof *endings; j++) {
			snprintf(from, sizeof from, "log.%d%s", i, endings[j]);
			snprintf(to, sizeof to, "log.%d%s", i + 1, endings[j]);
			if (is_there(from))
				move(from, to);
		}
}

/* In pieces, so that a reader may come between. */
static void copy(struct log *l, const char *from, const char *to)
{
	char piece[1 << 13];
	struct stat st;
	ssize_t n;
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(in >= 0 && out >= 0 && !fstat(in, &st), from);
	while ((n = read(in, piece, sizeof piece)) > 0) {
		must(write(out, piece, (size_t)n) == n, to);
		if (one_in(l->dice, 4))
			pause_within(l->dice, 3000);
	}
	if (one_in(l->dice, 2))
		futimens(out, (struct timespec[]){st.st_atim, st.st_mtim});
	close(in);
	close(out);
}

/* -- rotations -- */

/* The file is not written to any more, or a while longer. */
static void part(struct log *l)
{
	close_written(l, &l->before);
	l->before = l->now;
	l->now.fd = -1;
}

static void end_packing(struct log *l)
{
	int status;
	if (l->packer)
		must(waitpid(l->packer, &status, 0) == l->packer && !status, "the compression");
	l->packer = 0;
}

/* It runs on, until end_packing. */
static void pack(struct log *l, const char *name)
{
	static const char *const commands[] = {"gzip -f \"$1\"", "zstd -q --rm \"$1\"",
					       "gzip <\"$1\" >\"$1.gz\" && rm \"$1\""};
	if (!is_there(name))
		return;
	const char *command = commands[dice(l->dice, 3)];
	l->packer = fork();
	if (!l->packer) {
		execlp("sh", "sh", "-c", command, "sh", name, (char *)NULL);
		_exit(127);
	}
}

static void by_dates(struct log *l)
{
	char to[NAME];
	snprintf(to, sizeof to, "log-%d", 20260000 + ++l->dates);
	part(l);
	move("log", to);
}

static void by_shifts(struct log *l)
{
	part(l);
	shift();
	move("log", "log.1");
}

static void by_gzip(struct log *l, int which)
{
	char name[NAME];
	end_packing(l);
	by_shifts(l);
	if (which == 1)
		close_written(l, &l->before);
	snprintf(name, sizeof name, "log.%d", which);
	pack(l, name);
}

static void truncate_log(struct log *l)
{
	if (one_in(l->dice, 2))
		pause_within(l->dice, 5000);
	must(!ftruncate(l->now.fd, 0), "ftruncate");
	/* A file that held nothing else, and holds it again, is not told from one that was copied and not truncated. */
	bool again = l->headers && l->now.lines && one_in(l->dice, 2);
	l->now = (struct written){.fd = l->now.fd, .number = ++l->files};
	if (again)
		put_line(l, &l->now, header);
}

static void by_truncation(struct log *l)
{
	make_whole(l, &l->now);
	shift();
	copy(l, "log", "log.1");
	truncate_log(l);
}

/* Each is copied over the next, as `cp log.1 log.2; cp log log.1` does it. */
static void by_copies(struct log *l)
{
	enum { CHAIN = 40 };
	char from[NAME], to[NAME];
	make_whole(l, &l->now);
	for (int i = CHAIN; i > 0; i--) {
		snprintf(from, sizeof from, "log.%d", i);
		snprintf(to, sizeof to, "log.%d", i + 1);
		if (is_there(from))
			copy(l, from, to);
	}
	copy(l, "log", "log.1");
	truncate_log(l);
}

static void by_link(struct log *l)
{
	char to[NAME];
	snprintf(to, sizeof to, "log-%d", 20260000 + ++l->dates);
	part(l);
	if (one_in(l->dice, 2)) {
		must(!symlink(to, "link") && !rename("link", "log"), "link");
	} else {
		must(!unlink("log"), "unlink");
		pause_within(l->dice, 2000);
		must(!symlink(to, "log"), "symlink");
	}
}

/* Named otherwise for a while, and written to: a rotation that is undone. */
static void there_and_back(struct log *l)
{
	move("log", "log-20259999");
	if (one_in(l->dice, 2))
		add_line(l, &l->now);
	pause_within(l->dice, 5000);
	move("log-20259999", "log");
}

static enum rotation which_of(struct log *l)
{
	static const enum rotation mixed[] = {BY_SHIFTS, BY_GZIP, BY_DELAYED_GZIP, BY_TRUNCATION};
	return l->rotation == BY_ANY ? mixed[dice(l->dice, 4)] : l->rotation;
}

void log_rotate(struct log *l)
{
	enum rotation r = which_of(l);
	/* Copies of copies: who begins to read amid them cannot know which are whole, and which are of what. */
	if (r == BY_COPIES && l->watched)
		return;
	l->rotations++;
	if (r != BY_LINK && one_in(l->dice, 8)) {
		there_and_back(l);
		return;
	}
	/* Numbers shift when nothing is being compressed, as logrotate(8) does. */
	if (r != BY_DATES && r != BY_LINK)
		end_packing(l);
	switch (r) {
	case BY_DATES: by_dates(l); break;
	case BY_SHIFTS: by_shifts(l); break;
	case BY_GZIP: by_gzip(l, 1); break;
	case BY_DELAYED_GZIP: by_gzip(l, 2); break;
	case BY_TRUNCATION: by_truncation(l); break;
	case BY_COPIES: by_copies(l); break;
	default: by_link(l);
	}
	if (l->now.fd >= 0)
		return;
	/* It is made late. */
	if (one_in(l->dice, 3))
		pause_within(l->dice, 20000);
	open_new(l);
}

void log_settle(struct log *l)
{
	close_written(l, &l->before);
	make_whole(l, &l->now);
	end_packing(l);
}

void log_prune(struct log *l)
{
	char name[NAME];
	/* Where nothing new came, nothing new is remembered: not that the one before was whole. */
	if (!l->now.lines)
		return;
	end_packing(l);
	close_written(l, &l->before);
	for (int i = 0; i <= l->dates; i++) {
		snprintf(name, sizeof name, "log-%d", 20260000 + i);
		if (i < l->dates || l->rotation != BY_LINK)
			unlink(name);
	}
	int from = one_in(l->dice, 2) ? 1 : 2;
	for (int i = from; i <= KEPT + 1; i++)
		for (size_t j = 0; j < sizeof endings / sizeof *endings; j++) {
			snprintf(name, sizeof name, "log.%d%s", i, endings[j]);
			unlink(name);
		}
}

void log_release(struct log *l)
{
	log_settle(l);
	close(l->now.fd);
}

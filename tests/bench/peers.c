/*
 * Clients of Redis streams and of NATS JetStream, as small as they can be, to compare with: both servers on this
 * machine, records as lines of JSON.
 *
 *   peers redis|nats put PORT FILE         each line a record; ends when the server has answered for all
 *   peers redis|nats get PORT COUNT        reads the first so many
 *   peers redis|nats latency PORT COUNT    from sending a record to a waiting reader: p50, p99, max
 *
 * Requests are sent 500 at a time, and the next 500 before the answers to the last are read.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "base/units.h"

enum { AT_ONCE = 500, BLOCK = 1 << 18, RATE = 100 };

struct conn {
	int fd;
	char *block; /* read; [at, len) is not taken yet */
	size_t at, len;
	struct buf out;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void refuse(const char *what, const char *answer)
{
	fprintf(stderr, "peers: %s: %s\n", what, answer);
	exit(1);
}

static struct conn *conn_open(int port)
{
	struct conn *c = mem_zero(sizeof *c);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	c->block = mem_alloc(BLOCK);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to))
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return c;
}

static void conn_send(struct conn *c)
{
	for (size_t at = 0; at < c->out.len;) {
		ssize_t n = write(c->fd, c->out.data + at, c->out.len - at);
		if (n <= 0)
			die("write");
		at += (size_t)n;
	}
	buf_clear(&c->out);
}

static void conn_fill(struct conn *c)
{
	ssize_t n = read(c->fd, c->block, BLOCK);
	if (n <= 0)
		die("the server closed the connection");
	c->at = 0;
	c->len = (size_t)n;
}

static char conn_byte(struct conn *c)
{
	if (c->at == c->len)
		conn_fill(c);
	return c->block[c->at++];
}

/* Up to the end of the line, which is left out; what does not fit is dropped. */
static void conn_line(struct conn *c, char *to, size_t room)
{
	size_t n = 0;
	for (char b; (b = conn_byte(c)) != '\n';)
		if (n + 1 < room && b != '\r')
			to[n++] = b;
	to[n] = 0;
}

/* `len` bytes; those that fit go to `to`, with a NUL behind them. */
static void conn_take(struct conn *c, size_t len, char *to, size_t room)
{
	size_t kept = 0;
	while (len) {
		if (c->at == c->len)
			conn_fill(c);
		size_t n = c->len - c->at < len ? c->len - c->at : len,
		       keep = n < room - 1 - kept ? n : room - 1 - kept;
		memcpy(to + kept, c->block + c->at, keep);
		kept += keep;
		c->at += n;
		len -= n;
	}
	to[kept] = 0;
}

/* -- what both have to do -- */

struct peer {
	void (*start)(struct conn *c);                             /* greets, and makes the stream */
	void (*put)(struct conn *c, const char *line, size_t len); /* into c->out */
	void (*answer)(struct conn *c);                            /* to one put */
	void (*get)(struct conn *c, long count);                   /* all of them */
	void (*wait)(struct conn *c);                              /* before the first that is to come */
	void (*next)(struct conn *c, char *text, size_t room);     /* the record that comes next */
};

/* -- Redis -- */

/* An answer of any kind; the last bulk string of it in `text`. */
static void redis_answer(struct conn *c, char *text, size_t room)
{
	char line[256];
	conn_line(c, line, sizeof line);
	long n = strtol(line + 1, NULL, 10);
	if (*line == '-')
		refuse("redis", line);
	if (*line == '$' && n >= 0) {
		char end[3];
		conn_take(c, (size_t)n, text, room);
		conn_take(c, 2, end, sizeof end);
	}
	for (long i = 0; *line == '*' && i < n; i++)
		redis_answer(c, text, room);
}

static void redis_start(struct conn *c)
{
	(void)c;
}

static void redis_put(struct conn *c, const char *line, size_t len)
{
	buf_printf(&c->out, "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nr\r\n$%zu\r\n", len);
	buf_append(&c->out, line, len);
	buf_append(&c->out, "\r\n", 2);
}

static void redis_put_answer(struct conn *c)
{
	char id[64];
	redis_answer(c, id, sizeof id);
}

/* An entry: its id, then fields and values. */
static void redis_entry(struct conn *c, char *id, size_t room, char *text, size_t text_room)
{
	char line[64];
	conn_line(c, line, sizeof line);
	redis_answer(c, id, room);
	redis_answer(c, text, text_room);
}

static void redis_get(struct conn *c, long count)
{
	char id[64] = "-", line[64], text[64];
	while (count > 0) {
		buf_printf(&c->out, "XRANGE s %s%s + COUNT 1000\r\n", *id == '-' ? "" : "(", id);
		conn_send(c);
		conn_line(c, line, sizeof line);
		long n = strtol(line + 1, NULL, 10);
		if (*line != '*' || !n)
			refuse("XRANGE", line);
		count -= n;
		while (n-- > 0)
			redis_entry(c, id, sizeof id, text, sizeof text);
	}
}

static char redis_seen[64];

static void redis_ask(struct conn *c)
{
	buf_printf(&c->out, "XREAD BLOCK 0 STREAMS s %s\r\n", redis_seen);
	conn_send(c);
}

static void redis_wait(struct conn *c)
{
	strcpy(redis_seen, "$");
	redis_ask(c);
}

static void redis_next(struct conn *c, char *text, size_t room)
{
	char line[64], name[16];
	conn_line(c, line, sizeof line); /* streams */
	conn_line(c, line, sizeof line); /* a name and entries */
	redis_answer(c, name, sizeof name);
	conn_line(c, line, sizeof line);
	redis_entry(c, redis_seen, sizeof redis_seen, text, room);
	redis_ask(c);
}

/* -- NATS -- */

/* Answers come to `answer` below what this connection listens to. */
static void nats_pub(struct conn *c, const char *subject, const char *answer, const char *p, size_t len)
{
	buf_printf(&c->out, "PUB %s to%d.%s %zu\r\n", subject, c->fd, answer, len);
	buf_append(&c->out, p, len);
	buf_append(&c->out, "\r\n", 2);
}

/* The next message, with or without headers. */
static void nats_message(struct conn *c, char *text, size_t room)
{
	char line[512], end[3];
	for (;;) {
		conn_line(c, line, sizeof line);
		if (!strncmp(line, "PING", 4)) {
			buf_append(&c->out, "PONG\r\n", 6);
			conn_send(c);
		} else if (!strncmp(line, "-ERR", 4)) {
			refuse("nats", line);
		} else if (!strncmp(line, "MSG", 3) || !strncmp(line, "HMSG", 4)) {
			break;
		}
	}
	conn_take(c, strtoul(strrchr(line, ' ') + 1, NULL, 10), text, room);
	conn_take(c, 2, end, sizeof end);
}

static void nats_request(struct conn *c, const char *subject, const char *body)
{
	char text[1024];
	nats_pub(c, subject, "request", body, strlen(body));
	conn_send(c);
	nats_message(c, text, sizeof text);
	if (strstr(text, "\"error\""))
		refuse(subject, text);
}

static void nats_start(struct conn *c)
{
	buf_printf(&c->out, "CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB to%d.* 1\r\n", c->fd);
	nats_request(c, "$JS.API.STREAM.CREATE.S", "{\"name\":\"S\",\"subjects\":[\"s\"],\"storage\":\"file\"}");
}

static void nats_put(struct conn *c, const char *line, size_t len)
{
	nats_pub(c, "s", "put", line, len);
}

static void nats_answer(struct conn *c)
{
	char text[512];
	nats_message(c, text, sizeof text);
	if (strstr(text, "\"error\""))
		refuse("PUB", text);
}

static void nats_get(struct conn *c, long count)
{
	char text[64];
	long asked = 0, seen = 0;
	nats_request(c, "$JS.API.CONSUMER.DURABLE.CREATE.S.C",
		     "{\"stream_name\":\"S\",\"config\":{\"durable_name\":\"C\",\"ack_policy\":\"none\",\"deliver_"
		     "policy\":\"all\"}}");
	while (seen < count) {
		for (; asked < count && asked < seen + 4 * AT_ONCE; asked += AT_ONCE) {
			char body[64];
			long n = count - asked < AT_ONCE ? count - asked : AT_ONCE;
			int len = snprintf(body, sizeof body, "{\"batch\":%ld}", n);
			nats_pub(c, "$JS.API.CONSUMER.MSG.NEXT.S.C", "get", body, (size_t)len);
		}
		conn_send(c);
		for (long i = 0; i < AT_ONCE && seen < count; i++, seen++)
			nats_message(c, text, sizeof text);
	}
}

static void nats_wait(struct conn *c)
{
	char body[256];
	/* A consumer is awake for who listens to its very subject, without a wildcard. */
	buf_printf(&c->out, "SUB new%d 2\r\n", c->fd);
	snprintf(body, sizeof body,
		 "{\"stream_name\":\"S\",\"config\":{\"deliver_subject\":\"new%d\",\"ack_policy\":\"none\","
		 "\"deliver_policy\":\"new\"}}",
		 c->fd);
	nats_request(c, "$JS.API.CONSUMER.CREATE.S", body);
}

/* -- measuring -- */

static const struct peer redis = {redis_start, redis_put, redis_put_answer, redis_get, redis_wait, redis_next};
static const struct peer nats = {nats_start, nats_put, nats_answer, nats_get, nats_wait, nats_message};

static void put_file(const struct peer *p, struct conn *c, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0, now = 0, before = 0;
	ssize_t n;
	if (!f)
		die(path);
	while ((n = getline(&line, &room, f)) > 0) {
		p->put(c, line, (size_t)n - (line[n - 1] == '\n'));
		if (++now < AT_ONCE)
			continue;
		conn_send(c);
		for (; before; before--)
			p->answer(c);
		before = now;
		now = 0;
	}
	conn_send(c);
	for (before += now; before; before--)
		p->answer(c);
	free(line);
	fclose(f);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void latency(const struct peer *p, struct conn *writer, struct conn *reader, long count)
{
	int64_t *times = mem_array((size_t)count, sizeof *times), next = monotonic_now() + SECOND / 2;
	p->start(reader);
	p->wait(reader);
	for (long i = 0; i < count; i++, next += SECOND / RATE) {
		char line[64], text[256];
		struct timespec at = {next / SECOND, next % SECOND};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		int64_t before = monotonic_now();
		p->put(writer, line, (size_t)snprintf(line, sizeof line, "{\"t\":%lld}", (long long)before));
		conn_send(writer);
		p->next(reader, text, sizeof text);
		times[i] = monotonic_now() - before;
		if (strcmp(text, line))
			refuse("another record came", text);
		p->answer(writer);
	}
	qsort(times, (size_t)count, sizeof *times, compare);
	printf("p50 %6.3f ms  p99 %6.3f ms  max %6.3f ms\n", (double)times[count / 2] / 1e6,
	       (double)times[count * 99 / 100] / 1e6, (double)times[count - 1] / 1e6);
	free(times);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: peers redis|nats put PORT FILE | get PORT COUNT | latency PORT COUNT\n");
		return 2;
	}
	const struct peer *p = !strcmp(argv[1], "redis") ? &redis : &nats;
	struct conn *c = conn_open(atoi(argv[3]));
	p->start(c);
	if (!strcmp(argv[2], "put"))
		put_file(p, c, argv[4]);
	else if (!strcmp(argv[2], "get"))
		p->get(c, atol(argv[4]));
	else
		latency(p, c, conn_open(atoi(argv[3])), atol(argv[4]));
	return 0;
}

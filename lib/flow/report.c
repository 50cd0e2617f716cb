#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "flow/flow_private.h"

static void write_stderr(const struct buf *text)
{
	ssize_t n = text->len ? write(STDERR_FILENO, text->data, text->len) : 0;
	(void)n;
}

void flow_report(struct flow *f)
{
	struct buf text = BUF_INIT;
	counts_text(&f->upstream, &f->own, &text);
	write_stderr(&text);
	buf_release(&text);
}

/* `12,345,678 records  2.1M/s  43 %`, over itself. */
static void live_line(struct flow *f, bool end)
{
	struct buf text = BUF_INIT;
	uint64_t count = f->command->traits & COMMAND_SOURCE ? f->own.out : f->own.in;
	double seconds = (double)(monotonic_now() - f->started) / SECOND;
	buf_printf(&text, "\r\033[K%s: %" PRIu64 " records, %.0f/s", f->own.command, count,
		   seconds > 0 ? (double)count / seconds : 0.0);
	const struct input *in = f->input_count ? f->inputs[0].input : NULL;
	if (in && input_total(in) > 0 && input_taken(in) <= input_total(in))
		buf_printf(&text, ", %.0f %%", 100.0 * (double)input_taken(in) / (double)input_total(in));
	if (end)
		text.len = (size_t)sprintf(text.data, "\r\033[K");
	write_stderr(&text);
	buf_release(&text);
}

/* Written aside and renamed, so that who scrapes it never sees half of it. */
static int write_metrics(struct flow *f, struct error *e)
{
	struct buf text = BUF_INIT, aside = BUF_INIT;
	counts_metrics(&f->upstream, &f->own, &text);
	buf_printf(&aside, "%s.tmp", f->options.metrics);
	const char *path = buf_string(&aside);
	int r = 0, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len)
		r = error_errno(e, "%s", path);
	if (fd >= 0 && close(fd) && !r)
		r = error_errno(e, "%s", path);
	if (!r && rename(path, f->options.metrics))
		r = error_errno(e, "%s", f->options.metrics);
	buf_release(&text);
	buf_release(&aside);
	return r;
}

int flow_report_live(struct flow *f, bool end, struct error *e)
{
	if (f->options.stats && isatty(STDERR_FILENO))
		live_line(f, end);
	return f->options.metrics ? write_metrics(f, e) : 0;
}

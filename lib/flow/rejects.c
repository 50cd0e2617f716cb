#include <inttypes.h>

#include "flow/flow_private.h"

enum { SHOWN_MAX = 5 };

/* `access.json:17: ` or, where no line is known, `record 17: `. What a source rejects has no place in an input. */
static void place_text(const struct flow *f, const struct batch *b, const struct reject *r, struct buf *out)
{
	if (r->line)
		buf_printf(out, "%s:%" PRIu64 ": ", b->source ? b->source : "stdin", r->line);
	else if (b == f->current)
		buf_printf(out, "record %" PRIu64 ": ", f->own.in - b->rows + r->row + 1);
	else if (f->own.in)
		buf_printf(out, "one of the records up to %" PRIu64 ": ", f->own.in);
}

static void show(struct flow *f, const struct batch *b, const struct reject *r)
{
	if (!f->options.verbose && (f->options.quiet || f->shown == SHOWN_MAX)) {
		if (!f->options.quiet && !f->hidden++)
			message("more records are rejected; --bad DEST keeps them, -v shows all");
		return;
	}
	f->shown++;
	struct buf place = BUF_INIT;
	place_text(f, b, r, &place);
	message("%s%s", buf_string(&place), r->reason);
	buf_release(&place);
}

static int stop_at(struct flow *f, const struct batch *b, const struct reject *r, struct error *e)
{
	struct buf place = BUF_INIT;
	place_text(f, b, r, &place);
	error_set(e, ERR_REJECTED, "%s%s", buf_string(&place), r->reason);
	buf_release(&place);
	return e->code;
}

int flow_take_rejects(struct flow *f, struct batch *b, uint32_t first, struct error *e)
{
	for (uint32_t i = first; i < b->reject_count; i++) {
		const struct reject *r = &b->rejects[i];
		f->own.rejected++;
		if (f->bad.dest) {
			int code = side_reject(&f->bad, b, r, e);
			if (code)
				return code;
		} else {
			f->own.uncaught++;
			if (!f->options.strict)
				show(f, b, r);
		}
		if (f->options.strict)
			return stop_at(f, b, r, e);
	}
	return 0;
}

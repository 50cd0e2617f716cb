/* fsck: a record for each thing that is wrong with a stream, or worth knowing, and one for each shard. */
#include "store/fsck/fsck.h"

#include "ctl.h"

enum { FINDINGS_MAX = 50000 }; /* a batch has room for so many; all are counted */

static struct value place(int64_t n)
{
	return n < 0 ? value_null() : value_int(n);
}

static void found(void *arg, const struct finding *d)
{
	struct ctl *c = arg;
	bool records = d->first < d->behind;
	struct field row[] = {
		{"kind", ctl_text(d->fault ? "fault" : "note")},
		{"shard", place(d->shard)},
		{"file", ctl_text(d->file)},
		{"from", place(d->from)},
		{"to", place(d->to)},
		{"first", records ? value_int((int64_t)d->first) : value_null()},
		{"last", records ? value_int((int64_t)d->behind - 1) : value_null()},
		{"problem", ctl_text(d->problem)},
		{"repair", d->repair ? ctl_text(d->repair) : value_null()},
	};
	if (c->records.rows < FINDINGS_MAX)
		batch_add_row(&c->records, row, sizeof row / sizeof *row);
}

static void checked(void *arg, const struct fsck_shard *s)
{
	struct ctl *c = arg;
	struct field row[] = {
		{"kind", ctl_text("shard")},
		{"shard", value_int(s->shard)},
		{"segments", value_int((int64_t)s->segments)},
		{"records", value_int((int64_t)s->records)},
		{"bytes", value_int((int64_t)s->bytes)},
		{"faults", value_int((int64_t)s->faults)},
	};
	batch_add_row(&c->records, row, sizeof row / sizeof *row);
}

int ctl_fsck(struct ctl *c, struct operands *o, struct error *e)
{
	struct fsck_options options = {.repair = c->repair, .found = found, .checked = checked, .arg = c};
	const char *name;
	uint64_t faults = 0;
	int r = operand_take(o, "STREAM", &name, e);
	if (!r)
		r = ctl_no_more(o, e);
	if (!r)
		r = fsck_stream(&files_real, name, &options, &faults, e);
	if (!r && faults)
		flow_fail_at_end(c->flow, "%s: %llu fault%s %s", name, (unsigned long long)faults,
				 faults == 1 ? "" : "s", c->repair ? "found; `repair` says what was done" : "found");
	return r;
}

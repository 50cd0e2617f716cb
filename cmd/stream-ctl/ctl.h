/*
 * stream-ctl: one verb of it is one file here, or a few that belong together. A verb takes its operands, does its work
 * through lib/store, and leaves records that tell of it, if any, in ctl.records; what it rejects there is reported.
 */
#ifndef STREAM_CMD_CTL_H
#define STREAM_CMD_CTL_H

#include <string.h>

#include "flow/flow.h"
#include "record/batch_rows.h"
#include "store/catalog/home.h"
#include "store/stream/stream.h"

/* The options of all verbs, and what they make. */
struct ctl {
	int64_t shards, retention, max_size; /* the last two: -1 if not given */
	const char *sync, *key, *tier, *at, *from;
	int hash;
	bool repair, force;

	struct flow *flow; /* for warnings */
	struct batch records;
	bool given;
};

/* Returns 0, 1 if there is nothing to tell, or an error. */
typedef int ctl_verb(struct ctl *c, struct operands *o, struct error *e);

ctl_verb ctl_create, ctl_list, ctl_show;
ctl_verb ctl_split, ctl_merge, ctl_scale;
ctl_verb ctl_retain, ctl_compact;
ctl_verb ctl_sync, ctl_delete, ctl_fsck;
ctl_verb ctl_groups, ctl_reset, ctl_replay;

/* ERR_USAGE if operands are left. */
int ctl_no_more(const struct operands *o, struct error *e);
/* Takes STREAM off the operands and opens it. */
int ctl_open(struct operands *o, struct stream *s, struct error *e);

/* The ids of a group's flows, as of now; of all groups. */
void ctl_flows_of(const struct stream *s, const char *group, struct name_list *ids);
void ctl_flows_of_all(const struct stream *s, struct name_list *ids);
/* Removes what these flows, which have been ended, and others that are no more have left in the stream; in all streams of the home. */
int ctl_sweep(const struct stream *s, const struct name_list *ids, struct error *e);
void ctl_sweep_home(const struct name_list *ids);

/* Sets a catalog's tier to a directory that is there, or to NULL for `none`. */
int ctl_tier(const char *text, char **tier, struct error *e);

/* A record for one shard, as `show` gives it. */
int ctl_show_shard(struct ctl *c, const struct stream *s, const struct catalog_shard *shard, struct error *e);

static inline struct value ctl_text(const char *s)
{
	return value_string(s, strlen(s));
}

#endif

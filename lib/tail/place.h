/*
 * How far a file was read, in a form that is kept: lines of a sealed file (store/disk/sealed.h).
 *
 *   tail 1
 *   flow 6f0c...                                            32 hex digits
 *   path /var/log/nginx/access.log                          a path that is followed, and below it the files that it has
 *   file 2049 131090 256 0123456789abcdef 4096 89abcdef01234567 plain access.log.1
 *        |    |      |   |                |    |                |     where it was seen last
 *        |    |      |   |                |    |                plain; packed (compressed); done, packed and read
 *        |    |      |   |                |    |                to its end; skips, inside a line that is too long
 *        |    |      |   |                |    hash of the last bytes (at most 256) before the offset
 *        |    |      |   |                the offset of the first byte that is not taken; of what a packed file holds
 *        |    |      |   its hash         bytes of the fingerprint
 *        device, inode
 *   born 1763812345123456789                                when the file above was made (mark.h), if that is known
 *   check 0123456789abcdef
 *
 * A file's lines come in the order in which they were, or are to be, read. In names a newline is \n and a backslash \\.
 */
#ifndef STREAM_TAIL_PLACE_H
#define STREAM_TAIL_PLACE_H

#include "base/buf.h"
#include "store/claim/claim.h"
#include "tail/mark.h"

struct place {
	struct mark mark;
	int64_t offset;
	uint64_t before; /* hash of what stands before the offset */
	bool packed;     /* compressed */
	bool done;       /* that too, and read to its end */
	bool skips;      /* the offset is inside a line that was too long */
	char *name;      /* without its directory */
};

/* A followed path and its files, oldest first. */
struct path_places {
	char *path;
	struct place *items;
	size_t count, capacity;
};

struct places {
	char flow[FLOW_ID_LENGTH + 1];
	struct path_places *items;
	size_t count, capacity;
};

void places_release(struct places *p);
/* The places of a path; NULL: there are none. */
struct path_places *places_find(const struct places *p, const char *path);
/* The same, empty, made if it is not there. */
struct path_places *places_renew(struct places *p, const char *path);
/* `place.name` is copied. */
void path_places_add(struct path_places *p, const struct place *place);

/* The lines of a snapshot; what `out` held is gone. */
void places_text(const struct places *p, struct buf *out);
/* Returns 1, or 0 if there is no such file. */
int places_load(struct places *p, const struct files *io, const char *path, struct error *e);

#endif

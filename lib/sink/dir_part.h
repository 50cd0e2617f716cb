/* A file that grows in one directory: rows are encoded, packed, written to a hidden file, which is then published. */
#ifndef STREAM_SINK_DIR_PART_H
#define STREAM_SINK_DIR_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/text.h"
#include "record/batch.h"
#include "store/disk/file.h"

enum dir_compress { DIR_PLAIN, DIR_GZIP, DIR_ZSTD, DIR_ZIP };

struct dir_format {
	enum format format;
	enum dir_compress compress;
	bool meta;
};

struct dir_part;
struct dir_flow;

/* `now`: of monotonic_now, for dir_part_opened. `flow`: the file is hidden there (sink/dir_flow.h); NULL: in DIR itself. */
int dir_part_open(const char *dir, const struct dir_format *f, const struct files *io, const struct dir_flow *flow,
		  int64_t now, struct dir_part **out, struct error *e);
/* Takes the selected rows of b; those that the format can't hold become rejects of b. *taken is how many were taken. */
int dir_part_write(struct dir_part *p, struct batch *b, uint64_t *taken, struct error *e);
/* All bytes are written and durable; only publish and free may follow. */
int dir_part_seal(struct dir_part *p, struct error *e);
/* Makes the file visible (seals it first). A part without rows is not published. */
int dir_part_publish(struct dir_part *p, struct error *e);
/* Seals it and leaves it to the flow's next commit. One without rows is removed. */
int dir_part_leave(struct dir_part *p, struct dir_flow *flow, struct error *e);
/* Removes the file, if it was neither published nor left. */
void dir_part_free(struct dir_part *p);

const char *dir_part_dir(const struct dir_part *p);
int64_t dir_part_opened(const struct dir_part *p);
uint64_t dir_part_rows(const struct dir_part *p);
/* Bytes of the file, about: what is not packed yet counts as it is. */
uint64_t dir_part_bytes(const struct dir_part *p);
bool dir_part_sealed(const struct dir_part *p);

#endif

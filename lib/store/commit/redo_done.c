/* What tells that a commit was carried out by others than its flow's present run, who alone may write the ledger. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/catalog/home.h"
#include "store/commit/redo_private.h"

char *redo_directory(const struct stream *s)
{
	return file_path("%s/flows", s->directory);
}

static char *done_path(const struct stream *s, const char *flow, uint64_t n)
{
	return file_path("%s/flows/%s.done.%" PRIu64, s->directory, flow, n);
}

int redo_is_done(const struct stream *s, const char *flow, uint64_t n, struct error *e)
{
	struct file f;
	char *path = done_path(s, flow, n);
	int r = file_find(&f, s->io, path, O_RDONLY, e);
	free(path);
	if (r > 0)
		file_close(&f);
	return r;
}

int redo_say_done(const struct stream *s, const char *flow, uint64_t n, struct error *e)
{
	struct file f;
	char *path = done_path(s, flow, n), *directory = redo_directory(s);
	int r = file_open(&f, s->io, path, O_WRONLY | O_CREAT, e);
	if (!r) {
		file_close(&f);
		r = path_sync(s->io, directory, e);
	}
	free(directory);
	free(path);
	return r;
}

void redo_forget_done(const struct stream *s, const char *flow, uint64_t n)
{
	char *path = done_path(s, flow, n);
	path_remove(s->io, path, NULL);
	free(path);
}

struct search {
	const char *flow;
	struct name_list found;
};

static void look(void *arg, const char *name)
{
	struct search *s = arg;
	size_t len = strlen(s->flow);
	if (!strncmp(name, s->flow, len) && !strncmp(name + len, ".done.", 6))
		name_list_add(&s->found, name);
}

void redo_forget_all_done(const struct stream *s, const char *flow)
{
	struct search all = {.flow = flow};
	char *directory = redo_directory(s);
	path_list(s->io, directory, look, &all, NULL);
	for (size_t i = 0; i < all.found.count; i++) {
		char *path = file_path("%s/%s", directory, all.found.items[i]);
		path_remove(s->io, path, NULL);
		free(path);
	}
	name_list_release(&all.found);
	free(directory);
}

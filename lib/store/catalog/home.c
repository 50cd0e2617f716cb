#include "store/catalog/home.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/opt.h"
#include "store/catalog/catalog.h"

enum { NAME_MAX_LENGTH = 128 };

static const char *variable(const char *name)
{
	const char *text = getenv(name);
	return text && *text ? text : NULL;
}

int home_path(char **path, struct error *e)
{
	const char *at;
	if ((at = variable("STREAM_HOME")))
		*path = file_path("%s", at);
	else if (!geteuid())
		*path = file_path("/var/lib/stream");
	else if ((at = variable("XDG_STATE_HOME")))
		*path = file_path("%s/stream", at);
	else if ((at = variable("HOME")))
		*path = file_path("%s/.local/state/stream", at);
	else
		return error_set(e, ERR_USAGE, "where are the streams? Set STREAM_HOME, or HOME");
	return OK;
}

bool home_is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
	return len && len <= NAME_MAX_LENGTH && !name[len] && strcmp(name, ".") && strcmp(name, "..");
}

int home_stream(const char *name, char **path, struct error *e)
{
	*path = NULL;
	if (strchr(name, '/')) {
		size_t len = strlen(name);
		while (len > 1 && name[len - 1] == '/')
			len--;
		*path = mem_copy(name, len);
		return OK;
	}
	if (!home_is_name(name))
		return error_set(
			e, ERR_USAGE,
			"`%s` is no name for a stream: 1 to %d of the characters a-z A-Z 0-9 _ . - (a path has a /)",
			name, NAME_MAX_LENGTH);
	char *home;
	int r = home_path(&home, e);
	if (!r) {
		*path = file_path("%s/%s", home, name);
		free(home);
	}
	return r;
}

static void add_name(void *arg, const char *name)
{
	struct name_list *list = arg;
	if (!home_is_name(name))
		return;
	if (list->count == list->capacity) {
		list->capacity = mem_grow(list->capacity, list->count + 1);
		list->items = mem_resize(list->items, list->capacity, sizeof *list->items);
	}
	list->items[list->count++] = mem_copy(name, strlen(name));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keeps those that are streams. */
static int keep_streams(const struct files *io, const char *home, struct name_list *list, struct error *e)
{
	size_t kept = 0;
	int r = OK;
	for (size_t i = 0; i < list->count; i++) {
		char *path = file_path("%s/%s", home, list->items[i]);
		int there = r ? 0 : catalog_exists(io, path, e);
		if (there < 0)
			r = there;
		if (there > 0)
			list->items[kept++] = list->items[i];
		else
			free(list->items[i]);
		free(path);
	}
	list->count = kept;
	return r;
}

int home_names(const struct files *io, const char *directory, struct name_list *list, struct error *e)
{
	*list = (struct name_list){0};
	int r = path_list(io, directory, add_name, list, e);
	if (r && errno == ENOENT)
		r = OK;
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, compare_names);
	return r;
}

int home_list(const struct files *io, struct name_list *list, struct error *e)
{
	char *home;
	*list = (struct name_list){0};
	int r = home_path(&home, e);
	if (r)
		return r;
	r = home_names(io, home, list, e);
	if (!r)
		r = keep_streams(io, home, list, e);
	free(home);
	return r;
}

void name_list_add(struct name_list *list, const char *name)
{
	if (list->count == list->capacity) {
		list->capacity = mem_grow(list->capacity, list->count + 1);
		list->items = mem_resize(list->items, list->capacity, sizeof *list->items);
	}
	list->items[list->count++] = mem_copy(name, strlen(name));
}

void name_list_release(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct name_list){0};
}

int home_unknown(const struct files *io, const char *name, struct error *e)
{
	struct name_list list;
	char *home = NULL;
	if (strchr(name, '/'))
		return error_set(e, ERR_USAGE, "there is no stream %s", name);
	int r = home_path(&home, e);
	if (!r && !(r = home_list(io, &list, e))) {
		const char *near = nearest_word(name, strlen(name), (const char *const *)list.items, list.count);
		r = near ? error_set(e, ERR_USAGE, "there is no stream `%s`; is it `%s`?", name, near)
			 : error_set(e, ERR_USAGE, "there is no stream `%s` in %s", name, home);
		name_list_release(&list);
	}
	free(home);
	return r;
}

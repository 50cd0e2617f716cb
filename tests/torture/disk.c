#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/mem.h"
#include "codec/hash.h"

static struct disk *disk_of(const struct files *io)
{
	return (struct disk *)(uintptr_t)io;
}

uint32_t dice(uint64_t *state, uint32_t sides)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % sides;
}

/* -- contents and entries -- */

static void bytes_resize(struct bytes *b, size_t len)
{
	if (len > b->capacity) {
		b->capacity = len + len / 2 + 64;
		b->p = mem_resize(b->p, b->capacity, 1);
	}
	if (len > b->len)
		memset(b->p + b->len, 0, len - b->len);
	b->len = len;
}

static void bytes_write(struct bytes *b, const char *p, size_t len, int64_t at)
{
	if (!len)
		return;
	if (b->len < (size_t)at + len)
		bytes_resize(b, (size_t)at + len);
	memcpy(b->p + at, p, len);
}

static struct bytes bytes_copy(const struct bytes *b)
{
	struct bytes copy = {.p = b->len ? mem_copy(b->p, b->len) : NULL, .len = b->len, .capacity = b->len};
	return copy;
}

static int entries_find(const struct entries *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].name, name))
			return l->items[i].node;
	return -1;
}

/* -1 removes the name. */
static void entries_set(struct entries *l, const char *name, int node)
{
	size_t i = 0;
	while (i < l->count && strcmp(l->items[i].name, name))
		i++;
	if (node < 0) {
		if (i < l->count)
			l->items[i] = l->items[--l->count];
		return;
	}
	if (i == l->count) {
		if (l->count == l->capacity) {
			l->capacity = mem_grow(l->capacity, l->count + 1);
			l->items = mem_resize(l->items, l->capacity, sizeof *l->items);
		}
		snprintf(l->items[l->count++].name, sizeof l->items->name, "%s", name);
	}
	l->items[i].node = node;
}

static struct entries entries_copy(const struct entries *l)
{
	struct entries copy = {.count = l->count, .capacity = l->count};
	if (l->count)
		copy.items = memcpy(mem_array(l->count, sizeof *l->items), l->items, l->count * sizeof *l->items);
	return copy;
}

/* -- changes -- */

static void apply(struct disk *d, const struct change *c, bool base, struct fate fate)
{
	struct node *n = &d->nodes[c->node];
	struct bytes *b = base ? &n->base : &n->now;
	struct entries *l = base ? &n->base_list : &n->list;
	size_t cut = fate.cut < c->len ? fate.cut : c->len;
	if (fate.kind == FATE_LOST)
		return;
	switch (c->kind) {
	case CHANGE_WRITE:
		if ((fate.kind == FATE_FRONT_ZEROS || fate.kind == FATE_ZEROS) && b->len < (size_t)c->at + c->len)
			bytes_resize(b, (size_t)c->at + c->len);
		if (fate.kind == FATE_TAIL)
			bytes_write(b, c->p + cut, c->len - cut, c->at + (int64_t)cut);
		else if (fate.kind != FATE_ZEROS)
			bytes_write(b, c->p, fate.kind == FATE_KEPT ? c->len : cut, c->at);
		break;
	case CHANGE_CUT: bytes_resize(b, (size_t)c->at); break;
	case CHANGE_NAME: entries_set(l, c->name, c->target); break;
	case CHANGE_RENAME:
		entries_set(l, c->name, -1);
		entries_set(base ? &d->nodes[c->to].base_list : &d->nodes[c->to].list, c->to_name, c->target);
		break;
	}
}

static bool same_place(const struct change *a, const struct change *b)
{
	if (a->node == b->node)
		return true;
	return (a->kind == CHANGE_RENAME && a->to == b->node) || (b->kind == CHANGE_RENAME && b->to == a->node) ||
	       (a->kind == CHANGE_RENAME && b->kind == CHANGE_RENAME && a->to == b->to);
}

/* What is certain, and has nothing uncertain before it in the same place, becomes part of the base. */
static void fold(struct disk *d)
{
	size_t kept = 0;
	for (size_t i = 0; i < d->change_count; i++) {
		struct change *c = &d->changes[i];
		bool free_to_go = c->certain;
		for (size_t k = 0; free_to_go && k < kept; k++)
			free_to_go = !same_place(&d->changes[k], c);
		if (free_to_go) {
			apply(d, c, true, (struct fate){0});
			free(c->p);
		} else {
			d->changes[kept++] = *c;
		}
	}
	d->change_count = kept;
}

static void forget(struct disk *d, size_t i)
{
	free(d->changes[i].p);
	d->change_count--;
	memmove(d->changes + i, d->changes + i + 1, (d->change_count - i) * sizeof *d->changes);
	fold(d);
}

/* The kernel writes back what it likes, when it likes. Too many changes on the way would make too many states. */
static void write_back(struct disk *d)
{
	if (d->change_count >= DISK_CHANGES_MAX || !dice(&d->dice, 40)) {
		while (d->change_count) {
			size_t i = dice(&d->dice, 3) ? 0 : dice(&d->dice, (uint32_t)d->change_count);
			if (d->changes[i].poisoned && dice(&d->dice, 2)) {
				forget(d, i);
			} else {
				d->changes[i].certain = true;
				fold(d);
			}
			if (d->change_count < DISK_CHANGES_MAX - 1)
				break;
		}
	}
}

static void change(struct disk *d, const struct change *c)
{
	write_back(d);
	if (d->change_count == d->change_capacity) {
		d->change_capacity = mem_grow(d->change_capacity, d->change_count + 1);
		d->changes = mem_resize(d->changes, d->change_capacity, sizeof *d->changes);
	}
	d->changes[d->change_count] = *c;
	d->changes[d->change_count++].serial = ++d->serial;
	apply(d, c, false, (struct fate){0});
	if (d->changed)
		d->changed(d->arg);
}

static void change_name(struct disk *d, int directory, const char *name, int target)
{
	struct change c = {.kind = CHANGE_NAME, .node = directory, .target = target};
	snprintf(c.name, sizeof c.name, "%s", name);
	change(d, &c);
}

/* -- paths -- */

/* The directory that holds the last part of path, and that part. -1 and errno if there is none. */
static int find_parent(const struct disk *d, const char *path, char last[64])
{
	int at = 0, above = 0;
	last[0] = 0;
	while (*path) {
		size_t len = strcspn(path, "/");
		if (len && !(len == 1 && *path == '.')) {
			if (at < 0)
				return errno = ENOENT, -1;
			if (!d->nodes[at].directory)
				return errno = ENOTDIR, -1;
			if (len >= 64)
				return errno = ENAMETOOLONG, -1;
			memcpy(last, path, len);
			last[len] = 0;
			above = at;
			at = entries_find(&d->nodes[at].list, last);
		} else if (len && at >= 0 && !d->nodes[at].directory) {
			return errno = ENOTDIR, -1;
		}
		path += len + (path[len] == '/');
	}
	return above;
}

static int find(const struct disk *d, const char *path)
{
	char last[64];
	int above = find_parent(d, path, last);
	if (above < 0 || !*last)
		return above;
	int node = entries_find(&d->nodes[above].list, last);
	if (node < 0)
		errno = ENOENT;
	return node;
}

static int add_node(struct disk *d, bool directory)
{
	d->nodes = mem_resize(d->nodes, d->node_count + 1, sizeof *d->nodes);
	d->nodes[d->node_count] = (struct node){.directory = directory, .holder = -1};
	return (int)d->node_count++;
}

/* -- the file layer -- */

enum { SHORT_STEP = 256 };

static void before(struct disk *d)
{
	if (d->before)
		d->before(d->arg);
}

static bool strikes(struct disk *d, int one_in, uint64_t *count)
{
	if (!one_in || dice(&d->dice, (uint32_t)one_in))
		return false;
	++*count;
	return true;
}

static int open_node(struct disk *d, int node)
{
	size_t fd = 0;
	while (fd < d->file_count && d->files[fd].node >= 0)
		fd++;
	if (fd == d->file_count) {
		d->files = mem_resize(d->files, d->file_count + 1, sizeof *d->files);
		d->file_count++;
	}
	d->files[fd] = (struct open_file){node, d->owner};
	return (int)fd;
}

static int disk_open(const struct files *io, const char *path, int flags, mode_t mode)
{
	struct disk *d = disk_of(io);
	char last[64];
	(void)mode;
	before(d);
	int above = find_parent(d, path, last);
	if (above < 0)
		return -1;
	int node = *last ? entries_find(&d->nodes[above].list, last) : above;
	if (node < 0 && !(flags & O_CREAT))
		return errno = ENOENT, -1;
	if (node >= 0 && flags & O_CREAT && flags & O_EXCL)
		return errno = EEXIST, -1;
	if (node >= 0 && flags & O_DIRECTORY && !d->nodes[node].directory)
		return errno = ENOTDIR, -1;
	if (node >= 0 && d->nodes[node].directory && (flags & O_ACCMODE) != O_RDONLY)
		return errno = EISDIR, -1;
	if (node < 0) {
		if (strikes(d, d->full, &d->refused))
			return errno = ENOSPC, -1;
		node = add_node(d, false);
		change_name(d, above, last, node);
	} else if (flags & O_TRUNC && d->nodes[node].now.len) {
		change(d, &(struct change){.kind = CHANGE_CUT, .node = node});
	}
	return open_node(d, node);
}

static struct node *node_of(struct disk *d, int fd)
{
	if (fd < 0 || (size_t)fd >= d->file_count || d->files[fd].node < 0)
		return NULL;
	return &d->nodes[d->files[fd].node];
}

static void close_file(struct disk *d, int fd)
{
	struct node *n = node_of(d, fd);
	if (n && n->holder == fd)
		n->holder = -1;
	if (n)
		d->files[fd].node = -1;
}

static void disk_close(const struct files *io, int fd)
{
	close_file(disk_of(io), fd);
}

void disk_kill(struct disk *d, const void *owner)
{
	for (size_t fd = 0; fd < d->file_count; fd++)
		if (d->files[fd].node >= 0 && d->files[fd].owner == owner)
			close_file(d, (int)fd);
}

static ssize_t disk_pread(const struct files *io, int fd, void *p, size_t len, int64_t at)
{
	struct disk *d = disk_of(io);
	before(d);
	struct node *n = node_of(d, fd);
	if (!n)
		return errno = EBADF, -1;
	if (n->directory)
		return errno = EISDIR, -1;
	if (at >= (int64_t)n->now.len)
		return 0;
	if (len > n->now.len - (size_t)at)
		len = n->now.len - (size_t)at;
	if (d->short_writes && len > 1 && strikes(d, d->short_writes * 4, &d->shortened))
		len = 1 + dice(&d->dice, (uint32_t)len - 1);
	memcpy(p, n->now.p + at, len);
	return (ssize_t)len;
}

static ssize_t disk_pwrite(const struct files *io, int fd, const void *p, size_t len, int64_t at)
{
	struct disk *d = disk_of(io);
	before(d);
	if (!node_of(d, fd))
		return errno = EBADF, -1;
	if (strikes(d, d->full, &d->refused))
		return errno = ENOSPC, -1;
	/* A kernel stops short at the end of a page or a block, not within: what is small is there or not. */
	int64_t boundary = (at / SHORT_STEP + 1) * SHORT_STEP;
	if (boundary < at + (int64_t)len && strikes(d, d->short_writes, &d->shortened)) {
		uint32_t steps = (uint32_t)((at + (int64_t)len - boundary + SHORT_STEP - 1) / SHORT_STEP);
		len = (size_t)(boundary - at) + SHORT_STEP * dice(&d->dice, steps);
	}
	change(d,
	       &(struct change){
		       .kind = CHANGE_WRITE, .node = d->files[fd].node, .at = at, .p = mem_copy(p, len), .len = len});
	return (ssize_t)len;
}

static int disk_sync(const struct files *io, int fd)
{
	struct disk *d = disk_of(io);
	before(d);
	struct node *n = node_of(d, fd);
	if (!n)
		return errno = EBADF, -1;
	int node = d->files[fd].node;
	bool fails = strikes(d, d->sync_failures, &d->failed);
	bool lies = d->lie == (n->directory ? LIE_DIRECTORIES : LIE_FILES);
	/* What comes while it runs is not its business. */
	uint64_t last = d->serial;
	before(d);
	for (size_t i = 0; i < d->change_count; i++) {
		struct change *c = &d->changes[i];
		if (c->serial > last || (c->node != node && !(c->kind == CHANGE_RENAME && c->to == node)))
			continue;
		if (fails)
			c->poisoned = !d->nodes[node].directory;
		else if (!c->poisoned && !lies)
			c->certain = true;
	}
	if (!fails)
		fold(d);
	d->failing = fails;
	if (d->changed)
		d->changed(d->arg);
	d->failing = false;
	return fails ? (errno = EIO, -1) : 0;
}

static int disk_truncate(const struct files *io, int fd, int64_t size)
{
	struct disk *d = disk_of(io);
	before(d);
	struct node *n = node_of(d, fd);
	if (!n)
		return errno = EBADF, -1;
	if (size != (int64_t)n->now.len)
		change(d, &(struct change){.kind = CHANGE_CUT, .node = d->files[fd].node, .at = size});
	return 0;
}

static int disk_size(const struct files *io, int fd, int64_t *size)
{
	struct disk *d = disk_of(io);
	before(d);
	struct node *n = node_of(d, fd);
	if (!n)
		return errno = EBADF, -1;
	*size = (int64_t)n->now.len;
	return 0;
}

static int disk_linked(const struct files *io, int fd, const char *path)
{
	struct disk *d = disk_of(io);
	before(d);
	if (!node_of(d, fd))
		return errno = EBADF, -1;
	return find(d, path) == d->files[fd].node;
}

static int disk_lock(const struct files *io, int fd, int operation)
{
	struct disk *d = disk_of(io);
	before(d);
	for (;;) {
		struct node *n = node_of(d, fd);
		if (!n)
			return errno = EBADF, -1;
		if (operation & LOCK_UN) {
			if (n->holder == fd)
				n->holder = -1;
			return 0;
		}
		if (n->holder < 0 || n->holder == fd) {
			n->holder = fd;
			return 0;
		}
		if (operation & LOCK_NB)
			return errno = EWOULDBLOCK, -1;
		if (!d->wait)
			return errno = EDEADLK, -1;
		d->wait(d->arg);
	}
}

static int rename_now(struct disk *d, const char *from, const char *to)
{
	struct change c = {.kind = CHANGE_RENAME};
	c.node = find_parent(d, from, c.name);
	c.to = find_parent(d, to, c.to_name);
	if (c.node < 0 || c.to < 0)
		return -1;
	c.target = entries_find(&d->nodes[c.node].list, c.name);
	int there = entries_find(&d->nodes[c.to].list, c.to_name);
	if (c.target < 0)
		return errno = ENOENT, -1;
	if (there >= 0 && d->nodes[there].directory != d->nodes[c.target].directory)
		return errno = d->nodes[there].directory ? EISDIR : ENOTDIR, -1;
	if (there >= 0 && d->nodes[there].list.count)
		return errno = ENOTEMPTY, -1;
	change(d, &c);
	return 0;
}

static int disk_rename(const struct files *io, const char *from, const char *to)
{
	before(disk_of(io));
	return rename_now(disk_of(io), from, to);
}

static int disk_rename_new(const struct files *io, const char *from, const char *to)
{
	before(disk_of(io));
	return find(disk_of(io), to) >= 0 ? (errno = EEXIST, -1) : rename_now(disk_of(io), from, to);
}

static int disk_link(const struct files *io, const char *from, const char *to)
{
	struct disk *d = disk_of(io);
	char last[64];
	before(d);
	int node = find(d, from), above = find_parent(d, to, last);
	if (node < 0 || above < 0)
		return -1;
	if (entries_find(&d->nodes[above].list, last) >= 0)
		return errno = EEXIST, -1;
	if (strikes(d, d->full, &d->refused))
		return errno = ENOSPC, -1;
	change_name(d, above, last, node);
	d->linked++;
	return 0;
}

static int disk_mkdir(const struct files *io, const char *path, mode_t mode)
{
	struct disk *d = disk_of(io);
	char last[64];
	(void)mode;
	before(d);
	int above = find_parent(d, path, last);
	if (above < 0)
		return -1;
	if (!*last || entries_find(&d->nodes[above].list, last) >= 0)
		return errno = EEXIST, -1;
	int node = add_node(d, true);
	change_name(d, above, last, node);
	return 0;
}

static int disk_remove(const struct files *io, const char *path)
{
	struct disk *d = disk_of(io);
	char last[64];
	before(d);
	int above = find_parent(d, path, last);
	if (above < 0)
		return -1;
	int node = *last ? entries_find(&d->nodes[above].list, last) : -1;
	if (node < 0)
		return errno = ENOENT, -1;
	if (d->nodes[node].list.count)
		return errno = ENOTEMPTY, -1;
	change_name(d, above, last, -1);
	return 0;
}

static int disk_list(const struct files *io, const char *path, void (*each)(void *arg, const char *name), void *arg)
{
	struct disk *d = disk_of(io);
	before(d);
	int node = find(d, path);
	if (node < 0)
		return -1;
	if (!d->nodes[node].directory)
		return errno = ENOTDIR, -1;
	/* The callback may remove what it is shown. */
	struct entries list = entries_copy(&d->nodes[node].list);
	for (size_t i = 0; i < list.count; i++)
		each(arg, list.items[i].name);
	free(list.items);
	return 0;
}

static int disk_boot(const struct files *io, uint8_t id[BOOT_ID_SIZE])
{
	memset(id, disk_of(io)->boot, BOOT_ID_SIZE);
	return 0;
}

static int disk_notify(const struct files *io)
{
	(void)io;
	return errno = EMFILE, -1;
}

static int disk_watch(const struct files *io, int fd, const char *path, uint32_t mask)
{
	(void)io, (void)fd, (void)path, (void)mask;
	return errno = ENOSPC, -1;
}

static const struct files disk_io = {
	.open = disk_open,
	.close = disk_close,
	.pread = disk_pread,
	.pwrite = disk_pwrite,
	.datasync = disk_sync,
	.sync = disk_sync,
	.truncate = disk_truncate,
	.size = disk_size,
	.linked = disk_linked,
	.lock = disk_lock,
	.rename = disk_rename,
	.rename_new = disk_rename_new,
	.link = disk_link,
	.mkdir = disk_mkdir,
	.remove = disk_remove,
	.list = disk_list,
	.boot = disk_boot,
	.notify = disk_notify,
	.watch = disk_watch,
};

/* -- disks -- */

void disk_init(struct disk *d, uint64_t seed)
{
	*d = (struct disk){.io = disk_io, .dice = seed, .boot = 1};
	add_node(d, true);
}

void disk_release(struct disk *d)
{
	for (size_t i = 0; i < d->node_count; i++) {
		struct node *n = &d->nodes[i];
		free(n->now.p);
		free(n->base.p);
		free(n->list.items);
		free(n->base_list.items);
	}
	for (size_t i = 0; i < d->change_count; i++)
		free(d->changes[i].p);
	free(d->nodes);
	free(d->changes);
	free(d->files);
	*d = (struct disk){0};
}

static struct node node_copy(const struct node *n)
{
	return (struct node){
		.directory = n->directory,
		.now = bytes_copy(&n->now),
		.base = bytes_copy(&n->base),
		.list = entries_copy(&n->list),
		.base_list = entries_copy(&n->base_list),
		.holder = -1,
	};
}

static void keep_change(struct disk *to, const struct change *c)
{
	struct change *mine = &to->changes[to->change_count++];
	*mine = *c;
	if (c->p)
		mine->p = mem_copy(c->p, c->len);
}

/* Room for the changes of d, and none of them. */
static void copy_nodes(struct disk *to, const struct disk *d)
{
	*to = (struct disk){.io = disk_io, .dice = d->dice, .boot = d->boot, .lie = d->lie, .serial = d->serial};
	to->nodes = mem_array(d->node_count, sizeof *to->nodes);
	to->node_count = d->node_count;
	for (size_t i = 0; i < d->node_count; i++)
		to->nodes[i] = node_copy(&d->nodes[i]);
	to->change_capacity = d->change_count + 1;
	to->changes = mem_array(to->change_capacity, sizeof *to->changes);
}

void disk_copy(struct disk *to, const struct disk *d)
{
	copy_nodes(to, d);
	for (size_t i = 0; i < d->change_count; i++)
		keep_change(to, &d->changes[i]);
}

/* What processes see is what the disk has. */
static void show_base(struct disk *d)
{
	for (size_t i = 0; i < d->node_count; i++) {
		struct node *n = &d->nodes[i];
		free(n->now.p);
		free(n->list.items);
		n->now = bytes_copy(&n->base);
		n->list = entries_copy(&n->base_list);
	}
}

void disk_cut_power(struct disk *to, const struct disk *d, const struct fate *fates)
{
	copy_nodes(to, d);
	to->boot++;
	to->serial = 0;
	for (size_t i = 0; i < d->change_count; i++)
		apply(to, &d->changes[i], true, d->changes[i].certain ? (struct fate){0} : fates[i]);
	show_base(to);
}

void disk_reset(struct disk *to, const struct disk *d, const struct fate *fates)
{
	copy_nodes(to, d);
	to->boot++;
	show_base(to);
	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];
		if (!c->certain && (c->poisoned || fates[i].kind == FATE_LOST))
			continue;
		keep_change(to, c);
		apply(to, c, false, (struct fate){0});
	}
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	a ^= b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2);
	return a * 0xff51afd7ed558ccdu;
}

static uint64_t hash_node(const struct disk *d, int node)
{
	const struct node *n = &d->nodes[node];
	if (!n->directory)
		return n->now.len ? hash64(n->now.p, n->now.len) : 1;
	uint64_t sum = 2;
	for (size_t i = 0; i < n->list.count; i++)
		sum += mix(hash64(n->list.items[i].name, strlen(n->list.items[i].name)),
			   hash_node(d, n->list.items[i].node));
	return sum;
}

uint64_t disk_hash(const struct disk *d)
{
	uint64_t sum = hash_node(d, 0);
	for (size_t i = 0; i < d->change_count; i++)
		sum = mix(sum, d->changes[i].serial * 4 + d->changes[i].certain * 2 + d->changes[i].poisoned);
	return sum;
}

static void print_node(const struct disk *d, int node, const char *name, int depth)
{
	const struct node *n = &d->nodes[node];
	fprintf(stderr, "%*s%s node %d: %zu\n", depth * 2, "", name, node, n->directory ? n->list.count : n->now.len);
	for (size_t i = 0; i < n->list.count; i++)
		print_node(d, n->list.items[i].node, n->list.items[i].name, depth + 1);
}

void disk_print(const struct disk *d, const struct fate *fates)
{
	static const char *const kinds[] = {"write", "cut", "name", "rename"};
	static const char *const names[] = {"kept", "lost", "front", "front, zeros", "tail", "zeros"};
	print_node(d, 0, "/", 1);
	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];
		fprintf(stderr, "  change %zu: %s of node %d at %lld, %zu bytes, %s -> %s %d%s%s: %s at %u\n", i,
			kinds[c->kind], c->node, (long long)c->at, c->len, c->name, c->to_name, c->target,
			c->certain ? ", certain" : "", c->poisoned ? ", poisoned" : "",
			fates ? names[fates[i].kind] : "-", fates ? fates[i].cut : 0);
	}
}

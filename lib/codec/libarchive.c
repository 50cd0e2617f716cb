#include "codec/libarchive.h"

#include <assert.h>
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define SYMBOL(member, name)                                                                                           \
	{                                                                                                              \
		offsetof(struct libarchive, member), name                                                              \
	}

static const struct {
	size_t offset;
	const char *name;
} symbols[] = {
	SYMBOL(error_string, "archive_error_string"),
	SYMBOL(format, "archive_format"),
	SYMBOL(entry_new, "archive_entry_new"),
	SYMBOL(entry_free, "archive_entry_free"),
	SYMBOL(entry_pathname, "archive_entry_pathname"),
	SYMBOL(entry_pathname_utf8, "archive_entry_pathname_utf8"),
	SYMBOL(entry_filetype, "archive_entry_filetype"),
	SYMBOL(entry_hardlink, "archive_entry_hardlink"),
	SYMBOL(entry_set_pathname, "archive_entry_set_pathname"),
	SYMBOL(entry_set_filetype, "archive_entry_set_filetype"),
	SYMBOL(entry_set_perm, "archive_entry_set_perm"),
	SYMBOL(read_new, "archive_read_new"),
	SYMBOL(read_free, "archive_read_free"),
	SYMBOL(read_open, "archive_read_open"),
	SYMBOL(read_open_fd, "archive_read_open_fd"),
	SYMBOL(read_next_header, "archive_read_next_header"),
	SYMBOL(read_data, "archive_read_data"),
	SYMBOL(read_data_block, "archive_read_data_block"),
	SYMBOL(read_gzip, "archive_read_support_filter_gzip"),
	SYMBOL(read_zstd, "archive_read_support_filter_zstd"),
	SYMBOL(read_xz, "archive_read_support_filter_xz"),
	SYMBOL(read_bzip2, "archive_read_support_filter_bzip2"),
	SYMBOL(read_lz4, "archive_read_support_filter_lz4"),
	SYMBOL(read_zip, "archive_read_support_format_zip_streamable"),
	SYMBOL(read_tar, "archive_read_support_format_tar"),
	SYMBOL(read_7zip, "archive_read_support_format_7zip"),
	SYMBOL(read_cpio, "archive_read_support_format_cpio"),
	SYMBOL(read_raw, "archive_read_support_format_raw"),
	SYMBOL(read_empty, "archive_read_support_format_empty"),
	SYMBOL(write_new, "archive_write_new"),
	SYMBOL(write_free, "archive_write_free"),
	SYMBOL(write_open, "archive_write_open"),
	SYMBOL(write_close, "archive_write_close"),
	SYMBOL(write_header, "archive_write_header"),
	SYMBOL(write_data, "archive_write_data"),
	SYMBOL(write_gzip, "archive_write_add_filter_gzip"),
	SYMBOL(write_set_options, "archive_write_set_options"),
	SYMBOL(write_raw, "archive_write_set_format_raw"),
	SYMBOL(write_zip, "archive_write_set_format_zip"),
	SYMBOL(write_set_bytes_per_block, "archive_write_set_bytes_per_block"),
	SYMBOL(write_set_bytes_in_last_block, "archive_write_set_bytes_in_last_block"),
};

static_assert(sizeof symbols / sizeof *symbols == sizeof(struct libarchive) / sizeof(void (*)(void)),
	      "each member has its symbol");

int libarchive_load(struct libarchive *l, struct error *e)
{
	void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library)
		return error_set(e, ERR_FAILED,
				 "compressed files and archives need libarchive: install the package libarchive13 (%s)",
				 dlerror());
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		void *p = dlsym(library, symbols[i].name);
		if (!p)
			return error_set(e, ERR_FAILED, "libarchive is too old: it has no %s (package libarchive13)",
					 symbols[i].name);
		memcpy((char *)l + symbols[i].offset, &p, sizeof p);
	}
	return OK;
}

/*
 * The functions of libarchive that we call, found when they are first needed. Only lib/codec's archive files use this.
 * The library is never unloaded: to load it takes 3 ms, and the next file comes soon.
 */
#ifndef STREAM_CODEC_LIBARCHIVE_H
#define STREAM_CODEC_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include "base/error.h"

struct libarchive {
	__typeof__(&archive_error_string) error_string;
	__typeof__(&archive_format) format;
	__typeof__(&archive_entry_new) entry_new;
	__typeof__(&archive_entry_free) entry_free;
	__typeof__(&archive_entry_pathname) entry_pathname;
	__typeof__(&archive_entry_pathname_utf8) entry_pathname_utf8;
	__typeof__(&archive_entry_filetype) entry_filetype;
	__typeof__(&archive_entry_hardlink) entry_hardlink;
	__typeof__(&archive_entry_set_pathname) entry_set_pathname;
	__typeof__(&archive_entry_set_filetype) entry_set_filetype;
	__typeof__(&archive_entry_set_perm) entry_set_perm;
	__typeof__(&archive_read_new) read_new;
	__typeof__(&archive_read_free) read_free;
	__typeof__(&archive_read_open) read_open;
	__typeof__(&archive_read_open_fd) read_open_fd;
	__typeof__(&archive_read_next_header) read_next_header;
	__typeof__(&archive_read_data) read_data;
	__typeof__(&archive_read_data_block) read_data_block;
	__typeof__(&archive_read_support_filter_gzip) read_gzip;
	__typeof__(&archive_read_support_filter_zstd) read_zstd;
	__typeof__(&archive_read_support_filter_xz) read_xz;
	__typeof__(&archive_read_support_filter_bzip2) read_bzip2;
	__typeof__(&archive_read_support_filter_lz4) read_lz4;
	__typeof__(&archive_read_support_format_zip_streamable) read_zip;
	__typeof__(&archive_read_support_format_tar) read_tar;
	__typeof__(&archive_read_support_format_7zip) read_7zip;
	__typeof__(&archive_read_support_format_cpio) read_cpio;
	__typeof__(&archive_read_support_format_raw) read_raw;
	__typeof__(&archive_read_support_format_empty) read_empty;
	__typeof__(&archive_write_new) write_new;
	__typeof__(&archive_write_free) write_free;
	__typeof__(&archive_write_open) write_open;
	__typeof__(&archive_write_close) write_close;
	__typeof__(&archive_write_header) write_header;
	__typeof__(&archive_write_data) write_data;
	__typeof__(&archive_write_add_filter_gzip) write_gzip;
	__typeof__(&archive_write_set_options) write_set_options;
	__typeof__(&archive_write_set_format_raw) write_raw;
	__typeof__(&archive_write_set_format_zip) write_zip;
	__typeof__(&archive_write_set_bytes_per_block) write_set_bytes_per_block;
	__typeof__(&archive_write_set_bytes_in_last_block) write_set_bytes_in_last_block;
};

int libarchive_load(struct libarchive *l, struct error *e);

#endif

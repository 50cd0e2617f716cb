#include "codec/zstd.h"

#include <stdint.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/mem.h"

/* What the library says about n, which is one of its codes. */
static int fail(struct error *e, const char *what, size_t n)
{
	return error_set(e, ERR_FAILED, "%s: %s", what, ZSTD_getErrorName(n));
}

int zstd_pack(const void *p, size_t len, int level, struct buf *out, struct error *e)
{
	size_t bound = ZSTD_compressBound(len);
	if (ZSTD_isError(bound))
		return fail(e, "zstd can't pack", bound);
	size_t n = ZSTD_compress(buf_reserve(out, bound), bound, p, len, level);
	if (ZSTD_isError(n))
		return fail(e, "zstd can't pack", n);
	out->len += n;
	return OK;
}

int zstd_unpack(const void *p, size_t len, void *to, size_t size, struct error *e)
{
	/* The size stands in the frame's header if we wrote it: a lie is found before any work is done. */
	unsigned long long said = ZSTD_getFrameContentSize(p, len);
	if (said == ZSTD_CONTENTSIZE_ERROR)
		return error_set(e, ERR_FAILED, "zstd can't unpack: these %zu bytes are no zstd frame", len);
	if (said != ZSTD_CONTENTSIZE_UNKNOWN && said != size)
		return error_set(e, ERR_FAILED, "zstd can't unpack: %llu bytes where %zu belong", said, size);
	size_t n = ZSTD_decompress(to, size, p, len);
	if (ZSTD_isError(n))
		return fail(e, "zstd can't unpack", n);
	if (n != size)
		return error_set(e, ERR_FAILED, "zstd can't unpack: %zu bytes where %zu belong", n, size);
	return OK;
}

struct zstd_packer {
	ZSTD_CCtx *context;
};

struct zstd_packer *zstd_packer_new(int level)
{
	struct zstd_packer *z = mem_alloc(sizeof *z);
	z->context = ZSTD_createCCtx();
	if (!z->context)
		out_of_memory(sizeof z->context);
	/* Neither can fail: the parameters exist, and a level out of range is clamped. */
	ZSTD_CCtx_setParameter(z->context, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(z->context, ZSTD_c_checksumFlag, 1);
	return z;
}

static int run(struct zstd_packer *z, const void *p, size_t len, ZSTD_EndDirective directive, struct buf *out,
	       struct error *e)
{
	ZSTD_inBuffer in = {.src = p, .size = len};
	for (;;) {
		size_t room = ZSTD_CStreamOutSize();
		ZSTD_outBuffer to = {.dst = buf_reserve(out, room), .size = room};
		size_t left = ZSTD_compressStream2(z->context, &to, &in, directive);
		out->len += to.pos;
		if (ZSTD_isError(left))
			return fail(e, "zstd can't pack", left);
		if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size)
			return OK;
	}
}

int zstd_packer_write(struct zstd_packer *z, const void *p, size_t len, struct buf *out, struct error *e)
{
	return run(z, p, len, ZSTD_e_continue, out, e);
}

int zstd_packer_finish(struct zstd_packer *z, struct buf *out, struct error *e)
{
	return run(z, NULL, 0, ZSTD_e_end, out, e);
}

void zstd_packer_free(struct zstd_packer *z)
{
	if (!z)
		return;
	ZSTD_freeCCtx(z->context);
	free(z);
}

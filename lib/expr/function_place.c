/* Functions on addresses, in the network and on the earth. */
#include <arpa/inet.h>
#include <math.h>

#include "expr/arith.h"
#include "expr/function.h"
#include "expr/text.h"

/* -- IP addresses -- */

struct address {
	unsigned char bytes[16];
	unsigned bits; /* 32 or 128 */
};

/* An IPv4 address inside one of IPv6 (::ffff:10.0.0.1) is that IPv4 address. */
static bool address_read(const char *p, size_t len, struct address *a)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char text[INET6_ADDRSTRLEN];
	if (!len || len >= sizeof text || memchr(p, 0, len))
		return false;
	memcpy(text, p, len);
	text[len] = 0;
	a->bits = 32;
	if (inet_pton(AF_INET, text, a->bytes) == 1)
		return true;
	if (inet_pton(AF_INET6, text, a->bytes) != 1)
		return false;
	a->bits = 128;
	if (!memcmp(a->bytes, mapped, sizeof mapped)) {
		memmove(a->bytes, a->bytes + 12, 4);
		a->bits = 32;
	}
	return true;
}

/* ADDRESS/BITS; without bits, that address alone. */
static bool network_read(struct value s, struct address *a, unsigned *bits)
{
	const char *slash = s.len ? memchr(s.s, '/', s.len) : NULL;
	size_t len = slash ? (size_t)(slash - s.s) : s.len;
	if (!address_read(s.s, len, a))
		return false;
	*bits = a->bits;
	if (!slash)
		return true;
	const char *p = slash + 1, *end = s.s + s.len;
	for (*bits = 0; p < end && *p >= '0' && *p <= '9' && *bits <= 128; p++)
		*bits = *bits * 10 + (unsigned)(*p - '0');
	/* A mapped address is counted as it is written, from the left of 128 bits. */
	if (a->bits == 32 && memchr(s.s, ':', len))
		*bits = *bits >= 96 ? *bits - 96 : 129;
	return p > slash + 1 && p == end && *bits <= a->bits;
}

bool value_is_network(struct value s)
{
	struct address network;
	unsigned bits;
	return network_read(s, &network, &bits);
}

static bool same_prefix(const struct address *a, const struct address *b, unsigned bits)
{
	unsigned rest = bits % 8, whole = bits / 8;
	return !memcmp(a->bytes, b->bytes, whole) && (!rest || !((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)));
}

static struct value no_address(struct eval *ev, const struct node *n, struct value s)
{
	return eval_error(ev, n, "\"%.*s\" is no IP address", (int)(s.len > 60 ? 60 : s.len), s.s);
}

static struct value call_cidr(struct eval *ev, const struct node *n, const struct value *a)
{
	struct address address, network;
	unsigned bits;
	bool inside = false;
	if (!address_read(a->s, a->len, &address))
		return no_address(ev, n, *a);
	for (uint32_t i = 1; i < n->arg_count; i++) {
		if (!network_read(a[i], &network, &bits))
			return eval_error(ev, n, "\"%.*s\" is no network, like 10.0.0.0/8 or fd00::/8",
					  (int)(a[i].len > 60 ? 60 : a[i].len), a[i].s);
		inside |= network.bits == address.bits && same_prefix(&address, &network, bits);
	}
	return value_bool(inside);
}

static struct value address_text(struct eval *ev, const struct address *a)
{
	char text[INET6_ADDRSTRLEN];
	inet_ntop(a->bits == 32 ? AF_INET : AF_INET6, a->bytes, text, sizeof text);
	return value_string(arena_copy(ev->arena, text, strlen(text)), strlen(text));
}

static struct value call_mask_ip(struct eval *ev, const struct node *n, const struct value *a)
{
	struct address address;
	int64_t bits4 = n->arg_count > 1 ? a[1].i : 24, bits6 = n->arg_count > 2 ? a[2].i : 48;
	if (!address_read(a->s, a->len, &address))
		return no_address(ev, n, *a);
	if (bits4 < 0 || bits4 > 32 || bits6 < 0 || bits6 > 128)
		return eval_error(ev, n, "0 to 32 bits are kept of IPv4, 0 to 128 of IPv6");
	unsigned keep = (unsigned)(address.bits == 32 ? bits4 : bits6);
	for (unsigned i = keep; i < address.bits; i++)
		address.bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return address_text(ev, &address);
}

static struct value call_ip_version(struct eval *ev, const struct node *n, const struct value *a)
{
	struct address address;
	(void)ev, (void)n;
	return address_read(a->s, a->len, &address) ? value_int(address.bits == 32 ? 4 : 6) : value_null();
}

/* -- on the earth -- */

/* The mean radius of the earth's ellipsoid, (2 a + b) / 3 of WGS 84, in meters. */
static const double earth_radius = 6371008.8;

/*
 * The great-circle distance by haversines, which lose nothing on short ways (R. W. Sinnott, Virtues of the Haversine, Sky
 * and Telescope 68, 1984): h = sin^2(dlat / 2) + cos(lat1) cos(lat2) sin^2(dlon / 2), d = 2 R asin(sqrt(h)).
 */
static struct value call_haversine(struct eval *ev, const struct node *n, const struct value *a)
{
	const double degree = 0.017453292519943295;
	double lat1 = number_double(a[0]), lon1 = number_double(a[1]), lat2 = number_double(a[2]),
	       lon2 = number_double(a[3]);
	if (!(fabs(lat1) <= 90 && fabs(lat2) <= 90 && fabs(lon1) <= 360 && fabs(lon2) <= 360))
		return eval_error(ev, n,
				  "latitudes go from -90 to 90, longitudes from -180 to 180 or 0 to 360, in degrees");
	double dlat = sin((lat2 - lat1) * degree / 2), dlon = sin((lon2 - lon1) * degree / 2);
	double h = dlat * dlat + cos(lat1 * degree) * cos(lat2 * degree) * dlon * dlon;
	return float_result(ev, n, 2 * earth_radius * asin(sqrt(fmin(h, 1))));
}

const struct function functions_place[] = {
	{"cidr", "sc*", "cidr(ip, network, ...)", "whether the address lies in one of the networks", call_cidr, 0,
	 OP_CALL},
	{"mask_ip", "s|ii", "mask_ip(ip[, bits4[, bits6]])", "the address with the other bits 0", call_mask_ip, 0,
	 OP_CALL},
	{"ip_version", "s", "ip_version(s)", "4 or 6; null if it is no address", call_ip_version, 0, OP_CALL},
	{"haversine", "nnnn", "haversine(lat1, lon1, lat2, lon2)", "meters between two points on the earth",
	 call_haversine, 0, OP_CALL},
	{0},
};

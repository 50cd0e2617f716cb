#include "agg/order.h"

#include <string.h>

int order_spelling(struct value a, struct value b)
{
	if (a.type != b.type)
		return a.type < b.type ? -1 : 1;
	if (a.type == TYPE_INT)
		return (a.scale > b.scale) - (a.scale < b.scale);
	if (a.type != TYPE_NUMBER)
		return 0;
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	int order = memcmp(a.s, b.s, a.len);
	return (order > 0) - (order < 0);
}

static inline void swap(struct value *a, struct value *b)
{
	struct value t = *a;
	*a = *b;
	*b = t;
}

static void insertion_sort(struct value *v, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j && order_total(v[j], v[j - 1]) < 0; j--)
			swap(&v[j], &v[j - 1]);
}

/* Of three, the one between the others. */
static struct value middle(struct value a, struct value b, struct value c)
{
	if (order_total(a, b) > 0) {
		struct value t = a;
		a = b;
		b = t;
	}
	if (order_total(b, c) <= 0)
		return b;
	return order_total(a, c) < 0 ? c : a;
}

void order_select(struct value *v, size_t count, size_t k)
{
	while (count > 16) {
		struct value pivot = middle(v[0], v[count / 2], v[count - 1]);
		size_t i = 0, j = count - 1;
		for (;;) {
			while (order_total(v[i], pivot) < 0)
				i++;
			while (order_total(v[j], pivot) > 0)
				j--;
			if (i >= j)
				break;
			swap(&v[i++], &v[j--]);
		}
		/* v[0 .. i) <= pivot <= v[i .. count) */
		if (k < i) {
			count = i;
		} else {
			v += i;
			k -= i;
			count -= i;
		}
	}
	insertion_sort(v, count);
}

#include "base/opt.h"

#include <string.h>

enum { WORD_MAX = 63 };

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance in which a transposition of neighbours is one step (optimal string alignment), case not looked at. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= b_len; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = fold(a[i - 1]), y = fold(b[j - 1]);
			now[j] = min(min(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == fold(b[j - 2]) && fold(a[i - 2]) == y)
				now[j] = min(now[j], before[j - 2] + 1);
		}
		unsigned *free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[b_len];
}

const char *nearest_word(const char *word, size_t len, const char *const *words, size_t count)
{
	const char *best = NULL;
	unsigned least = len < 6 ? 2 : (unsigned)(len / 3) + 1;
	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(words[i]);
		unsigned d;
		/* As many steps as letters: nothing of the word is left. */
		if (other > WORD_MAX || (d = distance(word, len, words[i], other)) >= least || d >= len)
			continue;
		least = d;
		best = words[i];
	}
	return best;
}

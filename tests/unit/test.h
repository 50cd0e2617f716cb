/* The whole test framework of the C tests: CHECK counts, says where it failed, and goes on. */
#ifndef STREAM_TESTS_UNIT_TEST_H
#define STREAM_TESTS_UNIT_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_checks, test_failures;

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		test_checks++;                                                                                         \
		if (!(condition)) {                                                                                    \
			test_failures++;                                                                               \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                \
		}                                                                                                      \
	} while (0)

/* got (len bytes) must equal the C string `want`; both are shown when they differ. */
#define CHECK_TEXT(got, len, want)                                                                                     \
	do {                                                                                                           \
		test_checks++;                                                                                         \
		if ((size_t)(len) != strlen(want) || memcmp((got), (want), strlen(want))) {                            \
			test_failures++;                                                                               \
			fprintf(stderr, "%s:%d: got `%.*s`, want `%s`\n", __FILE__, __LINE__, (int)(len),              \
				(const char *)(got), (want));                                                          \
		}                                                                                                      \
	} while (0)

/* How often what is drawn at random is repeated: n times in the long form (STREAM_TEST_LONG=1), a fifth of it in the short one. */
static inline int test_repeat(int n)
{
	return getenv("STREAM_TEST_LONG") || n < 5 ? n : n / 5;
}

/* The last line of main. */
static inline int test_done(void)
{
	printf("%d checks, %d failed\n", test_checks, test_failures);
	return test_failures != 0;
}

#endif

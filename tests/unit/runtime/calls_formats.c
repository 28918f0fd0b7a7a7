/* The formatting calls that take a va_list, and those that libc's header hides behind another
 * symbol. */
#include "calls_fixture.h"

#include <stdio_ext.h>

/* A call whose last argument is the va_list. */
#define VIA(name, ...)                                                                             \
	static void via_##name(int first, ...)                                                     \
	{                                                                                          \
		va_list rest;                                                                      \
                                                                                                   \
		va_start(rest, first);                                                             \
		(void)CALLED(name)(__VA_ARGS__, rest);                                             \
		va_end(rest);                                                                      \
	}
#define VIA_VOID(name, ...)                                                                        \
	static void via_##name(int first, ...)                                                     \
	{                                                                                          \
		va_list rest;                                                                      \
                                                                                                   \
		va_start(rest, first);                                                             \
		CALLED(name)(__VA_ARGS__, rest);                                                   \
		va_end(rest);                                                                      \
	}

/* By the symbol, not by what the header makes of it. */
int plain_scanf(const char *format, ...) __asm__("scanf");
int plain_fscanf(FILE *stream, const char *format, ...) __asm__("fscanf");
int plain_vscanf(const char *format, va_list rest) __asm__("vscanf");
int plain_vfscanf(FILE *stream, const char *format, va_list rest) __asm__("vfscanf");
int plain_wscanf(const wchar_t *format, ...) __asm__("wscanf");
int plain_fwscanf(FILE *stream, const wchar_t *format, ...) __asm__("fwscanf");
int plain_vwscanf(const wchar_t *format, va_list rest) __asm__("vwscanf");
int plain_vfwscanf(FILE *stream, const wchar_t *format, va_list rest) __asm__("vfwscanf");

VIA(vprintf, "%d")
VIA(vfprintf, out, "%d")
VIA(_IO_vfprintf, out, "%d")
VIA(__vprintf_chk, 1, "%d")
VIA(__vfprintf_chk, out, 1, "%d")
VIA(vwprintf, L"%d")
VIA(vfwprintf, wide_out, L"%d")
VIA(__vwprintf_chk, 1, L"%d")
VIA(__vfwprintf_chk, wide_out, 1, L"%d")
VIA(vdprintf, file, "%d")
VIA(__vdprintf_chk, file, 1, "%d")
VIA_VOID(vwarn, "%d")
VIA_VOID(vwarnx, "%d")
VIA_VOID(vsyslog, LOG_DEBUG, "%d")
VIA_VOID(__vsyslog_chk, LOG_DEBUG, 1, "%d")
VIA(__isoc99_vscanf, "%d")
VIA(__isoc99_vfscanf, in, "%d")
VIA(__isoc99_vwscanf, L"%d")
VIA(__isoc99_vfwscanf, wide_in, L"%d")
VIA(__vfscanf, in, "%d")
VIA(plain_vscanf, "%d")
VIA(plain_vfscanf, in, "%d")
VIA(plain_vwscanf, L"%d")
VIA(plain_vfwscanf, wide_in, L"%d")

/* Nothing read ahead, so that the call reads. */
static void empty(FILE *stream)
{
	__fpurge(stream);
	lseek(fileno(stream), 0, SEEK_SET);
}

/* Nothing is asserted while the streams are not the test's. */
#define PAIR(name, expression)                                                                     \
	do {                                                                                       \
		const char *seen;                                                                  \
		uint32_t outside;                                                                  \
                                                                                                   \
		streams_take();                                                                    \
		empty(stdin);                                                                      \
		empty(in);                                                                         \
		empty(wide_in);                                                                    \
		outside = seen_count();                                                            \
		expression;                                                                        \
		outside = seen_count() - outside;                                                  \
		empty(stdin);                                                                      \
		empty(in);                                                                         \
		empty(wide_in);                                                                    \
		seen = SEEN_IN_TURN(({                                                             \
			expression;                                                                \
			0;                                                                         \
		}));                                                                               \
		streams_give_back();                                                               \
		assert_int_equal(outside, 0);                                                      \
		assert_string_equal(seen, name);                                                   \
	} while (0)

#define OUTPUT(name) PAIR(#name, via_##name(0, 1))
#define INPUT(name)  PAIR(#name, via_##name(0, &number))

static void output_by_va_list_is_seen(void **state)
{
	(void)state;
	OUTPUT(vprintf);
	OUTPUT(vfprintf);
	OUTPUT(_IO_vfprintf);
	OUTPUT(__vprintf_chk);
	OUTPUT(__vfprintf_chk);
	OUTPUT(vwprintf);
	OUTPUT(vfwprintf);
	OUTPUT(__vwprintf_chk);
	OUTPUT(__vfwprintf_chk);
	OUTPUT(vdprintf);
	OUTPUT(__vdprintf_chk);
	OUTPUT(vwarn);
	OUTPUT(vwarnx);
	OUTPUT(vsyslog);
	OUTPUT(__vsyslog_chk);
}

static void input_by_va_list_is_seen(void **state)
{
	(void)state;
	INPUT(__isoc99_vscanf);
	INPUT(__isoc99_vfscanf);
	INPUT(__isoc99_vwscanf);
	INPUT(__isoc99_vfwscanf);
	INPUT(__vfscanf);
	PAIR("vscanf", via_plain_vscanf(0, &number));
	PAIR("vfscanf", via_plain_vfscanf(0, &number));
	PAIR("vwscanf", via_plain_vwscanf(0, &number));
	PAIR("vfwscanf", via_plain_vfwscanf(0, &number));
}

static void input_by_the_older_symbols_is_seen(void **state)
{
	(void)state;
	PAIR("scanf", (void)plain_scanf("%d", &number));
	PAIR("fscanf", (void)plain_fscanf(in, "%d", &number));
	PAIR("wscanf", (void)plain_wscanf(L"%d", &number));
	PAIR("fwscanf", (void)plain_fwscanf(wide_in, L"%d", &number));
}

/* "%as" allocates in the older, and is a number in C99's. */
static void the_two_dialects_stay_apart(void **state)
{
	FILE *stream = tmpfile();
	char *word = NULL;
	float value = 0;

	(void)state;
	fputs("1 two", stream);
	rewind(stream);
	assert_int_equal(plain_fscanf(stream, "%*s %as", &word), 1);
	assert_string_equal(word, "two");
	free(word);
	rewind(stream);
	assert_int_equal(CALLED(__isoc99_fscanf)(stream, "%a", &value), 1);
	assert_true(value == 1);
	fclose(stream);
}

static int setup(void **state)
{
	(void)state;
	fixture_make();
	return 0;
}

static int teardown(void **state)
{
	fixture_remove();
	return seen_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_by_va_list_is_seen),
		cmocka_unit_test(input_by_va_list_is_seen),
		cmocka_unit_test(input_by_the_older_symbols_is_seen),
		cmocka_unit_test(the_two_dialects_stay_apart),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

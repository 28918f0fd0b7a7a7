/* The line that says how far a long work has come: on a terminal alone, and gone at its end. */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/progress.h"

#define NOTICED_US 600000

/* What came out at the other end of `out`'s terminal or pipe. */
static const char *written(int end)
{
	static char text[4096];
	size_t size = 0;
	ssize_t got;

	while ((got = read(end, text + size, sizeof text - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = '\0';
	return text;
}

static void work(void)
{
	progress_step("counting", 0, 50);
	for (int i = 0; i < 3; i++)
		usleep(NOTICED_US / 2); /* a signal of the timer ends one early */
	progress_step("counting", 21, 50);
}

static void a_terminal_shows_it_once_it_lasts(void **state)
{
	const char *text;
	int terminal, end;
	FILE *out;

	(void)state;
	assert_int_equal(openpty(&end, &terminal, NULL, NULL, NULL), 0);
	fcntl(end, F_SETFL, O_NONBLOCK);
	out = fdopen(terminal, "w");
	progress_on(out);
	progress_step("counting", 0, 50);
	assert_string_equal(written(end), "");
	progress_end();
	assert_string_equal(written(end), "");
	work();
	text = written(end);
	assert_ptr_equal(strstr(text, "\r\033[Kyieldsan: counting: 0 %"), text);
	assert_non_null(strstr(text, "\r\033[Kyieldsan: counting: 42 %"));
	progress_end();
	assert_string_equal(written(end), "\r\033[K");
	progress_end();
	assert_string_equal(written(end), "");
	progress_on(NULL);
	work();
	assert_string_equal(written(end), "");
	fclose(out);
	close(end);
}

static void a_pipe_does_not(void **state)
{
	int ends[2];
	FILE *out;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	out = fdopen(ends[1], "w");
	progress_on(out);
	work();
	progress_on(NULL);
	fclose(out);
	assert_string_equal(written(ends[0]), "");
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_shows_it_once_it_lasts),
		cmocka_unit_test(a_pipe_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

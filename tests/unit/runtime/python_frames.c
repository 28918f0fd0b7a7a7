/* Python's frames, from an interpreter that exports what dumps them, and from one that does not;
 * and the room for them. */
#include "calls_seen.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "runtime/process/process.h"
#include "runtime/interpreters/python.h"
#include "runtime/interpreters/python_script.h"

/* The interpreter as far as it is called: each dumps a frame. */
static const char source[] =
	"#include <string.h>\n"
	"#include <unistd.h>\n"
	"static const char text[] = \"  File \\\"/app.py\\\", line 7 in load\\n\";\n"
	"void *PyGILState_GetThisThreadState(void) { return (void *)text; }\n"
	"__attribute__((visibility(VISIBILITY))) void _Py_DumpTraceback(int fd, void *state)\n"
	"{\n"
	"	if (write(fd, state, strlen(state)) < 0)\n"
	"		_exit(1);\n"
	"}\n";

static void frames_of(const char *visibility, const char *expected)
{
	char directory[] = "/tmp/yieldsan-python-XXXXXX", text[256], command[512];
	void *interpreter = NULL;
	FILE *file;
	size_t used;

	assert_non_null(mkdtemp(directory));
	snprintf(text, sizeof text, "%s/python.c", directory);
	file = fopen(text, "w");
	assert_non_null(file);
	fputs(source, file);
	fclose(file);
	snprintf(command, sizeof command,
		 "cd %s && cc -shared -fPIC '-DVISIBILITY=\"%s\"' -o libpython3.so python.c",
		 directory, visibility);
	if (!system(command)) {
		snprintf(text, sizeof text, "%s/libpython3.so", directory);
		interpreter = dlopen(text, RTLD_NOW | RTLD_LOCAL);
	}
	snprintf(command, sizeof command, "rm -rf %s", directory);
	(void)!system(command);
	if (!interpreter)
		skip();
	used = python_frames(text, sizeof text, false);
	assert_int_equal(used, strlen(expected));
	assert_memory_equal(text, expected, used);
	dlclose(interpreter);
}

static void an_exported_function_tells_frames(void **state)
{
	(void)state;
	frames_of("default", "load\t/app.py\t7\n");
}

static void so_does_one_that_only_the_file_names(void **state)
{
	(void)state;
	frames_of("hidden", "load\t/app.py\t7\n");
}

/* A line of seven bytes: function, file, number. */
static void adds(struct python_script *script, const char *function)
{
	struct python_frame frame = { "a", "1", function, 1, 1, 2, 0 };

	python_script_add(script, &frame);
}

static void of_a_deep_stack_both_ends_remain(void **state)
{
	static const char expected[] = "f0\ta\t1\nf1\ta\t1\nf6\ta\t1\nf7\ta\t1\n";
	char text[sizeof expected - 1 + 3];
	struct python_script script = { .text = text, .size = sizeof text };

	(void)state;
	adds(&script, "f0");
	adds(&script, "f1");
	python_script_keep(&script);
	for (char function[] = "f2"; function[1] < '8'; function[1]++)
		adds(&script, function);
	assert_int_equal(script.used, sizeof expected - 1);
	assert_memory_equal(text, expected, script.used);
}

static void what_is_kept_is_never_replaced(void **state)
{
	char text[9];
	struct python_script script = { .text = text, .size = sizeof text };

	(void)state;
	adds(&script, "f0");
	python_script_keep(&script);
	adds(&script, "f1");
	assert_int_equal(script.used, 7);
	assert_memory_equal(text, "f0\ta\t1\n", script.used);
	assert_true(script.full);
}

/* The same with a file of the program or of a library; also seven bytes. */
static void adds_of(struct python_script *script, const char *function, const char *file)
{
	struct python_frame frame = { file, "1", function, 1, 1, 2, 0 };

	python_script_add(script, &frame);
}

static void the_programs_first_frame_is_put_in(void **state)
{
	static const char expected[] = "f0\t<\t1\nf4\t<\t1\nf5\ta\t1\nrun_forever\t<\t1\n";
	static const struct python_frame loop = { "<", "1", "run_forever", 1, 1, 11, 0 };
	static const struct python_frame entry = { "<", "1", "f4", 1, 1, 2, 0 };
	char text[sizeof expected - 1 + 3];
	struct python_script script = { .text = text, .size = sizeof text };

	(void)state;
	for (char function[] = "f0"; function[1] < '8'; function[1]++)
		adds_of(&script, function, "<");
	assert_true(script.full && !script.has_own);
	assert_true(python_script_wants_entry(&script, PYTHON_FRAME_OWN));
	assert_false(python_script_wants_entry(&script, PYTHON_FRAME_LIBRARY));
	python_script_add_entry(&script, &entry);
	adds_of(&script, "f5", "a");
	assert_true(script.has_own);
	adds_of(&script, "f6", "a");
	adds_of(&script, "f7", "<");
	assert_true(python_script_add(&script, &loop));
	assert_int_equal(script.used, sizeof expected - 1);
	assert_memory_equal(text, expected, script.used);
}

static void so_is_the_function_that_it_called(void **state)
{
	static const char expected[] = "f2\t<\t1\nf3\ta\t1\nrun_forever\t<\t1\n";
	static const struct python_frame loop = { "<", "1", "run_forever", 1, 1, 11, 0 };
	char text[sizeof expected - 1 + 3];
	struct python_script script = { .text = text, .size = sizeof text };

	(void)state;
	for (char function[] = "f0"; function[1] < '3'; function[1]++)
		adds_of(&script, function, "<");
	assert_false(script.full);
	adds_of(&script, "f3", "a");
	assert_true(script.has_own && !script.has_entry);
	assert_true(python_script_add(&script, &loop));
	assert_int_equal(script.used, sizeof expected - 1);
	assert_memory_equal(text, expected, script.used);
}

static void of_little_room_the_loop_takes_all(void **state)
{
	static const struct python_frame loop = { "<", "1", "run_forever", 1, 1, 11, 0 };
	char text[17];
	struct python_script script = { .text = text, .size = sizeof text };

	(void)state;
	adds_of(&script, "f0", "<");
	adds_of(&script, "f1", "a");
	assert_true(python_script_add(&script, &loop));
	assert_int_equal(script.used, 16);
	assert_memory_equal(text, "run_forever\t<\t1\n", script.used);
	assert_false(script.has_own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exported_function_tells_frames),
		cmocka_unit_test(so_does_one_that_only_the_file_names),
		cmocka_unit_test(of_a_deep_stack_both_ends_remain),
		cmocka_unit_test(what_is_kept_is_never_replaced),
		cmocka_unit_test(the_programs_first_frame_is_put_in),
		cmocka_unit_test(so_is_the_function_that_it_called),
		cmocka_unit_test(of_little_room_the_loop_takes_all),
	};

	return cmocka_run_group_tests(tests, NULL, seen_teardown);
}

/* Python's frames, from an interpreter that exports what dumps them, and from one that does not. */
#include "calls_seen.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "runtime/process/process.h"
#include "runtime/interpreters/python.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exported_function_tells_frames),
		cmocka_unit_test(so_does_one_that_only_the_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, seen_teardown);
}

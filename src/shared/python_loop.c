#include "python_loop.h"

#include <string.h>

static const struct python_loop loops[] = {
#define PYTHON_LOOP(id, package, file, function) { EXECUTOR_##id, package, file, function },
#include "executors/table.h"
};

#define LOOP_COUNT (sizeof loops / sizeof *loops)

static bool is_loop_function(const char *wanted, const char *name, size_t length)
{
	size_t tail = strlen(wanted);

	return length >= tail && !memcmp(name + length - tail, wanted, tail) &&
	       (length == tail || name[length - tail - 1] == '.');
}

const struct python_loop *python_loop_of(const char *function, size_t function_length,
					 const char *file, size_t file_length)
{
	for (size_t i = 0; i < LOOP_COUNT; i++)
		if (is_loop_function(loops[i].function, function, function_length) &&
		    memmem(file, file_length, loops[i].file, strlen(loops[i].file)))
			return &loops[i];
	return NULL;
}

static bool path_has_part(const char *path, size_t length, const char *name)
{
	const char *end = path + length, *part = path;
	size_t size = strlen(name);

	while ((part = memmem(part, (size_t)(end - part), name, size))) {
		if (part > path && part[-1] == '/' && (part + size == end || part[size] == '/'))
			return true;
		part++;
	}
	return false;
}

bool python_loop_waits_in(const char *file, size_t length)
{
	for (size_t i = 0; i < LOOP_COUNT; i++)
		if (path_has_part(file, length, loops[i].package))
			return true;
	return path_has_part(file, length, "selectors.py");
}

const struct python_loop *python_loop_of_executor(enum executor_id executor)
{
	for (size_t i = 0; i < LOOP_COUNT; i++)
		if (loops[i].executor == executor)
			return &loops[i];
	return NULL;
}

const struct python_loop *python_loop_of_package(const char *package, size_t length)
{
	for (size_t i = 0; i < LOOP_COUNT; i++)
		if (strlen(loops[i].package) == length &&
		    !memcmp(loops[i].package, package, length))
			return &loops[i];
	return NULL;
}

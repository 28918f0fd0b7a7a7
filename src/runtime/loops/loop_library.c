#include "loop_library.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/interpreters/interpreters.h"
#include "runtime/modules/modules.h"
#include "runtime/base/thread.h"

#define LOOK_AHEAD 12 /* frames between a library's wait and its loop function */

/*
 * A library's wait is its loop's when one of `functions` stands above it; without functions, any
 * wait of the module is. See executors/table.h.
 */
static const struct loop_library_row {
	enum executor_id executor;
	const char *module, *path;
	const char *functions[6];
	const char *caller;
	bool is_below;
} libraries[] = {
#define LOOP(id, ...) { EXECUTOR_##id, __VA_ARGS__ },
#include "executors/table.h"
};

/* That of them to which the frame returns; of address 0: none. */
static struct symbol_extent function_of(const char *const *functions, const struct module *module,
					uint64_t frame)
{
	for (unsigned i = 0; i < 6 && functions[i]; i++) {
		struct symbol_extent function = module_symbol_extent(module, functions[i]);

		if (frame > function.address && frame - function.address <= function.size)
			return function;
	}
	return (struct symbol_extent){ 0, 0 };
}

static bool module_fits(size_t row, const struct module *module)
{
	const char *start = libraries[row].module, *path = libraries[row].path;

	return (!start || !strncmp(module_name(module), start, strlen(start))) &&
	       (!path || strstr(module->path, path));
}

/* Finds the outermost function of the loop. False: this is not one. */
static bool find_function(size_t row, const uint64_t *frames, size_t depth,
			  const struct module *module, struct loop_library *library)
{
	const char *const *functions = libraries[row].functions;

	library->reach = 0;
	library->function = library->function_end = 0;
	for (unsigned i = 0; i < depth && i < LOOK_AHEAD; i++) {
		struct symbol_extent function = function_of(functions, module, frames[i]);

		if (modules_find(frames[i]) != module)
			break;
		if (functions[0] && !function.address)
			continue;
		library->reach = i + 1;
		if (libraries[row].is_below) {
			library->function = function.address;
			library->function_end = function.address + function.size;
		}
	}
	return library->reach;
}

static bool called_by(size_t row, const uint64_t *frames, size_t depth, unsigned reach)
{
	const struct module *caller = reach < depth ? modules_find(frames[reach]) : NULL;

	return !libraries[row].caller || (caller && strstr(caller->path, libraries[row].caller));
}

bool loop_library_find(const uint64_t *frames, size_t depth, struct loop_library *library)
{
	const struct module *module = depth ? modules_find(frames[0]) : NULL;

	if (!module)
		return false;
	if (interpreter_is_python(module)) {
		/* Where Python's loop begins and ends is told by its own frames, in the report. */
		library->executor = interpreter_loop();
		library->reach = (unsigned)depth;
		library->function = library->function_end = 0;
		return library->executor != EXECUTOR_other;
	}
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++) {
		if (!module_fits(row, module))
			continue;
		if (find_function(row, frames, depth, module, library) &&
		    called_by(row, frames, depth, library->reach)) {
			library->executor = libraries[row].executor;
			return true;
		}
	}
	return false;
}

bool loop_library_refuses(const uint64_t *frames, size_t depth)
{
	const struct module *module = depth ? modules_find(frames[0]) : NULL;

	return !module || interpreter_is_python(module);
}

bool loop_library_waits_alone(uintptr_t caller)
{
	return interpreter_is_python(modules_find(caller)) && interpreter_loop_waits();
}

#include "loop_library.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/interpreters/interpreters.h"
#include "runtime/modules/modules.h"
#include "runtime/base/thread.h"

#define LOOK_AHEAD 12 /* frames between a library's wait and its loop function */

/*
 * A library's wait is its loop's when one of `functions` stands above it; without functions, any
 * wait of the module is. `module` is the beginning of the file's name, or NULL for a library that
 * may be linked into anything and exports its functions (Node has libuv inside).
 */
static const struct {
	const char *name;
	const char *module;
	const char *path; /* part of the module's path */
	const char *functions[6];
	const char *caller; /* part of the path of who runs the loop; NULL: anyone */
	bool is_below;	    /* callbacks are called below the functions, whoever wrote the loop */
} libraries[] = {
	{ "uvloop", "loop.cpython", "/uvloop/", { NULL }, NULL, false },
	/* Its greenlets take turns on the thread's one stack, within the turns of its libev. */
	{ "gevent", "corecext.cpython", "/gevent/", { NULL }, NULL, false },
	{ "gevent", "libev.so", NULL, { "ev_run" }, "/gevent/", false },
	{ "libuv", "libuv.so", NULL, { "uv_run" }, NULL, true },
	{ "libuv", NULL, NULL, { "uv_run" }, NULL, true },
	{ "libevent",
	  "libevent",
	  NULL,
	  { "event_base_loop", "event_base_dispatch", "event_dispatch" },
	  NULL,
	  true },
	{ "glib",
	  "libglib-2.0.so",
	  NULL,
	  { "g_main_loop_run", "g_main_context_iteration", "g_main_context_poll_unlocked" },
	  NULL,
	  false },
	{ "libev", "libev.so", NULL, { "ev_run", "ev_loop" }, NULL, true },
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
		library->name = interpreter_loop();
		library->reach = (unsigned)depth;
		library->function = library->function_end = 0;
		return library->name;
	}
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++) {
		if (!module_fits(row, module))
			continue;
		if (find_function(row, frames, depth, module, library) &&
		    called_by(row, frames, depth, library->reach)) {
			library->name = libraries[row].name;
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

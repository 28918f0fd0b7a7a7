#include "loop_library.h"

#include <string.h>

#include "../compiler.h"
#include "../interpreters.h"
#include "../modules.h"
#include "../thread.h"

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
} libraries[] = {
	{ "uvloop", "loop.cpython", "/uvloop/", { NULL }, NULL },
	/* Its greenlets take turns on the thread's one stack, within the turns of its libev. */
	{ "gevent", "corecext.cpython", "/gevent/", { NULL }, NULL },
	{ "gevent", "libev.so", NULL, { "ev_run" }, "/gevent/" },
	{ "libuv", "libuv.so", NULL, { "uv_run" }, NULL },
	{ "libuv", NULL, NULL, { "uv_run" }, NULL },
	{ "libevent",
	  "libevent",
	  NULL,
	  { "event_base_loop", "event_base_dispatch", "event_dispatch" },
	  NULL },
	{ "glib",
	  "libglib-2.0.so",
	  NULL,
	  { "g_main_loop_run", "g_main_context_iteration", "g_main_context_poll_unlocked" },
	  NULL },
	{ "libev", "libev.so", NULL, { "ev_run", "ev_loop" }, NULL },
};

static bool names_function(const char *const *functions, const struct module *module,
			   uint64_t frame)
{
	for (unsigned i = 0; i < 6 && functions[i]; i++) {
		struct symbol_extent function = module_symbol_extent(module, functions[i]);

		if (frame > function.address && frame - function.address <= function.size)
			return true;
	}
	return false;
}

static bool module_fits(size_t row, const struct module *module)
{
	const char *start = libraries[row].module, *path = libraries[row].path;

	return (!start || !strncmp(module_name(module), start, strlen(start))) &&
	       (!path || strstr(module->path, path));
}

/* The first frame above the outermost function of the loop; 0: this is not one. */
static unsigned reach_of(size_t row, const uint64_t *frames, size_t depth,
			 const struct module *module)
{
	const char *const *functions = libraries[row].functions;
	unsigned reach = 0;

	for (unsigned i = 0; i < depth && i < LOOK_AHEAD; i++) {
		if (modules_find(frames[i]) != module)
			break;
		if (!functions[0] || names_function(functions, module, frames[i]))
			reach = i + 1;
	}
	return reach;
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
		return library->name;
	}
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++) {
		if (!module_fits(row, module))
			continue;
		library->reach = reach_of(row, frames, depth, module);
		if (library->reach && called_by(row, frames, depth, library->reach)) {
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

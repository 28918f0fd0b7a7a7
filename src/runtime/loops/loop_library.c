#include "loop_library.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/interpreters/interpreters.h"
#include "runtime/modules/modules.h"
#include "runtime/trace/trace_records.h"
#include "runtime/base/thread.h"

#define LOOK_AHEAD 12 /* frames between a library's wait and its loop function */

/*
 * A library's wait is its loop's if one of `functions` is above it on the stack; without functions,
 * any wait of the module is. See executors/table.h.
 */
static const struct loop_library_row {
	enum executor_id executor;
	const char *module, *path;
	const char *functions[6];
	const char *caller;
	bool is_below, is_named, is_refused, is_offload, is_needed, is_part;
} libraries[] = {
#define LOOP(id, ...) { EXECUTOR_##id, __VA_ARGS__ },
#include "executors/table.h"
};

/* The function of the list to which the frame returns; address 0: none. */
static struct symbol_extent loop_function_of(const char *const *functions,
					     const struct module *module, uint64_t frame)
{
	for (unsigned i = 0; i < 6 && functions[i]; i++) {
		struct symbol_extent function = module_symbol_extent(module, functions[i]);

		if (frame > function.address && frame - function.address <= function.size)
			return function;
	}
	return (struct symbol_extent){ 0, 0 };
}

/* Not a row that says which waits are a loop's. */
static bool is_about_other_waits(const struct loop_library_row *row)
{
	return row->is_named || row->is_refused || row->is_offload || row->is_needed ||
	       row->is_part;
}

static bool module_fits(size_t row, const struct module *module)
{
	const char *start = libraries[row].module, *path = libraries[row].path;

	return (!start || !strncmp(module_name(module), start, strlen(start))) &&
	       (!path || strstr(module->path, path));
}

/* Finds the outermost function of the loop. False: not this library. */
static bool find_function(size_t row, const uint64_t *frames, size_t depth,
			  const struct module *module, struct loop_library *library)
{
	const char *const *functions = libraries[row].functions;

	library->reach = 0;
	library->function = library->function_end = 0;
	for (unsigned i = 0; i < depth && i < LOOK_AHEAD; i++) {
		struct symbol_extent function = loop_function_of(functions, module, frames[i]);

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
		/* Python's frames show, in the report, where Python's loop begins and ends. */
		library->executor = interpreter_loop();
		library->reach = (unsigned)depth;
		library->function = library->function_end = 0;
		return library->executor != EXECUTOR_other;
	}
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++) {
		if (is_about_other_waits(&libraries[row]) || !module_fits(row, module))
			continue;
		if (find_function(row, frames, depth, module, library) &&
		    called_by(row, frames, depth, library->reach)) {
			library->executor = libraries[row].executor;
			return true;
		}
	}
	return false;
}

/* The C library's parts: a wait there is made for its caller. */
static bool is_of_libc(const struct module *module)
{
	static const char *const names[] = { "libc.so",	   "libc-2",	"ld-linux",
					     "libpthread", "libresolv", "libnss_",
					     "libanl",	   "librt",	"libyieldsan" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(module_name(module), names[i], strlen(names[i])))
			return true;
	return false;
}

/*
 * An extension that Python calls waits for that call: gRPC polls its completion queue for a single
 * answer. Loops that Python runs in modules have their own rows.
 */
static bool is_python_extension(const struct module *module)
{
	return strstr(module->path, "/site-packages/") || strstr(module->path, "/dist-packages/") ||
	       strstr(module_name(module), ".cpython-");
}

/* In whatever module. */
static bool stack_is_below_row(size_t row, const uint64_t *frames, size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		const struct module *module = modules_find(frames[i]);

		if (module && loop_function_of(libraries[row].functions, module, frames[i]).address)
			return true;
	}
	return false;
}

/* Whether a thread of a pool waits for its next job, which may block. */
static bool stack_is_offload(const uint64_t *frames, size_t depth)
{
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++)
		if (libraries[row].is_offload && stack_is_below_row(row, frames, depth))
			return true;
	return false;
}

/* Whether the library waits in another function than those that a loop calls. */
static bool lacks_function(const uint64_t *frames, size_t depth, const struct module *module)
{
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++)
		if (libraries[row].is_needed && module_fits(row, module) &&
		    !stack_is_below_row(row, frames, depth))
			return true;
	return false;
}

static bool wait_is_refused(const uint64_t *frames, size_t depth, const struct module *module)
{
	struct loop_library library;

	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++)
		if (libraries[row].is_refused && module_fits(row, module) &&
		    find_function(row, frames, depth, module, &library))
			return true;
	return false;
}

bool loop_library_refuses(const uint64_t *frames, size_t depth)
{
	const struct module *module = depth ? modules_find(frames[0]) : NULL;

	return !module || interpreter_is_python(module) || is_of_libc(module) ||
	       is_python_extension(module) || wait_is_refused(frames, depth, module) ||
	       stack_is_offload(frames, depth) || lacks_function(frames, depth, module);
}

static bool module_is_part_of_loop(const struct module *module)
{
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++)
		if (libraries[row].is_part && module_fits(row, module))
			return true;
	return false;
}

bool loop_library_waits_for_itself(const uint64_t *frames, size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		const struct module *module = modules_find(frames[i]);

		if (!module || !module_is_part_of_loop(module))
			return false;
		for (size_t row = 0; row < ARRAY_SIZE(libraries); row++)
			if (libraries[row].is_needed &&
			    loop_function_of(libraries[row].functions, module, frames[i]).address)
				return true;
	}
	return false;
}

static bool is_sanitizer(const struct module *module)
{
	static const char *const names[] = { "libtsan.", "libasan.", "libclang_rt." };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(module_name(module), names[i], strlen(names[i])))
			return true;
	return false;
}

/* Python wheels carry libraries whose names auditwheel ends with "-" and 8 digits of their hash. */
static size_t length_without_hash(const char *name, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	return length > 9 && name[length - 9] == '-' && strspn(name + length - 8, digits) >= 8
		       ? length - 9
		       : length;
}

void loop_library_name(const struct module *module, char *name, size_t size)
{
	/* ThreadSanitizer's functions lie between the program and libc. */
	bool of_program = module->is_program || is_sanitizer(module);
	const char *from = of_program ? program_name() : module_name(module), *end;
	size_t length = strlen(from);

	/* libfoo of libfoo.so.1.2, foo of foo.cpython-311-x86_64-linux-gnu.so */
	end = of_program ? NULL : strchr(from, '.');
	if (end)
		length = length_without_hash(from, (size_t)(end - from));
	for (size_t row = 0; row < ARRAY_SIZE(libraries); row++)
		if (libraries[row].is_named && module_fits(row, module)) {
			from = executor_infos[libraries[row].executor].name;
			length = strlen(from);
			break;
		}
	if (length >= size)
		length = size - 1;
	memcpy(name, from, length);
	name[length] = '\0';
}

bool loop_library_waits_alone(uintptr_t caller)
{
	return interpreter_is_python(modules_find(caller)) && interpreter_loop_waits();
}

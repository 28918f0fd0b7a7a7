#include "python_dump.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/memory.h"
#include "runtime/base/thread.h"
#include "runtime/modules/modules.h"
#include "python_script.h"

#define DUMP_SIZE 16384 /* CPython writes at most 100 frames */

/* Needs neither the GIL nor memory: faulthandler calls it from signal handlers. */
static void (*dump_traceback)(int fd, void *thread_state);

static void note_dump(const struct symbol_range *symbol, void *data)
{
	uintptr_t *dump = data;

	if (!strcmp(symbol->name, "_Py_DumpTraceback"))
		*dump = symbol->start;
}

bool python_dump_init(const struct module *interpreter)
{
	uintptr_t dump = module_symbol(interpreter, "_Py_DumpTraceback");

	if (!dump)
		module_each_function(interpreter, note_dump, &dump);
	dump_traceback = (void (*)(int, void *))dump;
	return dump;
}

/* Parses ` File "PATH", line N in FUNCTION`; false for any other line. */
static bool dump_read_line(const char *line, const char *end, struct python_frame *read)
{
	static const char file_is[] = "  File \"", line_is[] = "\", line ", in_is[] = " in ";
	const char *file = line + sizeof file_is - 1, *number, *function;

	if ((size_t)(end - line) < sizeof file_is || memcmp(line, file_is, sizeof file_is - 1))
		return false;
	number = memmem(file, (size_t)(end - file), line_is, sizeof line_is - 1);
	if (!number)
		return false;
	function = memmem(number, (size_t)(end - number), in_is, sizeof in_is - 1);
	if (!function)
		return false;
	read->file = file;
	read->file_length = (size_t)(number - file);
	read->number = number + sizeof line_is - 1;
	read->number_length = (size_t)(function - read->number);
	read->function = function + sizeof in_is - 1;
	read->function_length = (size_t)(end - read->function);
	return true;
}

void python_dump_frames(void *thread_state, struct python_script *script)
{
	struct thread_state *self = &this_thread;
	const char *dump;

	if (!dump_traceback || self->serving)
		return;
	/* Not thread-local: thread-local memory is taken from every thread's stack. */
	if (!self->dump)
		self->dump = memory_map(DUMP_SIZE);
	dump = self->dump;
	if (!dump)
		return;
	self->dump_size = DUMP_SIZE;
	self->dump_used = 0;
	self->serving = SERVING_DUMP;
	thread_arm();
	dump_traceback(DUMP_FD, thread_state);
	self->serving = SERVING_NOBODY;
	self->armed = false;
	for (const char *line = dump, *end, *last = dump + self->dump_used; line < last;
	     line = end + 1) {
		struct python_frame read;

		end = memchr(line, '\n', (size_t)(last - line));
		if (!end)
			break;
		if (dump_read_line(line, end, &read))
			python_script_add(script, &read);
	}
}

#include "python.h"

#include <stdint.h>
#include <string.h>

#include "runtime/base/memory.h"
#include "runtime/modules/modules.h"
#include "shared/python_loop.h"
#include "runtime/base/thread.h"

#define DUMP_SIZE	16384 /* CPython writes 100 frames at most */
#define STARTING_FRAMES 4     /* from the lock out to Thread.start */

static struct {
	uintptr_t runtime, runtime_end;
	void *(*this_thread_state)(void); /* PyGILState_GetThisThreadState */
	/* Needs neither the GIL nor memory: faulthandler calls it from signal handlers. */
	void (*dump_traceback)(int fd, void *thread_state);
	const struct module *module;
} python;

static void find_runtime(struct module *module)
{
	struct symbol_extent extent = module_symbol_extent(module, "_PyRuntime");

	python.runtime = extent.address;
	python.runtime_end = extent.address + extent.size;
}

static void note_dump(const struct symbol_range *symbol, void *data)
{
	uintptr_t *dump = data;

	if (!strcmp(symbol->name, "_Py_DumpTraceback"))
		*dump = symbol->start;
}

void python_module_added(struct module *module)
{
	uintptr_t dump = module_symbol(module, "_Py_DumpTraceback");
	uintptr_t state = module_symbol(module, "PyGILState_GetThisThreadState");

	if (!state)
		return;
	/* CPython 3.9, 3.10, and from 3.13 on, do not export it. */
	if (!dump)
		module_each_function(module, note_dump, &dump);
	find_runtime(module);
	python.module = module;
	python.this_thread_state = (void *(*)(void))state;
	python.dump_traceback = (void (*)(int, void *))dump;
}

bool python_is_module(const struct module *module)
{
	/* Its select module is part of the executable, or an object of its own. */
	return python.module &&
	       (module == python.module || !strncmp(module_name(module), "select.cpython", 14));
}

bool python_owns_lock(const void *lock)
{
	uintptr_t address = (uintptr_t)lock;

	return address >= python.runtime && address < python.runtime_end;
}

bool python_starts_thread(const char *script, size_t size)
{
	static const char start[] = "start\t", module[] = "/threading.py\t";
	const char *line = script, *end = script + size;

	for (unsigned i = 0; i < STARTING_FRAMES && line < end; i++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		next = next ? next + 1 : end;
		if ((size_t)(next - line) > sizeof start && !memcmp(line, start, sizeof start - 1))
			return memmem(line, (size_t)(next - line), module, sizeof module - 1);
		line = next;
	}
	return false;
}

static size_t put(char *to, size_t size, size_t used, const char *from, size_t length, char last)
{
	if (used + length + 1 > size)
		return 0;
	memcpy(to + used, from, length);
	to[used + length] = last;
	return used + length + 1;
}

struct dump_line {
	const char *file, *number, *function;
	size_t file_length, number_length, function_length;
};

/* `  File "PATH", line N in FUNCTION`; false: no such line. */
static bool read_line(const char *line, const char *end, struct dump_line *read)
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

/* A line that does not fit is left out whole. */
static size_t put_line(char *to, size_t size, size_t used, const struct dump_line *line)
{
	size_t start = used;

	used = put(to, size, used, line->function, line->function_length, '\t');
	used = used ? put(to, size, used, line->file, line->file_length, '\t') : 0;
	used = used ? put(to, size, used, line->number, line->number_length, '\n') : 0;
	return used ? used : start;
}

static size_t drop_line(const char *text, size_t used)
{
	const char *before = memrchr(text, '\n', used - 1);

	return before ? (size_t)(before + 1 - text) : 0;
}

static bool is_loop(const struct dump_line *line)
{
	return python_loop_of(line->function, line->function_length, line->file, line->file_length);
}

size_t python_frames(char *text, size_t size)
{
	struct thread_state *self = &this_thread;
	const char *dump;
	void *state;
	bool in_loop = false;
	size_t used = 0;

	if (!python.dump_traceback || self->serving)
		return 0;
	state = python.this_thread_state();
	if (!state)
		return 0;
	/* Not thread-local: that is taken out of every thread's stack. */
	if (!self->dump)
		self->dump = memory_map(DUMP_SIZE);
	dump = self->dump;
	if (!dump)
		return 0;
	self->dump_size = DUMP_SIZE;
	self->dump_used = 0;
	self->serving = SERVING_DUMP;
	thread_arm();
	python.dump_traceback(DUMP_FD, state);
	self->serving = SERVING_NOBODY;
	self->armed = false;
	for (const char *line = dump, *end, *last = dump + self->dump_used; line < last;
	     line = end + 1) {
		struct dump_line read;
		size_t with;

		end = memchr(line, '\n', (size_t)(last - line));
		if (!end)
			break;
		if (!read_line(line, end, &read))
			continue;
		with = put_line(text, size, used, &read);
		/* A call is judged by the loop that it is below, which may lie behind many layers
		 * of a framework: what is next to it makes room. */
		while (with == used && used && !in_loop && is_loop(&read)) {
			used = drop_line(text, used);
			with = put_line(text, size, used, &read);
		}
		in_loop |= is_loop(&read);
		used = with;
	}
	return used;
}

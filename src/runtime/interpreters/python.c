#include "python.h"

#include <stdint.h>
#include <string.h>

#include "runtime/modules/modules.h"
#include "python_dump.h"
#include "python_script.h"
#include "python_stack.h"

#define STARTING_FRAMES 4 /* from the lock out to Thread.start */

static struct {
	uintptr_t runtime, runtime_end;
	void *(*this_thread_state)(void); /* PyGILState_GetThisThreadState */
	const struct module *module;
	bool layout_is_known; /* else CPython itself must write its frames */
} python;

static void find_runtime(struct module *module)
{
	struct symbol_extent extent = module_symbol_extent(module, "_PyRuntime");

	python.runtime = extent.address;
	python.runtime_end = extent.address + extent.size;
}

void python_module_added(struct module *module)
{
	uintptr_t state = module_symbol(module, "PyGILState_GetThisThreadState");

	if (!state)
		return;
	find_runtime(module);
	python.module = module;
	python.this_thread_state = (void *(*)(void))state;
	python.layout_is_known = python_stack_init(module);
	if (!python.layout_is_known)
		python_dump_init(module);
}

void python_forked(void)
{
	void *state = python.this_thread_state ? python.this_thread_state() : NULL;

	if (state && python.layout_is_known)
		python_stack_forked(state);
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

static size_t put_number(char *end, int number)
{
	size_t length = 0;

	do
		*--end = (char)('0' + number % 10);
	while (length++, number /= 10);
	return length;
}

static void add_place(struct python_script *script, struct python_walk *walk,
		      const struct python_place *place)
{
	char digits[12], *end = digits + sizeof digits;
	struct python_line line;
	struct python_frame frame;

	if (!python_walk_name(walk, place, &line))
		return;
	frame = (struct python_frame){ .file = line.file,
				       .file_length = line.file_length,
				       .function = line.function,
				       .function_length = line.function_length,
				       .number_length = put_number(end, line.number) };
	frame.number = end - frame.number_length;
	python_script_add(script, &frame);
}

size_t python_frames(char *text, size_t size, bool interrupted)
{
	struct python_script script = { .text = text, .size = size };
	void *state = python.this_thread_state ? python.this_thread_state() : NULL;
	struct python_walk walk;
	struct python_place place;

	if (!state)
		return 0;
	if (python.layout_is_known) {
		python_walk_init(&walk, state, interrupted);
		while (python_walk_next(&walk, &place))
			add_place(&script, &walk, &place);
	} else {
		python_dump_frames(state, &script);
	}
	return script.used;
}

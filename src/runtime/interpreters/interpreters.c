#include "interpreters.h"

#include <string.h>

#include "javascript.h"
#include "javascript_begin.h"
#include "runtime/modules/modules.h"
#include "python.h"
#include "shared/python_loop.h"

bool interpreter_is_loaded;

void interpreters_module_added(struct module *module)
{
	python_module_added(module);
	javascript_module_added(module);
	interpreter_is_loaded =
		interpreter_is_loaded || python_is_loaded() || javascript_is_loaded();
}

bool interpreter_owns_wait(const void *lock, const uint64_t *frames, size_t depth,
			   const char *script, size_t script_size)
{
	return python_owns_lock(lock) || python_starts_thread(script, script_size) ||
	       javascript_owns_wait(frames, depth);
}

/*
 * HotSpot parks threads at safepoints by futex, and its own locks are mutexes; Java's monitors and
 * parks are conditions. In Ruby one function waits for the VM's lock and for those of the program.
 */
bool interpreter_waits_inside(uintptr_t pc, bool condition)
{
	const struct module *module = modules_find(pc);
	const char *name = module ? module_name(module) : "";

	return (!condition && !strncmp(name, "libjvm.so", 9)) || !strncmp(name, "libruby", 7) ||
	       !strcmp(name, "ruby");
}

bool interpreter_is_python(const struct module *module)
{
	return python_is_module(module);
}

/* A line of trace_script. */
struct script_line {
	const char *function, *file;
	size_t function_length, file_length;
};

static bool next_line(const char **at, const char *end, struct script_line *line)
{
	const char *function_end, *number;

	if (*at >= end)
		return false;
	line->function = *at;
	function_end = memchr(*at, '\t', (size_t)(end - *at));
	line->file = function_end + 1;
	number = memchr(line->file, '\t', (size_t)(end - line->file));
	line->function_length = (size_t)(function_end - line->function);
	line->file_length = (size_t)(number - line->file);
	*at = (const char *)memchr(number, '\n', (size_t)(end - number)) + 1;
	return true;
}

static const struct python_loop *script_line_loop(const struct script_line *line)
{
	return python_loop_of(line->function, line->function_length, line->file, line->file_length);
}

enum executor_id interpreter_loop(void)
{
	char text[TRACE_SCRIPT_SIZE];
	const char *at = text, *end = text + python_frames(text, sizeof text, false);
	struct script_line line;

	while (next_line(&at, end, &line))
		if (script_line_loop(&line))
			return script_line_loop(&line)->executor;
	return EXECUTOR_other;
}

bool interpreter_loop_waits(void)
{
	char text[TRACE_SCRIPT_SIZE];
	const char *at = text, *end = text + python_frames(text, sizeof text, false);
	struct script_line line;
	bool seen = false;

	while (next_line(&at, end, &line)) {
		bool is_loop = script_line_loop(&line);

		if (is_loop ? seen : !seen && !python_loop_waits_in(line.file, line.file_length))
			return false;
		seen |= is_loop;
	}
	return seen;
}

static size_t python_script(char *text, size_t size, bool interrupted,
			    enum script_language *language)
{
	size_t used = python_frames(text, size, interrupted);

	if (used)
		*language = SCRIPT_PYTHON;
	return used;
}

/* V8 allocates when it is asked for frames, so a signal handler reads its heap instead. */
size_t interpreter_script_of_signal(const uint64_t *frames, const uintptr_t *places, size_t depth,
				    char *text, size_t size, enum script_language *language)
{
	size_t used = python_script(text, size, true, language);

	if (used)
		return used;
	*language = SCRIPT_JAVASCRIPT;
	return javascript_frames_of_stack(frames, places, depth, text, size);
}

size_t interpreter_script(const uint64_t *frames, size_t depth, bool waits_for_thread, char *text,
			  size_t size, enum script_language *language)
{
	size_t used = python_script(text, size, false, language);

	if (used)
		return used;
	*language = SCRIPT_JAVASCRIPT;
	return javascript_frames(frames, depth, waits_for_thread, NULL, text, size);
}

size_t interpreter_script_of_answer(const uint64_t *frames, const uintptr_t *places, size_t depth,
				    char *text, size_t size, enum script_language *language)
{
	struct javascript_walk walk = { frames, places, depth, 0 };

	*language = SCRIPT_JAVASCRIPT;
	return javascript_frames(frames, depth, false, &walk, text, size);
}

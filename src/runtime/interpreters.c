#include "interpreters.h"

#include <string.h>

#include "javascript.h"
#include "modules.h"
#include "python.h"

void interpreters_module_added(struct module *module)
{
	python_module_added(module);
	javascript_module_added(module);
}

bool interpreter_owns_wait(const void *lock, const uint64_t *frames, size_t depth,
			   const char *script, size_t script_size)
{
	return python_owns_lock(lock) || python_starts_thread(script, script_size) ||
	       javascript_owns_wait(frames, depth);
}

bool interpreter_is_python(const struct module *module)
{
	return python_is_module(module);
}

bool interpreter_runs_loop(void)
{
	static const char loop[] = "run_forever\t";
	char text[TRACE_SCRIPT_SIZE];
	size_t used = python_frames(text, sizeof text);

	return used && memmem(text, used, loop, sizeof loop - 1);
}

/* V8 allocates: not from a signal handler. */
size_t interpreter_script_of_signal(const uint64_t *frames, size_t depth, char *text, size_t size,
				    enum script_language *language)
{
	size_t used = python_frames(text, size);

	(void)frames, (void)depth;
	if (used)
		*language = SCRIPT_PYTHON;
	return used;
}

size_t interpreter_script(const uint64_t *frames, size_t depth, char *text, size_t size,
			  enum script_language *language)
{
	size_t used = python_frames(text, size);

	if (used) {
		*language = SCRIPT_PYTHON;
		return used;
	}
	*language = SCRIPT_JAVASCRIPT;
	return javascript_frames(frames, depth, text, size);
}

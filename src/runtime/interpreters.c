#include "interpreters.h"

#include <string.h>

#include "javascript.h"
#include "modules.h"
#include "python.h"
#include "shared/python_loop.h"

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

const char *interpreter_loop(void)
{
	char text[TRACE_SCRIPT_SIZE];
	const char *line = text, *end = text + python_frames(text, sizeof text);

	while (line < end) {
		const char *file = memchr(line, '\t', (size_t)(end - line)) + 1;
		const char *number = memchr(file, '\t', (size_t)(end - file));
		const struct python_loop *loop = python_loop_of(line, (size_t)(file - 1 - line),
								file, (size_t)(number - file));

		if (loop)
			return loop->name;
		line = (const char *)memchr(number, '\n', (size_t)(end - number)) + 1;
	}
	return NULL;
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

/* Separates a loop library's own calls from those that it makes for the program. */
#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/modules/modules.h"
#include "event_loop.h"
#include "loop_library.h"

/* Functions that libraries export for the program's own waits. */
static bool waits_for_program(const char *function)
{
	static const char *const words[] = { "mutex",	"lock", "cond", "sem_",
					     "barrier", "join", "pop" };

	for (unsigned i = 0; function && i < ARRAY_SIZE(words); i++)
		if (strstr(function, words[i]))
			return true;
	return false;
}

bool event_loop_library_has(uintptr_t pc)
{
	const struct module *library = event_loop_library();

	return library && modules_find(pc) == library;
}

bool event_loop_library_calls(const uint64_t *frames, unsigned depth)
{
	const struct module *library = event_loop_library();
	unsigned own = 0;

	/*
	 * If the library is linked into the program, the program's own waits are in the same
	 * module.
	 */
	if (!library)
		return loop_library_waits_for_itself(frames, depth);
	if (library->is_program)
		return false;
	while (own < depth && modules_find(frames[own]) == library)
		own++;
	return own && !waits_for_program(module_symbol_at(library, frames[own - 1] - 1));
}

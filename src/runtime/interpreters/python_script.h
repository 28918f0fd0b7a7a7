/* Python frames as lines of a trace_script. */
#ifndef RUNTIME_INTERPRETERS_PYTHON_SCRIPT_H
#define RUNTIME_INTERPRETERS_PYTHON_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct python_frame {
	const char *file, *number, *function;
	size_t file_length, number_length, function_length;
};

struct python_script {
	char *text;
	size_t size, used;
	bool in_loop; /* it has the function of an event loop */
};

/* Further out than all before. One that does not fit is left out, but for an event loop's: a call
 * is judged by the loop that it is below, which may lie behind many layers of a framework. Returns
 * whether it is one's. */
bool python_script_add(struct python_script *script, const struct python_frame *frame);

#endif

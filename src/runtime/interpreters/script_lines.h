/* Lines of a trace_script of which there are more than fit: both ends of a deep stack remain. */
#ifndef RUNTIME_INTERPRETERS_SCRIPT_LINES_H
#define RUNTIME_INTERPRETERS_SCRIPT_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Removes the line that begins after the first `kept` bytes of `used`. False: there is none. */
bool script_drop_line(char *text, size_t kept, size_t *used);

/* Adds a line, in place of as many lines after the first `kept` bytes as its room needs. */
void script_add_last(char *text, size_t size, size_t kept, size_t *used, const char *line,
		     size_t length);

#endif

/* Writes interpreter frames into the trace. */
#ifndef RUNTIME_TRACE_SCRIPTS_H
#define RUNTIME_TRACE_SCRIPTS_H

#include <stddef.h>
#include <stdint.h>

#include "contract/trace_format.h"

/*
 * The offset of a new trace_script_lines with these lines, as in trace_script; 0 if there are none,
 * or there is no room.
 */
uint32_t script_write(const char *text, size_t size, enum script_language language);

/* Called in a forked child. */
void scripts_forget(void);

#endif

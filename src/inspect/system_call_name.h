/* System calls by their names. */
#ifndef REPORT_SYSTEM_CALL_NAME_H
#define REPORT_SYSTEM_CALL_NAME_H

#include <stdint.h>

struct strings;

/* Name of a number as in the trace (trace_format.h, TRACE_NO_SYSTEM_CALL): "read", "a page fault",
 * "system call 999"; NULL for none. Kept. */
const char *system_call_name(struct strings *strings, uint32_t number);

#endif

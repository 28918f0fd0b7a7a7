/* The functions of an interpreter's frames, as hashes, to compare the samples of a turn. */
#ifndef RUNTIME_SCRIPT_FUNCTIONS_H
#define RUNTIME_SCRIPT_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "contract/trace_format.h"

/* An interpreter's frames, as in trace_script. */
struct script_text {
	const char *text;
	size_t size;
	enum script_language language;
};

/* Writes at most `room`, outermost first; returns how many. */
uint32_t script_functions(const struct script_text *script, uint64_t *hashes, uint32_t room);

/* The same of the program's own functions alone; one that calls itself counts once. */
uint32_t script_own_functions(const struct script_text *script, uint64_t *hashes, uint32_t room);

/* The number of outermost frames down to the nth of these functions; n from 1. */
uint32_t script_frames_to_own(const struct script_text *script, uint32_t n);

#endif

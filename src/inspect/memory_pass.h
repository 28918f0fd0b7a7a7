/* One pass over the private writable memory of a process or a core. */
#ifndef INSPECT_MEMORY_PASS_H
#define INSPECT_MEMORY_PASS_H

#include "process_image.h"

/* `visit` gets all words in their order, in pieces; each piece begins with the last word of the one
 * before if they are adjacent. Pages that were never touched are left out. `phase`: for the
 * progress. */
void memory_pass(const struct process_image *image, const char *phase,
		 void (*visit)(void *data, uint64_t address, const uint64_t *words, size_t count),
		 void *data);

#endif

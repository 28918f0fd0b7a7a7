/* What may wake a suspended task from outside: timers, and descriptors that a reactor watches. */
#ifndef INSPECT_TASK_SOURCES_H
#define INSPECT_TASK_SOURCES_H

#include "shared/layout_chain.h"

struct task_source {
	bool is_timer;
	int fd;		      /* of a descriptor */
	uint64_t deadline_ns; /* of a timer, CLOCK_MONOTONIC */
	uint32_t type;	      /* of the socket or timer: a text of the layout */
};

/* Searches what the machine awaits. Returns the number that was found; each descriptor once. */
size_t task_sources_find(const struct layout *layout, const struct layout_memory *memory,
			 uint32_t machine, uint64_t address, struct task_source *sources,
			 size_t room);

#endif

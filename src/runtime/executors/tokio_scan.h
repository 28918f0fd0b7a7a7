/*
 * Task vtables as they lie in memory: tokio/src/runtime/task/raw.rs.
 *
 * Seven functions, of which poll is the first, and three integers since 1.23: trailer_offset,
 * scheduler_offset, id_offset (with tokio_unstable a fourth, spawn_location_offset, follows).
 * Earlier ones have five to eight functions and at most one integer: too little to be told by their
 * shape, so these are told by the symbol of poll alone.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_SCAN_H
#define RUNTIME_EXECUTORS_TOKIO_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tokio_region {
	uintptr_t start, end; /* where to look: readable */
	uintptr_t text_start, text_end;
};

struct tokio_vtable {
	uint64_t *words;
	bool by_shape;
	/* By the size of the scheduler's field, between scheduler_offset and id_offset: an
	 * executor's is one Arc; BlockingSchedule's is something else, in every version. */
	bool job;
};

/* `polls`: poll functions known by their symbol, or NULL. */
struct tokio_addresses;
void tokio_scan(const struct tokio_region *region, const struct tokio_addresses *polls,
		void (*visit)(const struct tokio_vtable *vtable, void *data), void *data);

/* A set of addresses, for one scan at a time. */
struct tokio_addresses *tokio_addresses_clear(void);
bool tokio_addresses_add(struct tokio_addresses *addresses, uintptr_t address);

#endif

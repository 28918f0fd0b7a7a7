/* Clients that wait for an answer. */
#ifndef RUNTIME_PROCESS_CLIENTS_H
#define RUNTIME_PROCESS_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

struct clients {
	bool wait;   /* a connection received data since this process last sent any on it, within
			the last 10 seconds and the time that was given */
	bool waited; /* one was sent data in the second half of that time */
	bool served; /* one that is still open was sent data before that time */
};

/*
 * What the connections that this process accepted say. Asks the kernel, so it costs nothing before;
 * only TCP is known. Not for the hot path. Async-signal-safe.
 */
struct clients clients_look(uint64_t ns);

#endif

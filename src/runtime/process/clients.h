/* Clients that wait for an answer while the program shuts down. */
#ifndef RUNTIME_PROCESS_CLIENTS_H
#define RUNTIME_PROCESS_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether a connection that this process accepted received data since it last sent any, within the
 * last 10 seconds and `ns`. Asks the kernel, so it costs nothing before; only TCP is known. Not for
 * the hot path. Async-signal-safe.
 */
bool clients_wait(uint64_t ns);

#endif

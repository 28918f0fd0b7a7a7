/*
 * Option `log': what the runtime decides, in words, for someone with a false alarm. One line a
 * write, appended; the file is opened for each, so the program gets no descriptor.
 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include <stdbool.h>

#include "compiler.h"
#include "runtime.h"

static inline bool log_is_wanted(void)
{
	return UNLIKELY(runtime_options.log[0]);
}

/* `format`: %s and %u (uint64_t) alone. "PID TID: " stands before it, a newline behind. */
COLD void log_line(const char *format, ...);

#define LOG(...)                                                                                   \
	do {                                                                                       \
		if (log_is_wanted())                                                               \
			log_line(__VA_ARGS__);                                                     \
	} while (0)

#endif

/* Streams on descriptors and processes. opens.c has those on paths, closes.c their end. */
#include <string.h>

#include "call.h"
#include "keep.h"

/* It sets O_APPEND. */
#define OPENS_DESCRIPTOR(name)                                                                     \
	EXPORT FILE *name(int fd, const char *mode);                                               \
	EXPORT FILE *name(int fd, const char *mode)                                                \
	{                                                                                          \
		FILE *stream = real.name(fd, mode);                                                \
                                                                                                   \
		if (stream && strchr(mode, 'a'))                                                   \
			descriptor_changed(fd);                                                    \
		return stream;                                                                     \
	}

OPENS_DESCRIPTOR(fdopen)
OPENS_DESCRIPTOR(_IO_fdopen)

#define OPENS_PROCESS(name)                                                                        \
	static COLD FILE *watched_##name(const char *command, const char *mode)                    \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, ANY);                                               \
		return CALL_RESULT(watch, real.name(command, mode));                               \
	}                                                                                          \
	EXPORT FILE *name(const char *command, const char *mode);                                  \
	EXPORT FILE *name(const char *command, const char *mode)                                   \
	{                                                                                          \
		FILE *stream;                                                                      \
                                                                                                   \
		if (LIKELY(!call_armed()))                                                         \
			stream = real.name(command, mode);                                         \
		else                                                                               \
			stream = watched_##name(command, mode);                                    \
		keep_made(keep_fd_of_stream(stream));                                              \
		return stream;                                                                     \
	}

OPENS_PROCESS(popen)
OPENS_PROCESS(_IO_popen)

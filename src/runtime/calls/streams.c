/* Streams on descriptors and processes. Those on paths: opens.c; their end: closes.c. */
#include <string.h>

#include "call.h"
#include "keep.h"

EXPORT FILE *fdopen(int fd, const char *mode)
{
	FILE *stream = real.fdopen(fd, mode);

	/* It sets O_APPEND. */
	if (stream && strchr(mode, 'a'))
		keep_made(fd);
	return stream;
}

static COLD FILE *watched_popen(const char *command, const char *mode)
{
	CALL_WATCH(watch, CALL_popen, ANY);
	return CALL_RESULT(watch, real.popen(command, mode));
}

EXPORT FILE *popen(const char *command, const char *mode)
{
	FILE *stream;

	if (LIKELY(!this_thread.armed))
		stream = real.popen(command, mode);
	else
		stream = watched_popen(command, mode);
	keep_made(keep_fd_of_stream(stream));
	return stream;
}

#include "script_lines.h"

#include <string.h>

bool script_drop_line(char *text, size_t kept, size_t *used)
{
	const char *end = memchr(text + kept, '\n', *used - kept);

	if (!end)
		return false;
	*used -= (size_t)(end + 1 - text) - kept;
	memmove(text + kept, end + 1, *used - kept);
	return true;
}

void script_add_last(char *text, size_t size, size_t kept, size_t *used, const char *line,
		     size_t length)
{
	while (*used + length > size)
		if (!script_drop_line(text, kept, used))
			return;
	memcpy(text + *used, line, length);
	*used += length;
}

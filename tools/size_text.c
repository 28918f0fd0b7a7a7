#include "size_text.h"

#include <stdio.h>

const char *size_text(char text[SIZE_TEXT_SIZE], uint64_t bytes)
{
	if (bytes < 1000000)
		snprintf(text, SIZE_TEXT_SIZE, "%u KB", (unsigned)((bytes + 999) / 1000));
	else if (bytes < 1000000000)
		snprintf(text, SIZE_TEXT_SIZE, "%.1f MB", (double)bytes / 1e6);
	else
		snprintf(text, SIZE_TEXT_SIZE, "%.1f GB", (double)bytes / 1e9);
	return text;
}

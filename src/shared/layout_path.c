#include "layout_path.h"

#include <string.h>

static bool append(char *path, size_t size, const char *text)
{
	size_t length = strlen(path), more = strlen(text);

	if (more >= size - length)
		return false;
	memcpy(path + length, text, more + 1);
	return true;
}

bool layout_directory(char *path, size_t size, const char *cache, const char *home)
{
	path[0] = '\0';
	/* A relative path is not valid. */
	if (cache && *cache == '/')
		return append(path, size, cache) && append(path, size, "/yieldsan");
	return home && *home == '/' && append(path, size, home) &&
	       append(path, size, "/.cache/yieldsan");
}

bool layout_path(char *path, size_t size, const char *directory, const uint8_t *build_id,
		 size_t build_id_size)
{
	static const char digits[] = "0123456789abcdef";

	path[0] = '\0';
	if (!build_id_size || !*directory || !append(path, size, directory) ||
	    !append(path, size, "/"))
		return false;
	for (size_t i = 0; i < build_id_size; i++) {
		const char byte[] = { digits[build_id[i] >> 4], digits[build_id[i] & 15], '\0' };

		if (!append(path, size, byte))
			return false;
	}
	return append(path, size, ".layout");
}

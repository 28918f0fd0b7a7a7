#include "layout_path.h"

#include <string.h>

static bool layout_path_append(char *path, size_t size, const char *text)
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
		return layout_path_append(path, size, cache) &&
		       layout_path_append(path, size, "/yieldsan");
	return home && *home == '/' && layout_path_append(path, size, home) &&
	       layout_path_append(path, size, "/.cache/yieldsan");
}

bool layout_path(char *path, size_t size, const char *directory, const uint8_t *build_id,
		 size_t build_id_size)
{
	static const char digits[] = "0123456789abcdef";

	path[0] = '\0';
	if (!build_id_size || !*directory || !layout_path_append(path, size, directory) ||
	    !layout_path_append(path, size, "/"))
		return false;
	for (size_t i = 0; i < build_id_size; i++) {
		const char byte[] = { digits[build_id[i] >> 4], digits[build_id[i] & 15], '\0' };

		if (!layout_path_append(path, size, byte))
			return false;
	}
	return layout_path_append(path, size, ".layout");
}

#include "pattern.h"

#include <string.h>

/*
 * Backtracking to the last `*` is enough, because each later one may begin where the former ended.
 */
bool pattern_matches(const char *pattern, size_t length, const char *text)
{
	const char *star_text = NULL;
	size_t at = 0, star = 0;

	while (*text) {
		if (at < length && pattern[at] == '*') {
			star = ++at;
			star_text = text;
		} else if (at < length && pattern[at] == *text) {
			at++;
			text++;
		} else if (star_text) {
			at = star;
			text = ++star_text;
		} else {
			return false;
		}
	}
	while (at < length && pattern[at] == '*')
		at++;
	return at == length;
}

bool pattern_matches_path(const char *pattern, size_t length, const char *path)
{
	do {
		if (pattern_matches(pattern, length, path))
			return true;
		path = strchr(path, '/');
	} while (path++);
	return false;
}

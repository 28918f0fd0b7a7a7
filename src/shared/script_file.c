#include "script_file.h"

#include <string.h>

bool script_file_is_library(enum script_language language, const char *file, size_t length)
{
	static const char *const marks[][3] = {
		[SCRIPT_PYTHON] = { "/site-packages/", "/dist-packages/", "/lib/python" },
		[SCRIPT_JAVASCRIPT] = { "/node_modules/" },
	};

	for (size_t i = 0; i < 3 && marks[language][i]; i++)
		if (memmem(file, length, marks[language][i], strlen(marks[language][i])))
			return true;
	if (!length)
		return true;
	/* Node's own are "node:fs", and in older ones "fs.js". */
	return language == SCRIPT_JAVASCRIPT ? *file != '/' && !memmem(file, length, "://", 3)
					     : *file == '<';
}

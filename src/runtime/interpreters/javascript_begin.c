#include "javascript_begin.h"

#include <stdbool.h>
#include <string.h>

#include "javascript.h"
#include "javascript_heap.h"
#include "shared/script_file.h"

#define MAX_WALKED 64  /* frames of JavaScript, named ones and those of packages included */
#define MAX_TEXT   384 /* of a frame's line */

/* Of a line: the bytes before its number, which is the line that runs. */
static size_t before_number(const char *line, size_t used, long *number)
{
	const char *tab = memrchr(line, '\t', used);

	*number = 0;
	for (const char *digit = tab ? tab + 1 : line; tab && digit < line + used; digit++)
		if (*digit >= '0' && *digit <= '9')
			*number = *number * 10 + (*digit - '0');
	return tab ? (size_t)(tab + 1 - line) : 0;
}

/* V8 compiles one function into another: the walk has fewer frames than the answer. */
size_t javascript_add_begin(struct javascript_walk *walk, char *line, size_t used, size_t size)
{
	long runs, begins;
	size_t same = before_number(line, used, &runs), part, begin;
	char text[MAX_TEXT];
	unsigned walked = 0;

	if (!same || *line != '\t' || script_file_is_library(SCRIPT_JAVASCRIPT, line + 1, same - 2))
		return used;
	for (size_t i = walk->passed; i + 1 < walk->depth && walked < MAX_WALKED; i++) {
		if (!javascript_made(walk->frames[i]))
			continue;
		part = javascript_heap_frame(walk->places[i + 1] - sizeof(uintptr_t), text,
					     sizeof text);
		walked += part > 0;
		if (part <= same || memcmp(text, line, same) != 0)
			continue;
		begin = before_number(text, part, &begins);
		if (begins > runs || used + part - begin > size)
			continue;
		line[used - 1] = '\t';
		memcpy(line + used, text + begin, part - begin);
		walk->passed = i + 1;
		return used + part - begin;
	}
	return used;
}

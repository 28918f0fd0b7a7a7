#include "script_functions.h"

#include <stdbool.h>
#include <string.h>

#include "shared/script_file.h"

/* FNV-1a. */
static uint64_t hash_part(uint64_t hash, const char *from, const char *end)
{
	for (; from < end; from++)
		hash = (hash ^ (unsigned char)*from) * UINT64_C(0x100000001b3);
	return hash;
}

struct script_walk {
	const struct script_text *script;
	size_t left; /* bytes of frames further in */
	uint32_t passed;
	uint64_t function; /* of the frame that was passed last */
	bool own;
};

/* The third field is a line number that changes while a function runs: see trace_script. */
static void script_take_frame(struct script_walk *walk, const char *line, size_t size)
{
	const char *end = line + size, *file = memchr(line, '\t', size);
	const char *number = file ? memchr(file + 1, '\t', (size_t)(end - file - 1)) : NULL;
	const char *begin = number ? memchr(number + 1, '\t', (size_t)(end - number - 1)) : NULL;

	walk->own = number && !script_file_is_library(walk->script->language, file + 1,
						      (size_t)(number - file - 1));
	walk->function = hash_part(UINT64_C(0xcbf29ce484222325), line, number ? number : end);
	walk->function = hash_part(walk->function, begin ? begin : end, end);
}

/* Passes the next frame further in; false: there is none. */
static bool script_pass(struct script_walk *walk)
{
	const char *text = walk->script->text, *before;
	size_t start;

	if (!walk->left)
		return false;
	if (text[walk->left - 1] == '\n')
		walk->left--;
	before = memrchr(text, '\n', walk->left);
	start = before ? (size_t)(before + 1 - text) : 0;
	script_take_frame(walk, text + start, walk->left - start);
	walk->left = start;
	walk->passed++;
	return true;
}

uint32_t script_functions(const struct script_text *script, uint64_t *hashes, uint32_t room)
{
	struct script_walk walk = { script, script->size, 0, 0, false };
	uint32_t count = 0;

	while (count < room && script_pass(&walk))
		hashes[count++] = walk.function;
	return count;
}

/* Stops behind the last one that there is room for; `hashes`: NULL if they are only counted. */
static uint32_t pass_own_functions(struct script_walk *walk, uint64_t *hashes, uint32_t room)
{
	uint32_t count = 0;
	uint64_t last = 0;

	while (count < room && script_pass(walk)) {
		if (!walk->own || (count && walk->function == last))
			continue;
		last = walk->function;
		if (hashes)
			hashes[count] = last;
		count++;
	}
	return count;
}

uint32_t script_own_functions(const struct script_text *script, uint64_t *hashes, uint32_t room)
{
	struct script_walk walk = { script, script->size, 0, 0, false };

	return pass_own_functions(&walk, hashes, room);
}

uint32_t script_frames_to_own(const struct script_text *script, uint32_t n)
{
	struct script_walk walk = { script, script->size, 0, 0, false };

	return pass_own_functions(&walk, NULL, n) == n ? walk.passed : 0;
}

#include "python_layout.h"

#include <string.h>

#define OLDEST 11

static const struct python_layout layouts[] = {
	{ 11, 40, 75, 80, -2, 32, 56, 64, 72, false, 72, 184, 48, 72, 24, 88, 136 },
	{ 12, 32, 67, 72, -2, 0, 56, 64, 72, false, 68, 192, 40, 56, 24, 88, 136 },
	{ 13, 32, 67, 72, -3, 0, 56, 64, 72, false, 68, 200, 40, 56, 24, 96, 120 },
	{ 14, 32, 67, 72, -3, 0, 56, 64, 80, true, 68, 208, 40, 56, 32, 104, 128 },
};

/* `_PyRuntime' of 3.13 and later begins with the offsets that its debuggers need. */
static bool is_free_threaded(const struct python_source *source)
{
	struct {
		char cookie[8];
		uint64_t version, is_free_threaded;
	} head;
	uint64_t address = python_source_symbol(source, "_PyRuntime");

	return address && source->read(source->source, address, &head, sizeof head) &&
	       !memcmp(head.cookie, "xdebugpy", sizeof head.cookie) && head.is_free_threaded;
}

const struct python_layout *python_layout_of(const struct python_source *source,
					     const char **sentence)
{
	uint64_t version, address = python_source_symbol(source, "Py_Version");
	unsigned major, minor;

	*sentence = NULL;
	if (!address) {
		if (python_source_symbol(source, "PyCoro_New"))
			*sentence = "tasks of asyncio are not listed: this CPython is older than "
				    "3.11, which is not supported";
		return NULL;
	}
	if (!source->read(source->source, address, &version, sizeof version))
		return NULL;
	major = version >> 24 & 255;
	minor = version >> 16 & 255;
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (major == 3 && layouts[i].minor == minor) {
			if (!is_free_threaded(source))
				return &layouts[i];
			*sentence = "tasks of asyncio are not listed: a free-threaded CPython is "
				    "not supported";
			return NULL;
		}
	*sentence = minor < OLDEST
			    ? "tasks of asyncio are not listed: CPython before 3.11 is not "
			      "supported"
			    : "tasks of asyncio are not listed: CPython after 3.14 is not known";
	return NULL;
}

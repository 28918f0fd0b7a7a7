#include "load.h"

#include <string.h>

/* proc(5), /proc/loadavg: "0.20 0.18 0.12 RUNNING/ALL LAST". */
bool load_is_full(const char *text, long processors)
{
	long running = 0;

	for (int field = 0; text && field < 3; field++) {
		text = strchr(text, ' ');
		text += text != NULL;
	}
	for (; text && *text >= '0' && *text <= '9'; text++)
		running = running * 10 + (*text - '0');
	return text && *text == '/' && running - 1 >= processors;
}

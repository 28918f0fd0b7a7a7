#include "load.h"

#include <string.h>

/* proc(5), /proc/loadavg: "0.20 0.18 0.12 RUNNING/ALL LAST". */
static long load_running(const char *text)
{
	long count = 0;

	for (int field = 0; text && field < 3; field++) {
		text = strchr(text, ' ');
		text += text != NULL;
	}
	for (; text && *text >= '0' && *text <= '9'; text++)
		count = count * 10 + (*text - '0');
	return text && *text == '/' && count ? count - 1 : 0;
}

bool load_is_full(const char *text, long processors)
{
	return load_running(text) >= processors;
}

/* Documentation/accounting/psi.rst: "some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS". */
uint64_t load_pressure_ns(const char *text)
{
	const char *total = strncmp(text, "some ", 5) ? NULL : strstr(text, "total=");
	uint64_t us = 0;

	if (!total)
		return 0;
	for (total += strlen("total="); *total >= '0' && *total <= '9'; total++)
		us = us * 10 + (uint64_t)(*total - '0');
	return us * 1000;
}

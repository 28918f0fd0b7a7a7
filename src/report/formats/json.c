/* --format=json: one object, for machines. */
#include <errno.h>

#include "format.h"
#include "json_report.h"

int format_json(const struct report *report, FILE *out)
{
	json_t *root = json_report(report);
	int failed = json_dumpf(root, out, JSON_INDENT(2)) || fputc('\n', out) == EOF;

	json_decref(root);
	return failed ? -(errno ? errno : EIO) : 0;
}

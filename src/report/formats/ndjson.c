/*
 * --format=ndjson: one line for each process and each finding, for column stores. The member
 * "record" of each line is "process" or "finding".
 */
#include <errno.h>

#include "format.h"
#include "json_report.h"

static int print_all(const json_t *items, const char *record, FILE *out)
{
	size_t i;
	json_t *item;

	json_array_foreach (items, i, item) {
		json_object_set_new(item, "record", json_string(record));
		if (json_dumpf(item, out, JSON_COMPACT) || fputc('\n', out) == EOF)
			return -(errno ? errno : EIO);
	}
	return 0;
}

int format_ndjson(const struct report *report, FILE *out)
{
	json_t *root = json_report(report);
	int error = print_all(json_object_get(root, "processes"), "process", out);

	if (!error)
		error = print_all(json_object_get(root, "findings"), "finding", out);
	json_decref(root);
	return error;
}

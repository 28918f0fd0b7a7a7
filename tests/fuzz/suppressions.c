/* A file of suppressions, with a report on a trace. */
#include "fuzz.h"
#include "report/filters/suppressions.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct report_options options = fuzz_report_options(NULL);
	char path[PATH_MAX], room[PATH_MAX], *trace = room;
	char sentence[SUPPRESSIONS_SENTENCE_SIZE];
	struct suppressions suppressions = { 0 };
	struct report_summary summary;

	snprintf(room, sizeof room, "%s/fixed" TRACE_SUFFIX, getenv("FUZZ_PROGRAMS"));
	fuzz_write(fuzz_path(path, "rules"), bytes, size);
	options.suppressions = &suppressions;
	if (!suppressions_read(&suppressions, path, sentence))
		report_make(&options, &trace, 1, fuzz_sink(), &summary);
	suppressions_deinit(&suppressions);
	return 0;
}

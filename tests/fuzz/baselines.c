/* A baseline: read, with a report on a trace, and written again. */
#include "fuzz.h"
#include "report/filters/baseline.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct report_options options = fuzz_report_options(NULL);
	char path[PATH_MAX], room[PATH_MAX], *trace = room;
	char sentence[BASELINE_SENTENCE_SIZE];
	struct baseline baseline = { 0 };
	struct report_summary summary;

	snprintf(room, sizeof room, "%s/fixed" TRACE_SUFFIX, getenv("FUZZ_PROGRAMS"));
	fuzz_write(fuzz_path(path, "baseline"), bytes, size);
	options.baseline = &baseline;
	if (!baseline_read(&baseline, path, sentence)) {
		report_make(&options, &trace, 1, fuzz_sink(), &summary);
		options.write_baseline = path;
		report_make(&options, &trace, 1, fuzz_sink(), &summary);
	}
	baseline_deinit(&baseline);
	return 0;
}

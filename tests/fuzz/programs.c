/* An ELF file with its debug information: what `check' and `scan' read of it, and the names and
 * lines in a report. */
#include "fuzz.h"
#include "names.h"
#include "tools/elf_kind.h"
#include "tools/task_tables.h"
#include "report/collecting/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct report_options options = fuzz_report_options(NULL);
	struct scan_options scan = { .large = 64 };
	struct report_summary summary;
	struct task_tables tables;
	struct elf_kind kind;
	char room[PATH_MAX], *path = room;

	setenv("XDG_CACHE_HOME", "/proc/self/nonexistent", 1);
	fuzz_write(fuzz_path(path, "program"), bytes, size);
	elf_kind_read(&kind, path);
	task_tables_read(&tables, path);
	report_scan(&options, &scan, &path, 1, fuzz_sink(), &summary);
	names_in(path, "/proc/self/nonexistent");
	return 0;
}

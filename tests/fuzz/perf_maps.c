/* The names of code that was made at run time: /tmp/perf-PID.map. */
#include <unistd.h>

#include "fuzz.h"
#include "symbols/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char path[PATH_MAX];
	struct strings strings;
	struct perf_map map;

	fuzz_write(fuzz_path(path, "perf.map"), bytes, size);
	strings_init(&strings);
	if (!perf_map_read(&map, path, geteuid(), &strings)) {
		for (size_t i = 0; i < map.spans.count; i++) {
			uint64_t low = map.spans.items[i].low, high = map.spans.items[i].high;

			/* A name begins where a span does, unless that span is empty. */
			if (low < high && !perf_map_find(&map, low))
				abort();
			perf_map_find(&map, high);
		}
		perf_map_deinit(&map);
	}
	strings_deinit(&strings);
	return 0;
}

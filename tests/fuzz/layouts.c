/* A cached layout, its version and check sum mended: what `scan' says of the program that it
 * belongs to. */
#include <unistd.h>

#include "fuzz.h"
#include "async_layouts/layout_cache.h"
#include "report/collecting/scan.h"
#include "symbols/elf_file.h"

/* Puts the input where the program's layout is searched for. */
static void cache_layout(const char *program, const void *table, size_t size)
{
	const uint8_t *build_id;
	struct elf_file file;
	char cache[PATH_MAX];
	size_t id_size;

	setenv("XDG_CACHE_HOME", fuzz_path(cache, "cache"), 1);
	if (elf_file_open(&file, program))
		abort();
	id_size = elf_file_build_id(&file, &build_id);
	layout_cache_write(build_id, id_size, table, size);
	elf_file_close(&file);
}

static void look_at(const struct layout *layout)
{
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_ROOTS); i++)
		layout_root_at(layout, layout->roots[i].start);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct report_options options =
		fuzz_report_options(fuzz_hash(bytes, size) % 2 ? NULL : "json");
	struct scan_options scan = { .large = 64 };
	struct layout_header *header = malloc(size + 1);
	struct report_summary summary;
	struct layout layout;
	char room[PATH_MAX], *path = room;

	memcpy(header, bytes, size);
	if (size >= sizeof *header) {
		header->version = LAYOUT_VERSION;
		header->size = size;
		header->sum = layout_sum(header);
	}
	if (!layout_read(&layout, header, size))
		look_at(&layout);
	snprintf(room, sizeof room, "%s/coroutines", getenv("FUZZ_PROGRAMS"));
	cache_layout(path, header, size);
	free(header);
	report_scan(&options, &scan, &path, 1, fuzz_sink(), &summary);
	return 0;
}

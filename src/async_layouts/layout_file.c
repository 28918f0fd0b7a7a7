/* From an ELF file to its layout: from the cache, its own debug information, or a
 * file beside it. */
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/debug_file.h"
#include "symbols/dwp.h"
#include "symbols/elf_file.h"
#include "contract/layout.h"
#include "layout_build.h"
#include "layout_cache.h"
#include "layout_refusal.h"

static Dwarf *layout_open_dwarf(const struct elf_file *file)
{
	Dwarf *dwarf = dwp_begin(file);
	Dwarf_CU *unit = NULL;

	if (dwarf && !dwarf_get_units(dwarf, NULL, &unit, NULL, NULL, NULL, NULL))
		return dwarf;
	if (dwarf)
		dwarf_end(dwarf);
	return NULL;
}

static void read_identity(const struct elf_file *file, struct layout_header *header)
{
	const uint8_t *build_id;
	size_t size = elf_file_build_id(file, &build_id);

	if (size > sizeof header->build_id)
		size = 0;
	if (size)
		memcpy(header->build_id, build_id, size);
	header->build_id_size = (uint32_t)size;
}

/* Beside the file itself, not beside a link to it; `path' may be relative. */
static int open_debug_file(struct elf_file *debug, const struct elf_file *object, const char *path,
			   const struct layout_header *header)
{
	char *whole = realpath(path, NULL);
	int error = debug_file_open(debug, object, whole ? whole : path, header->build_id,
				    header->build_id_size, DEBUG_FILE_ROOT);

	free(whole);
	return error;
}

static void *read_table(const struct elf_file *object, const char *path,
			const struct held_patterns *own, const struct layout_header *header,
			size_t *size, char sentence[LAYOUT_SENTENCE_SIZE])
{
	struct elf_file debug = { .fd = -1 };
	Dwarf *dwarf = layout_open_dwarf(object);
	void *table = NULL;

	if (!dwarf && !open_debug_file(&debug, object, path, header))
		dwarf = layout_open_dwarf(&debug);
	if (dwarf) {
		table = layout_build(dwarf, object, debug.elf ? &debug : object, own, header, size);
		dwarf_end(dwarf);
	}
	if (!table)
		layout_refuse_lack(object, &debug, path, sentence);
	elf_file_close(&debug);
	return table;
}

int layout_open(struct layout *layout, const char *path, const struct held_patterns *own,
		char sentence[LAYOUT_SENTENCE_SIZE])
{
	bool cacheable = !own || !own->count, cached = true;
	struct layout_header header = { 0 };
	struct elf_file object;
	void *table = NULL;
	size_t size = 0;
	int error;

	memset(layout, 0, sizeof *layout);
	error = elf_file_open(&object, path);
	if (error) {
		layout_refuse_unopened(path, error, sentence);
		return error;
	}
	if (layout_refuse_kind(&object, path, sentence)) {
		elf_file_close(&object);
		return -EINVAL;
	}
	read_identity(&object, &header);
	if (cacheable)
		table = layout_cache_read(header.build_id, header.build_id_size, &size);
	if (table && layout_read(layout, table, size)) {
		free(table);
		table = NULL;
	}
	if (!table) {
		cached = false;
		table = read_table(&object, path, own, &header, &size, sentence);
	}
	elf_file_close(&object);
	if (!table)
		return -ENODATA;
	if (!cached) {
		if (layout_read(layout, table, size)) {
			snprintf(sentence, LAYOUT_SENTENCE_SIZE,
				 "%s cannot be scanned: its debug information is too much", path);
			free(table);
			return -EFBIG;
		}
		/* A .dwo may exist the next time. */
		if (cacheable && !(layout->header->flags & LAYOUT_PARTS_ABSENT))
			layout_cache_write(header.build_id, header.build_id_size, table, size);
	}
	return 0;
}

void layout_close(struct layout *layout)
{
	free((void *)layout->header);
	memset(layout, 0, sizeof *layout);
}

#include "unwind_function.h"

#include <stddef.h>

#include "runtime/modules/modules.h"

enum { ENCODED_PCREL_SDATA4 = 0x1b, ENCODED_UDATA4 = 0x03, ENCODED_DATAREL_SDATA4 = 0x3b };

const struct eh_frame_hdr *unwind_function_table(const struct module *module)
{
	const struct eh_frame_hdr *table = (const void *)module->eh_frame_hdr;
	uintptr_t end = module_readable_until(module, module->eh_frame_hdr);

	return end >= module->eh_frame_hdr + sizeof *table && table->version == 1 &&
			       table->frame_encoding == ENCODED_PCREL_SDATA4 &&
			       table->count_encoding == ENCODED_UDATA4 &&
			       table->table_encoding == ENCODED_DATAREL_SDATA4
		       ? table
		       : NULL;
}

uintptr_t unwind_function_start(const struct module *module, uintptr_t address)
{
	const struct eh_frame_hdr *table = unwind_function_table(module);
	uintptr_t end = module_readable_until(module, module->eh_frame_hdr);
	int64_t wanted = (int64_t)(address - module->eh_frame_hdr);
	uint32_t low = 0, high;

	if (!table)
		return 0;
	high = table->count;
	if (high > (end - (uintptr_t)table->entries) / sizeof *table->entries)
		return 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->entries[middle].function <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? module->eh_frame_hdr + (uintptr_t)(intptr_t)table->entries[low - 1].function
		   : 0;
}

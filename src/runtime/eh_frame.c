#include "eh_frame.h"

struct index_entry {
	int32_t start, entry; /* both relative to .eh_frame_hdr, sorted by start */
};

static struct cfi_reader reader_at(const struct module *module, uintptr_t address)
{
	uintptr_t end = module_readable_until(module, address);

	return (struct cfi_reader){
		.at = (const uint8_t *)address,
		.end = (const uint8_t *)(end ? end : address),
		.failed = !end,
	};
}

/* The same for an entry: ends where its own length says. 64-bit lengths are never made. */
static struct cfi_reader entry_at(const struct module *module, uintptr_t address)
{
	struct cfi_reader reader = reader_at(module, address);
	uint32_t length = cfi_u32(&reader);

	if (!length || length == UINT32_MAX || !cfi_left(&reader, length))
		reader.failed = true;
	else
		reader.end = reader.at + length;
	return reader;
}

/* The last function of .eh_frame_hdr's table that starts at or before the address; 0 when none. */
static uintptr_t look_up(const struct module *module, uintptr_t address)
{
	uintptr_t header = module->eh_frame_hdr;
	struct cfi_reader reader = reader_at(module, header);
	uint8_t version = cfi_u8(&reader);
	uint8_t frame_encoding = cfi_u8(&reader);
	uint8_t count_encoding = cfi_u8(&reader);
	uint8_t table_encoding = cfi_u8(&reader);
	struct index_entry entry;
	const uint8_t *table;
	uint64_t low = 0, high;

	/* The one form that linkers write; without a table there is nothing to look up. */
	if (version != 1 || table_encoding != (CFI_DATA_RELATIVE | CFI_SDATA4))
		return 0;
	cfi_pointer(&reader, frame_encoding);
	high = cfi_pointer(&reader, count_encoding);
	if (reader.failed || high > (size_t)(reader.end - reader.at) / sizeof entry)
		return 0;
	table = reader.at;
	while (low < high) {
		uint64_t middle = (low + high) / 2;

		memcpy(&entry, table + middle * sizeof entry, sizeof entry);
		if (header + (uintptr_t)(intptr_t)entry.start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return 0;
	memcpy(&entry, table + (low - 1) * sizeof entry, sizeof entry);
	return header + (uintptr_t)(intptr_t)entry.entry;
}

/* Leaves the reader at its instructions. False for what is not understood. */
static bool read_common(struct cfi_reader *reader, struct eh_frame_entry *entry, bool *sized)
{
	const char *augmentation;
	uint64_t size = 0;
	uint8_t version;

	if (cfi_u32(reader)) /* not a CIE */
		return false;
	version = cfi_u8(reader);
	if (version != 1 && version != 3)
		return false;
	augmentation = (const char *)reader->at;
	while (cfi_u8(reader))
		;
	if (reader->failed)
		return false;
	entry->code_align = cfi_uleb(reader);
	entry->data_align = cfi_sleb(reader);
	entry->return_column = version == 1 ? cfi_u8(reader) : cfi_uleb(reader);
	entry->encoding = CFI_ABSOLUTE;
	*sized = *augmentation == 'z';
	if (*sized) {
		size = cfi_uleb(reader);
		augmentation++;
	}
	const uint8_t *data = reader->at;

	for (; *augmentation; augmentation++) {
		switch (*augmentation) {
		case 'R':
			entry->encoding = cfi_u8(reader);
			break;
		case 'P':
			cfi_pointer(reader,
				    cfi_u8(reader) & ~0x80); /* may be indirect: not followed */
			break;
		case 'L':
			cfi_skip(reader, 1);
			break;
		case 'S': /* a signal frame: see unwind_rule.c */
			break;
		default:
			return false;
		}
	}
	if (*sized) {
		reader->at = data;
		cfi_skip(reader, size);
	}
	return !reader->failed;
}

bool eh_frame_find(const struct module *module, uintptr_t address, struct eh_frame_entry *entry)
{
	uintptr_t found = module->eh_frame_hdr ? look_up(module, address) : 0;
	struct cfi_reader reader, common;
	const uint8_t *place;
	uint64_t size;
	bool sized;

	if (!found)
		return false;
	reader = entry_at(module, found);
	place = reader.at;
	common = entry_at(module, (uintptr_t)place - cfi_u32(&reader));
	if (reader.failed || common.failed || !read_common(&common, entry, &sized))
		return false;
	entry->start = cfi_pointer(&reader, entry->encoding);
	size = cfi_pointer(&reader, entry->encoding & CFI_FORMAT);
	if (sized)
		cfi_skip(&reader, cfi_uleb(&reader));
	entry->initial = common;
	entry->program = reader;
	return !reader.failed && address - entry->start < size;
}

#include "python_methods.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define WORD_SIZE    8
#define MAX_POINTERS 1000000
#define MAX_ROWS     4096 /* per table */
#define MAX_SECTIONS 256
#define MAX_DATA     (64 << 20)
#define NAME_SIZE    64
#define SYMBOLLESS   0
#define TP_METHODS   64 /* Py_tp_methods, Include/typeslots.h: part of the stable ABI */
#define LAST_SLOT    100
#define METHOD_FLAGS 0x3ff /* METH_VARARGS to METH_METHOD, Include/methodobject.h */
#define METHOD_ROW   32	   /* struct PyMethodDef: name, function, flags, documentation */
#define SLOT_ROW     16	   /* PyType_Slot: number, pointer */
#define NAME_BEFORE  24	   /* from the pointer of a PyType_Spec or PyModuleDef back to its name */
#define TYPE_NAME    208   /* from tp_methods of a PyTypeObject back to tp_name, 3.8 to 3.13 */

/* A word in the data that contains an address. */
struct method_pointer {
	uint64_t place, value;
};

static const uint8_t *method_bytes_at(const struct python_methods *methods,
				      const struct elf_file *file, uint64_t address, size_t size)
{
	size_t count = 0;
	GElf_Phdr segment;

	if (elf_getphdrnum(file->elf, &count))
		return NULL;
	for (size_t i = 0; i < count && i < MAX_SECTIONS; i++) {
		if (!gelf_getphdr(file->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr > segment.p_filesz ||
		    size > segment.p_filesz - (address - segment.p_vaddr) ||
		    segment.p_offset > methods->size ||
		    segment.p_filesz > methods->size - segment.p_offset)
			continue;
		return methods->bytes + segment.p_offset + (address - segment.p_vaddr);
	}
	return NULL;
}

static void methods_add_value(struct python_methods *methods, uint64_t place, uint64_t value)
{
	if (methods->count >= MAX_POINTERS)
		return;
	methods->by_place = memory_grow(methods->by_place, methods->count, &methods->room,
					sizeof *methods->by_place);
	methods->by_place[methods->count++] = (struct method_pointer){ place, value };
}

static void add_data(struct python_methods *methods, const struct elf_file *file,
		     const GElf_Shdr *section)
{
	const uint8_t *data;
	uint64_t value;

	if (section->sh_size > MAX_DATA)
		return;
	data = method_bytes_at(methods, file, section->sh_addr, section->sh_size);
	for (uint64_t at = 0; data && at + WORD_SIZE <= section->sh_size; at += WORD_SIZE) {
		memcpy(&value, data + at, WORD_SIZE);
		if (value && method_bytes_at(methods, file, value, 1))
			methods_add_value(methods, section->sh_addr + at, value);
	}
}

static void add_relocations(struct python_methods *methods, Elf_Scn *section,
			    const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize && data ? data->d_size / header->sh_entsize : 0;
	GElf_Rela relocation;

	for (size_t i = 0; i < count && i < MAX_POINTERS; i++)
		if (gelf_getrela(data, (int)i, &relocation) &&
		    GELF_R_SYM(relocation.r_info) == SYMBOLLESS)
			methods_add_value(methods, relocation.r_offset,
					  (uint64_t)relocation.r_addend);
}

static int compare_value_places(const void *one, const void *other)
{
	const struct method_pointer *a = one, *b = other;

	return a->place < b->place ? -1 : a->place > b->place;
}

static int compare_values(const void *one, const void *other)
{
	const struct method_pointer *a = one, *b = other;

	return a->value != b->value ? (a->value < b->value ? -1 : 1)
				    : compare_value_places(one, other);
}

static void methods_sort(struct python_methods *methods)
{
	if (!methods->count)
		return;
	methods->by_value = memory_get(methods->count * sizeof *methods->by_value);
	memcpy(methods->by_value, methods->by_place, methods->count * sizeof *methods->by_value);
	qsort(methods->by_place, methods->count, sizeof *methods->by_place, compare_value_places);
	qsort(methods->by_value, methods->count, sizeof *methods->by_value, compare_values);
}

static void find_unwind_table(struct python_methods *methods, const struct elf_file *file)
{
	size_t count = 0;
	GElf_Phdr segment;

	if (elf_getphdrnum(file->elf, &count))
		return;
	for (size_t i = 0; i < count && i < MAX_SECTIONS; i++)
		if (gelf_getphdr(file->elf, (int)i, &segment) && segment.p_type == PT_GNU_EH_FRAME)
			methods->unwind_table = segment.p_vaddr;
}

static void read_tables(struct python_methods *methods, const struct elf_file *file)
{
	Elf_Scn *section = NULL;
	GElf_Ehdr file_header;
	GElf_Shdr header;
	size_t seen = 0;

	methods->read = true;
	methods->bytes = file->elf ? (const void *)elf_rawfile(file->elf, &methods->size) : NULL;
	if (!methods->bytes || !gelf_getehdr(file->elf, &file_header) ||
	    file_header.e_ident[EI_CLASS] != ELFCLASS64)
		return;
	methods->fixed = file_header.e_type == ET_EXEC;
	find_unwind_table(methods, file);
	while ((section = elf_nextscn(file->elf, section)) && seen++ < MAX_SECTIONS) {
		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC))
			continue;
		if (methods->fixed && header.sh_type == SHT_PROGBITS && header.sh_flags & SHF_WRITE)
			add_data(methods, file, &header);
		else if (!methods->fixed && header.sh_type == SHT_RELA)
			add_relocations(methods, section, &header);
	}
	methods_sort(methods);
}

/* The start of the function: the unwind table lists all functions in order
 * (LSB 5, .eh_frame_hdr). */
static uint64_t function_start(const struct python_methods *methods, const struct elf_file *file,
			       uint64_t address)
{
	static const uint8_t kind[] = { 1, 0x1b, 0x03,
					0x3b }; /* the encoding that every linker writes */
	const uint8_t *header = methods->unwind_table
					? method_bytes_at(methods, file, methods->unwind_table, 12)
					: NULL;
	const uint8_t *table;
	uint32_t count, low = 0, high;
	int32_t start;

	if (!header || memcmp(header, kind, sizeof kind) != 0)
		return 0;
	memcpy(&count, header + 8, sizeof count);
	table = method_bytes_at(methods, file, methods->unwind_table + 12, (size_t)count * 8);
	if (!table)
		return 0;
	for (high = count; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		memcpy(&start, table + (size_t)middle * 8, sizeof start);
		if (methods->unwind_table + (uint64_t)(int64_t)start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return 0;
	memcpy(&start, table + (size_t)(low - 1) * 8, sizeof start);
	return methods->unwind_table + (uint64_t)(int64_t)start;
}

/* The target of the word at `place`; 0: not a pointer. */
static uint64_t word_target_at(const struct python_methods *methods, uint64_t place)
{
	struct method_pointer key = { place, 0 };
	const struct method_pointer *found =
		methods->count ? bsearch(&key, methods->by_place, methods->count, sizeof key,
					 compare_value_places)
			       : NULL;

	return found ? found->value : 0;
}

/* The first of the pointers to `value`, or of the next larger ones. */
static size_t first_to(const struct python_methods *methods, uint64_t value)
{
	size_t low = 0, high = methods->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (methods->by_value[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool method_number_at(const struct python_methods *methods, const struct elf_file *file,
			     uint64_t address, uint32_t *number)
{
	const uint8_t *bytes = method_bytes_at(methods, file, address, sizeof *number);

	if (bytes)
		memcpy(number, bytes, sizeof *number);
	return bytes;
}

/* One identifier, or several separated by dots. */
static bool name_at(const struct python_methods *methods, const struct elf_file *file,
		    uint64_t address, char name[NAME_SIZE])
{
	size_t length = 0;

	for (; length + 1 < NAME_SIZE; length++) {
		const uint8_t *byte = method_bytes_at(methods, file, address + length, 1);

		if (!byte || (*byte && !isalnum(*byte) && *byte != '_' && *byte != '.'))
			return false;
		name[length] = (char)*byte;
		if (!*byte)
			return length;
	}
	return false;
}

static bool is_method(const struct python_methods *methods, const struct elf_file *file,
		      uint64_t row, char name[NAME_SIZE])
{
	uint32_t flags;

	return word_target_at(methods, row) && word_target_at(methods, row + WORD_SIZE) &&
	       method_number_at(methods, file, row + 2 * WORD_SIZE, &flags) && flags &&
	       !(flags & ~METHOD_FLAGS) &&
	       name_at(methods, file, word_target_at(methods, row), name);
}

static bool is_slot(const struct python_methods *methods, const struct elf_file *file, uint64_t row)
{
	uint32_t number;

	return word_target_at(methods, row + WORD_SIZE) &&
	       method_number_at(methods, file, row, &number) && number && number <= LAST_SLOT;
}

/* The name of a PyModuleDef or PyType_Spec, found by its pointer to a table. */
static bool spec_of(const struct python_methods *methods, const struct elf_file *file,
		    uint64_t pointer, char name[NAME_SIZE])
{
	return word_target_at(methods, pointer - NAME_BEFORE) &&
	       name_at(methods, file, word_target_at(methods, pointer - NAME_BEFORE), name);
}

/* For a PyType_Slot: the PyType_Spec points to the first slot of its row. */
static bool slots_of(const struct python_methods *methods, const struct elf_file *file,
		     uint64_t pointer, char name[NAME_SIZE])
{
	uint64_t row = pointer - WORD_SIZE;
	uint32_t number;

	if (!method_number_at(methods, file, row, &number) || number != TP_METHODS)
		return false;
	for (int i = 0; i < LAST_SLOT && is_slot(methods, file, row - SLOT_ROW); i++)
		row -= SLOT_ROW;
	for (size_t i = first_to(methods, row);
	     i < methods->count && methods->by_value[i].value == row; i++)
		if (spec_of(methods, file, methods->by_value[i].place, name))
			return true;
	return false;
}

/* For a PyTypeObject that no PyType_Spec describes. */
static bool static_type_name(const struct python_methods *methods, const struct elf_file *file,
			     uint64_t pointer, char name[NAME_SIZE])
{
	return word_target_at(methods, pointer - TYPE_NAME) &&
	       name_at(methods, file, word_target_at(methods, pointer - TYPE_NAME), name);
}

static bool method_owner(const struct python_methods *methods, const struct elf_file *file,
			 uint64_t pointer, char name[NAME_SIZE])
{
	return spec_of(methods, file, pointer, name) || slots_of(methods, file, pointer, name) ||
	       static_type_name(methods, file, pointer, name);
}

/* For the table that contains the row: its owner points to the first row. */
static bool table_owner(const struct python_methods *methods, const struct elf_file *file,
			uint64_t row, char name[NAME_SIZE])
{
	for (int rows = 0; rows < MAX_ROWS && is_method(methods, file, row, name); rows++) {
		for (size_t i = first_to(methods, row);
		     i < methods->count && methods->by_value[i].value == row; i++)
			if (method_owner(methods, file, methods->by_value[i].place, name))
				return true;
		row -= METHOD_ROW;
	}
	return false;
}

bool python_method_find(struct python_methods *methods, const struct elf_file *file,
			uint64_t address, char name[PYTHON_METHOD_SIZE])
{
	char method[NAME_SIZE], owner[NAME_SIZE];
	size_t shortest = NAME_SIZE; /* `acquire` and `acquire_lock` are the same function */
	uint64_t start;

	if (!methods->read)
		read_tables(methods, file);
	start = methods->count ? function_start(methods, file, address) : 0;
	for (size_t i = first_to(methods, start);
	     start && i < methods->count && methods->by_value[i].value == start; i++) {
		uint64_t row = methods->by_value[i].place - WORD_SIZE;

		if (!is_method(methods, file, row, method) || strlen(method) >= shortest ||
		    !table_owner(methods, file, row, owner))
			continue;
		shortest = strlen(method);
		snprintf(name, PYTHON_METHOD_SIZE, "%s.%s", owner, method);
	}
	return shortest < NAME_SIZE;
}

void python_methods_deinit(struct python_methods *methods)
{
	free(methods->by_place);
	free(methods->by_value);
	memset(methods, 0, sizeof *methods);
}

/* Looks up addresses of a file, as a report does. */
#ifndef TESTS_FUZZ_NAMES_H
#define TESTS_FUZZ_NAMES_H

#include "support/strings.h"
#include "symbols/binary.h"
#include "symbols/elf_file.h"
#include "symbols/symbols.h"

/* libdw loses a little memory when it refuses debug information. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libdw";
}

#define NAMES_ADDRESSES 24 /* of each segment */

static inline void names_at(struct binary *binary, uint64_t address)
{
	uint64_t spans[8];
	Dwarf_Die function;

	binary_find(binary, address);
	binary_generic_name(binary, address);
	binary_python_method(binary, address);
	binary_function(binary, address, &function);
	binary_block(binary, address, spans, 4);
}

static inline void names_in_code(struct binary *binary, const struct elf_file *object)
{
	struct spans code = { 0 };

	elf_file_code(object, &code);
	for (size_t i = 0; i < code.count && i < 4; i++) {
		uint64_t begin = code.items[i].low, size = code.items[i].high - begin;

		for (uint64_t step = 0; step < NAMES_ADDRESSES; step++)
			names_at(binary, begin + size / NAMES_ADDRESSES * step);
	}
	spans_deinit(&code);
}

static inline void names_in(const char *path, const char *root)
{
	struct strings strings;
	struct symbols symbols;
	struct binary_key key = { 0 };
	struct elf_file file;
	const uint8_t *build_id;
	struct binary *binary;
	const char *source;

	strings_init(&strings);
	symbols_init(&symbols, &strings, root);
	key.path = strings_keep(&strings, path);
	if (!elf_file_open(&file, path)) {
		key.build_id_size = elf_file_build_id(&file, &build_id);
		if (key.build_id_size > sizeof key.build_id)
			key.build_id_size = sizeof key.build_id;
		if (key.build_id_size)
			memcpy(key.build_id, build_id, key.build_id_size);
		elf_file_close(&file);
	}
	binary = symbols_binary(&symbols, &key);
	if (!binary_problem(binary, UINT64_MAX)) {
		binary_has_debug_info(binary);
		binary_is_stripped(binary);
		binary_lack(binary);
		binary_rust_main(binary, &source);
		if (binary_object(binary))
			names_in_code(binary, binary_object(binary));
	}
	symbols_deinit(&symbols);
	strings_deinit(&strings);
}

#endif

#include "binary.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <string.h>

#include "debug_file.h"
#include "dwp.h"
#include "debuginfod.h"
#include "demangle.h"
#include "elf_file.h"
#include "imports.h"
#include "inline_chain.h"
#include "lack.h"
#include "mini_debug.h"
#include "python_methods.h"
#include "shared/text.h"
#include "support/strings.h"
#include "symbol_table.h"
#include "units.h"

struct known_place {
	uint64_t address;
	struct source_place place;
	UT_hash_handle hh;
};

struct binary_inside {
	struct strings *strings;
	const char *root;
	struct obstack memory;
	struct known_place *known;
	bool opened, symbols_read;
	const char *problem;
	struct elf_file object, debug, mini;
	Dwarf *dwarf;
	struct units units;
	struct symbol_table symbols;
	struct python_methods methods;
};

void binary_init(struct binary *binary, const struct binary_key *key, struct strings *strings,
		 const char *root)
{
	memset(binary, 0, sizeof *binary);
	binary->key = *key;
	binary->inside = memory_get(sizeof *binary->inside);
	binary->inside->strings = strings;
	binary->inside->root = root;
	binary->inside->object.fd = binary->inside->debug.fd = binary->inside->mini.fd = -1;
	obstack_init(&binary->inside->memory);
}

void binary_deinit(struct binary *binary)
{
	struct binary_inside *inside = binary->inside;

	HASH_CLEAR(hh, inside->known);
	units_deinit(&inside->units);
	symbol_table_deinit(&inside->symbols);
	python_methods_deinit(&inside->methods);
	if (inside->dwarf)
		dwarf_end(inside->dwarf);
	elf_file_close(&inside->mini);
	elf_file_close(&inside->debug);
	elf_file_close(&inside->object);
	obstack_free(&inside->memory, NULL);
	free(inside);
}

/* Whether the file has debug information: some files have only .debug_frame
 * and similar sections. */
static bool binary_open_dwarf(struct binary_inside *inside, const struct elf_file *file)
{
	struct spans code = { 0 };

	if (!file->elf)
		return false;
	inside->dwarf = dwp_begin(file);
	if (!inside->dwarf)
		return false;
	elf_file_code(file, &code);
	units_init(&inside->units, inside->dwarf, &code);
	spans_deinit(&code);
	if (inside->units.count)
		return true;
	dwarf_end(inside->dwarf);
	inside->dwarf = NULL;
	return false;
}

static const char *open_object(struct elf_file *object, const struct binary_key *key)
{
	const uint8_t *build_id;
	int error;

	/* The kernel's own object has a name in brackets or without a directory: there is no such
	 * file. */
	if (key->path[0] != '/')
		return "is no file";
	error = elf_file_open(object, key->path);
	if (error)
		return error == -ENOENT	   ? "is not there any more"
		       : error == -ENOEXEC ? "is not an ELF file"
					   : "cannot be read";
	if (!key->build_id_size)
		return NULL;
	if (elf_file_build_id(object, &build_id) == key->build_id_size &&
	    !memcmp(build_id, key->build_id, key->build_id_size))
		return NULL;
	elf_file_close(object);
	return "was rebuilt since: its build-id is another one";
}

static void open_files(struct binary *binary)
{
	struct binary_inside *inside = binary->inside;
	const struct binary_key *key = &binary->key;

	if (inside->opened)
		return;
	inside->opened = true;
	inside->problem = open_object(&inside->object, key);
	if (!binary->names_only && binary_open_dwarf(inside, &inside->object))
		return;
	if (debug_file_open(&inside->debug, &inside->object, key->path, key->build_id,
			    key->build_id_size, inside->root) &&
	    (key->path[0] != '/' || binary->names_only ||
	     debuginfod_open(&inside->debug, key->build_id, key->build_id_size)))
		return;
	if (!binary->names_only)
		binary_open_dwarf(inside, &inside->debug);
	inside->problem = NULL; /* it belongs to what ran, regardless of the file at the path now */
}

const char *binary_problem(struct binary *binary, uint64_t loaded_wall_ns)
{
	struct binary_inside *inside = binary->inside;

	open_files(binary);
	if (!inside->problem && !binary->key.build_id_size && inside->object.elf &&
	    (uint64_t)inside->object.changed > loaded_wall_ns / 1000000000)
		return "was rebuilt since: it is newer than the run";
	return inside->problem;
}

bool binary_has_debug_info(struct binary *binary)
{
	open_files(binary);
	return binary->inside->units.count > 0;
}

static void read_symbols(struct binary_inside *inside)
{
	if (inside->symbols_read)
		return;
	symbol_table_add(&inside->symbols, &inside->object);
	symbol_table_add(&inside->symbols, &inside->debug);
	if (!inside->symbols.whole && !mini_debug_open(&inside->mini, &inside->object))
		symbol_table_add(&inside->symbols, &inside->mini);
	symbol_table_sort(&inside->symbols);
	inside->symbols_read = true;
}

const struct elf_file *binary_object(struct binary *binary)
{
	open_files(binary);
	return binary->inside->object.elf ? &binary->inside->object : NULL;
}

size_t binary_block(struct binary *binary, uint64_t address, uint64_t *spans, size_t room)
{
	Dwarf_Die unit, *scopes = NULL;
	Dwarf_Addr base, begin, end;
	ptrdiff_t next = 0;
	size_t count = 0;
	int number;

	open_files(binary);
	if (!binary->inside->dwarf || !dwarf_addrdie(binary->inside->dwarf, address, &unit))
		return 0;
	number = dwarf_getscopes(&unit, address, &scopes);
	if (number > 0 && dwarf_tag(&scopes[0]) == DW_TAG_lexical_block)
		while (count < room &&
		       (next = dwarf_ranges(&scopes[0], next, &base, &begin, &end)) > 0) {
			spans[2 * count] = begin;
			spans[2 * count++ + 1] = end;
		}
	free(scopes);
	return count;
}

bool binary_is_stripped(struct binary *binary)
{
	if (binary_has_debug_info(binary))
		return false;
	read_symbols(binary->inside);
	return !binary->inside->symbols.whole;
}

const char *binary_lack(struct binary *binary)
{
	struct binary_inside *inside = binary->inside;
	bool stripped = binary_is_stripped(binary);

	if (lack_is_unreadable(&inside->object))
		return lack_unreadable_clause(inside->strings, &inside->object, binary->key.path);
	if (lack_is_unreadable(&inside->debug))
		return lack_unreadable_clause(inside->strings, &inside->debug, binary->key.path);
	return lack_clause(inside->strings, &binary->key, inside->root, stripped);
}

static const char *symbol_at(struct binary_inside *inside, uint64_t address)
{
	read_symbols(inside);
	return symbol_table_find(&inside->symbols, address);
}

/* Names the function from the symbol tables if the debug information did not. */
static void name_function(struct binary_inside *inside, uint64_t address,
			  struct source_frame *function)
{
	const char *symbol = symbol_at(inside, address), *language;

	if (!symbol)
		return;
	function->function = inline_chain_name(inside->strings, symbol, &language);
	function->shared = symbol_table_is_shared(&inside->symbols, address);
	if (language)
		function->language = language;
}

static struct source_place look_up(struct binary *binary, uint64_t address)
{
	struct binary_inside *inside = binary->inside;
	struct unit *unit;
	struct source_frame *frames;
	size_t count = 0;

	open_files(binary);
	unit = units_find(&inside->units, address);
	if (unit)
		count = inline_chain_read(unit, address, inside->strings, &inside->memory, &frames);
	if (!count) {
		frames = obstack_alloc(&inside->memory, sizeof *frames);
		memset(frames, 0, sizeof *frames);
		count = 1;
	}
	if (!frames[count - 1].function)
		name_function(inside, address, &frames[count - 1]);
	return (struct source_place){ frames, count };
}

const struct source_place *binary_find(struct binary *binary, uint64_t address)
{
	struct binary_inside *inside = binary->inside;
	struct known_place *known;

	HASH_FIND(hh, inside->known, &address, sizeof address, known);
	if (!known) {
		struct source_place place = look_up(binary, address);

		known = obstack_alloc(&inside->memory, sizeof *known);
		memset(known, 0, sizeof *known);
		known->address = address;
		known->place = place;
		HASH_ADD(hh, inside->known, address, sizeof known->address, known);
	}
	return &known->place;
}

/* With generic arguments, unlike linkage names and Rust's legacy symbols. */
static const char *name_in_unit(struct binary_inside *inside, uint64_t address)
{
	struct unit *unit = units_find(&inside->units, address);
	Dwarf_Die chain[FUNCTIONS_MAX_CHAIN];
	size_t count = unit ? unit_functions(unit, address, chain) : 0;

	return count ? dwarf_diename(&chain[count - 1]) : NULL;
}

bool binary_function(struct binary *binary, uint64_t address, Dwarf_Die *function)
{
	Dwarf_Die chain[FUNCTIONS_MAX_CHAIN];
	struct unit *unit;
	size_t count;

	open_files(binary);
	unit = units_find(&binary->inside->units, address);
	count = unit ? unit_functions(unit, address, chain) : 0;
	if (count)
		*function = chain[count - 1];
	return count > 0;
}

const char *binary_generic_name(struct binary *binary, uint64_t address)
{
	struct binary_inside *inside = binary->inside;
	const char *name, *kept;
	char *demangled;

	open_files(binary);
	name = name_in_unit(inside, address);
	if (name && strchr(name, '<'))
		return strings_keep(inside->strings, name);
	name = symbol_at(inside, address);
	demangled = name ? demangle_whole(name) : NULL;
	kept = demangled && strchr(demangled, '<') ? strings_keep(inside->strings, demangled)
						   : NULL;
	free(demangled);
	return kept;
}

const char *binary_python_method(struct binary *binary, uint64_t address)
{
	struct binary_inside *inside = binary->inside;
	char name[PYTHON_METHOD_SIZE];

	open_files(binary);
	return inside->object.elf &&
			       python_method_find(&inside->methods, &inside->object, address, name)
		       ? strings_keep(inside->strings, name)
		       : NULL;
}

const char *binary_called_import(struct binary *binary, uint64_t return_address)
{
	struct binary_inside *inside = binary->inside;
	const char *name, *language, *kept;
	char *demangled;

	open_files(binary);
	name = inside->object.elf ? import_called(&inside->object, return_address) : NULL;
	if (!name)
		return NULL;
	demangled = demangle(name, &language);
	kept = strings_keep(inside->strings, demangled);
	free(demangled);
	return kept;
}

const char *binary_rust_main(struct binary *binary, const char **file)
{
	struct binary_inside *inside = binary->inside;
	char crate[SYMBOL_CRATE_SIZE];
	const struct source_place *place;
	uint64_t address;

	*file = NULL;
	open_files(binary);
	if (!symbol_rust_main(&inside->object, path_name(binary->key.path), crate, &address) &&
	    !symbol_rust_main(&inside->debug, path_name(binary->key.path), crate, &address))
		return NULL;
	place = binary_find(binary, address);
	*file = place->frames[place->count - 1].file;
	return strings_keep(inside->strings, crate);
}

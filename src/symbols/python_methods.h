/*
 * Python names of C functions: "sqlite3.Connection.execute" for pysqlite_connection_execute. Read
 * from the tables by which an extension module or the interpreter registers its functions, so it
 * works on stripped modules too.
 */
#ifndef SYMBOLS_PYTHON_METHODS_H
#define SYMBOLS_PYTHON_METHODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_file.h"

struct python_methods {
	bool read;
	const uint8_t *bytes; /* of the whole file */
	size_t size;
	struct method_pointer *by_place, *by_value;
	size_t count, room;
	uint64_t unwind_table; /* address of .eh_frame_hdr; 0: none that can be read */
	bool fixed;	       /* not relocated: pointers are in the data */
};

#define PYTHON_METHOD_SIZE 160

/* The name of the function that contains an address (as linked); false if no table has it. */
bool python_method_find(struct python_methods *methods, const struct elf_file *file,
			uint64_t address, char name[PYTHON_METHOD_SIZE]);

void python_methods_deinit(struct python_methods *methods);

#endif

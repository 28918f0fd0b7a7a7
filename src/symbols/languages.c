#include "languages.h"

#include <dwarf.h>
#include <stddef.h>

static const struct {
	int number;
	const char *name;
} languages[] = {
	{ DW_LANG_C89, "C" },
	{ DW_LANG_C, "C" },
	{ DW_LANG_C99, "C" },
	{ DW_LANG_C11, "C" },
	{ 0x2c, "C" }, /* C17 */
	{ DW_LANG_C_plus_plus, "C++" },
	{ DW_LANG_C_plus_plus_03, "C++" },
	{ DW_LANG_C_plus_plus_11, "C++" },
	{ DW_LANG_C_plus_plus_14, "C++" },
	{ 0x2b, "C++" }, /* C++20 */
	{ 0x2a, "C++" }, /* C++17 */
	{ DW_LANG_Rust, "Rust" },
	{ DW_LANG_Go, "Go" },
	{ DW_LANG_D, "D" },
	{ DW_LANG_ObjC, "Objective-C" },
	{ DW_LANG_ObjC_plus_plus, "Objective-C++" },
	{ DW_LANG_Swift, "Swift" },
	{ DW_LANG_OCaml, "OCaml" },
	{ DW_LANG_Haskell, "Haskell" },
	{ DW_LANG_Julia, "Julia" },
	{ DW_LANG_Ada83, "Ada" },
	{ DW_LANG_Ada95, "Ada" },
	{ DW_LANG_Fortran77, "Fortran" },
	{ DW_LANG_Fortran90, "Fortran" },
	{ DW_LANG_Fortran95, "Fortran" },
	{ DW_LANG_Fortran03, "Fortran" },
	{ DW_LANG_Fortran08, "Fortran" },
	{ 0x27, "Zig" },
	{ 0x28, "Crystal" },
	{ DW_LANG_Mips_Assembler, "assembly" },
};

const char *language_name(int number)
{
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
		if (languages[i].number == number)
			return languages[i].name;
	return NULL;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dies.h"
#include "support/memory.h"

const char *die_name(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name ? name : "";
}

bool die_flag(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute value;
	bool set = false;

	return dwarf_attr(die, attribute, &value) && !dwarf_formflag(&value, &set) && set;
}

uint64_t die_number(Dwarf_Die *die, unsigned attribute, uint64_t otherwise)
{
	Dwarf_Attribute value;
	Dwarf_Word number;

	return dwarf_attr(die, attribute, &value) && !dwarf_formudata(&value, &number) ? number
										       : otherwise;
}

bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Die *to)
{
	Dwarf_Attribute value;

	return dwarf_attr(die, attribute, &value) && dwarf_formref_die(&value, to);
}

uint64_t die_size(Dwarf_Die *die)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(die, &size) ? 0 : size;
}

bool die_is_aggregate(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return true;
	default:
		return false;
	}
}

const char *die_file(Dwarf_Die *die)
{
	Dwarf_Attribute value;
	Dwarf_Word number;
	Dwarf_Files *files;
	Dwarf_Half version;
	Dwarf_Die unit;
	size_t count;

	if (!dwarf_attr_integrate(die, DW_AT_decl_file, &value) ||
	    dwarf_formudata(&value, &number) ||
	    dwarf_cu_info(value.cu, &version, NULL, &unit, NULL, NULL, NULL, NULL) ||
	    dwarf_getsrcfiles(&unit, &files, &count) || number >= count || (!number && version < 5))
		return NULL;
	return dwarf_filesrc(files, number, NULL, NULL);
}

/* For a split unit only the skeleton has it. */
static const char *compilers_directory(Dwarf_Die *die)
{
	Dwarf_Die unit, skeleton;
	Dwarf_Attribute attribute;

	if (dwarf_cu_info(die->cu, NULL, NULL, &unit, &skeleton, NULL, NULL, NULL))
		return NULL;
	if (dwarf_attr(&unit, DW_AT_comp_dir, &attribute) ||
	    (skeleton.cu && dwarf_attr(&skeleton, DW_AT_comp_dir, &attribute)))
		return dwarf_formstring(&attribute);
	return NULL;
}

char *die_path(Dwarf_Die *die, const char *path)
{
	const char *directory = *path == '/' ? NULL : compilers_directory(die);
	char *tidy, *to;

	if (!directory)
		tidy = memory_text(path);
	else if (asprintf(&tidy, "%s/%s", directory, path) < 0)
		tidy = NULL;
	if (!tidy)
		memory_exhausted();
	to = tidy;
	for (const char *from = tidy; *from; from++) {
		while (!strncmp(from, "/./", 3))
			from += 2;
		*to++ = *from;
	}
	*to = '\0';
	return tidy;
}

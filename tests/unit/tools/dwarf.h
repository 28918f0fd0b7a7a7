/*
 * Debug information written by hand, as macros of the assembler: a test contains the entries that
 * it reads from its own file. Nothing is compiled for it, and every offset is known.
 *
 *   DWARF("dwarf_unit DW_LANG, app.rs") ... DWARF("dwarf_end_unit")
 *
 * Each entry with children is closed by `dwarf_end`; types are referred to by their labels.
 */
#ifndef TESTS_DWARF_H
#define TESTS_DWARF_H

#define DWARF(text) __asm__(text "\n")

/*
 * Sections are changed at every attribute, because each entry has an abbreviation of its own. `\@`
 * is the number of the macro's use, which no other entry has.
 */
DWARF(".macro dwarf_abbrev");
DWARF("	.pushsection .debug_abbrev, \"\", @progbits");
DWARF(".endm");
DWARF(".macro dwarf_info");
DWARF("	.pushsection .debug_info, \"\", @progbits");
DWARF(".endm");

DWARF(".macro dwarf_entry tag, children");
DWARF("	dwarf_abbrev");
DWARF("	.uleb128 \\@ + 1, \\tag");
DWARF("	.byte \\children");
DWARF("	.popsection");
DWARF("	dwarf_info");
DWARF("	.uleb128 \\@ + 1");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_attribute attribute, form");
DWARF("	dwarf_abbrev");
DWARF("	.uleb128 \\attribute, \\form");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_name name"); /* DW_AT_name, DW_FORM_string */
DWARF("	dwarf_attribute 0x03, 0x08");
DWARF("	dwarf_info");
DWARF("	.asciz \"\\name\"");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_number attribute, value"); /* DW_FORM_udata */
DWARF("	dwarf_attribute \\attribute, 0x0f");
DWARF("	dwarf_info");
DWARF("	.uleb128 \\value");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_reference attribute, label"); /* DW_FORM_ref4 */
DWARF("	dwarf_attribute \\attribute, 0x13");
DWARF("	dwarf_info");
DWARF("	.long dwarf_type_\\label - dwarf_first_unit");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_address attribute, address"); /* DW_FORM_addr */
DWARF("	dwarf_attribute \\attribute, 0x01");
DWARF("	dwarf_info");
DWARF("	.quad \\address");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_closed"); /* the entry has no more attributes */
DWARF("	dwarf_attribute 0, 0");
DWARF(".endm");

DWARF(".macro dwarf_end"); /* no more children */
DWARF("	dwarf_info");
DWARF("	.byte 0");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_label label");
DWARF("	dwarf_info");
DWARF("dwarf_type_\\label:");
DWARF("	.popsection");
DWARF(".endm");

/* One unit for each test program; DWARF 4, of Rust. */
DWARF(".macro dwarf_unit name");
DWARF("	dwarf_abbrev");
DWARF("dwarf_abbreviations:");
DWARF("	.popsection");
DWARF("	dwarf_info");
DWARF("dwarf_first_unit:");
DWARF("	.long dwarf_unit_end - dwarf_unit_begin");
DWARF("dwarf_unit_begin:");
DWARF("	.short 4");
DWARF("	.long dwarf_abbreviations");
DWARF("	.byte 8");
DWARF("	.popsection");
DWARF("	dwarf_entry 0x11, 1"); /* DW_TAG_compile_unit */
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_number 0x13, 0x1c"); /* DW_AT_language, DW_LANG_Rust */
DWARF("	dwarf_closed");
DWARF(".endm");

DWARF(".macro dwarf_end_unit");
DWARF("	dwarf_end");
DWARF("	dwarf_info");
DWARF("dwarf_unit_end:");
DWARF("	.popsection");
DWARF("	dwarf_abbrev");
DWARF("	.byte 0");
DWARF("	.popsection");
DWARF(".endm");

DWARF(".macro dwarf_namespace name");
DWARF("	dwarf_entry 0x39, 1");
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_closed");
DWARF(".endm");

DWARF(".macro dwarf_base label, name, size");
DWARF("	dwarf_label \\label");
DWARF("	dwarf_entry 0x24, 0");
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_number 0x0b, \\size");
DWARF("	dwarf_closed");
DWARF(".endm");

DWARF(".macro dwarf_pointer label, name, to");
DWARF("	dwarf_label \\label");
DWARF("	dwarf_entry 0x0f, 0");
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_reference 0x49, \\to");
DWARF("	dwarf_closed");
DWARF(".endm");

DWARF(".macro dwarf_struct label, name, size");
DWARF("	dwarf_label \\label");
DWARF("	dwarf_entry 0x13, 1");
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_number 0x0b, \\size");
DWARF("	dwarf_closed");
DWARF(".endm");

DWARF(".macro dwarf_member name, type, offset, line=1");
DWARF("	dwarf_entry 0x0d, 0");
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_reference 0x49, \\type");
DWARF("	dwarf_number 0x38, \\offset");
DWARF("	dwarf_number 0x3b, \\line"); /* DW_AT_decl_line */
DWARF("	dwarf_closed");
DWARF(".endm");

/* Of an enum: its tag is a member with a label of its own, within. */
DWARF(".macro dwarf_variants label, type, offset");
DWARF("	dwarf_entry 0x33, 1");
DWARF("	dwarf_reference 0x15, \\label"); /* DW_AT_discr */
DWARF("	dwarf_closed");
DWARF("	dwarf_label \\label");
DWARF("	dwarf_entry 0x0d, 0");
DWARF("	dwarf_reference 0x49, \\type");
DWARF("	dwarf_number 0x38, \\offset");
DWARF("	dwarf_number 0x34, 1"); /* DW_AT_artificial */
DWARF("	dwarf_closed");
DWARF(".endm");

DWARF(".macro dwarf_variant value, name, type, offset, line=1");
DWARF("	dwarf_entry 0x19, 1");
DWARF("	dwarf_number 0x16, \\value"); /* DW_AT_discr_value */
DWARF("	dwarf_closed");
DWARF("	dwarf_member \"\\name\", \\type, \\offset, \\line");
DWARF("	dwarf_end");
DWARF(".endm");

/* Its code lies between two labels. Its children may be template arguments. */
DWARF(".macro dwarf_function name, low, high");
DWARF("	dwarf_entry 0x2e, 1");
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_address 0x11, \\low");
DWARF("	dwarf_address 0x12, \\high");
DWARF("	dwarf_closed");
DWARF(".endm");

DWARF(".macro dwarf_argument name, type"); /* DW_TAG_template_type_parameter */
DWARF("	dwarf_entry 0x2f, 0");
DWARF("	dwarf_name \"\\name\"");
DWARF("	dwarf_reference 0x49, \\type");
DWARF("	dwarf_closed");
DWARF(".endm");

#endif

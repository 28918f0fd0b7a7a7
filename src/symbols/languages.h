/* The languages of compilation units, by DWARF's numbers (DWARF 5, table 7.17). */
#ifndef DEBUG_INFO_LANGUAGES_H
#define DEBUG_INFO_LANGUAGES_H

/* NULL for one that is not known here. */
const char *language_name(int number);

#endif

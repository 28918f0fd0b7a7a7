/* Languages of compilation units, by DWARF number (DWARF 5, table 7.17). */
#ifndef DEBUG_INFO_LANGUAGES_H
#define DEBUG_INFO_LANGUAGES_H

/* NULL for an unknown number. */
const char *language_name(int number);

#endif

/* Converts linker names of Rust (legacy and v0), C++ and C to what their authors wrote. */
#ifndef DEBUG_INFO_DEMANGLE_H
#define DEBUG_INFO_DEMANGLE_H

/*
 * Returns a name that the caller frees: without a compiler's clone suffix (.cold, .llvm.123),
 * without Rust's hashes and the generic arguments of a Rust path, without the parameters of a C++
 * function. These change between builds, or fill the line. *language becomes "Rust", "C++" or NULL
 * if the name does not show it.
 */
char *demangle(const char *symbol, const char **language);

/* Likewise with all arguments, for a Rust name; NULL for others. The caller frees it. */
char *demangle_whole(const char *symbol);

#endif

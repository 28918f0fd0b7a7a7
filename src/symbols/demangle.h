/* Names as their authors wrote them, from the linker's names of Rust (legacy and v0), C++ and C. */
#ifndef DEBUG_INFO_DEMANGLE_H
#define DEBUG_INFO_DEMANGLE_H

/*
 * A name to be freed: without a compiler's clone suffix (.cold, .llvm.123), without Rust's hashes
 * and the generic arguments of a Rust path, without the parameters of a C++ function. These change
 * from build to build, or fill the line. *language becomes "Rust", "C++" or NULL where the name
 * does not tell.
 */
char *demangle(const char *symbol, const char **language);

/* The same with all arguments, of a Rust name; NULL for another. To be freed. */
char *demangle_whole(const char *symbol);

#endif

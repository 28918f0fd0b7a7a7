/* Where the sources of Rust crates are, from the paths that compilers write. */
#ifndef REPORT_CRATE_SOURCE_H
#define REPORT_CRATE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether it is source of std or of a crate that std is built with. */
bool crate_source_is_standard(const char *file);

/*
 * The directory with a crate's name in the path of a fetched source: in cargo's registries and git
 * checkouts, in a directory with a version (remapped paths, Bazel), or in vendor/. NULL for other
 * paths.
 */
const char *crate_source_directory(const char *file);

/* Length of the directory under which everything was fetched together, with its slash; 0 if there
 * is none. */
size_t crate_source_root(const char *file);

#endif

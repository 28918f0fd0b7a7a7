/* Where the sources of Rust's crates lie, by the paths that compilers write. */
#ifndef REPORT_CRATE_SOURCE_H
#define REPORT_CRATE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* Of std and what it is built with. */
bool crate_source_is_standard(const char *file);

/*
 * The directory that has a crate's name in the path of a source that was fetched: in cargo's
 * registries and git checkouts, in a directory with a version (remapped paths, Bazel), in vendor/.
 * NULL where the path is of none of these.
 */
const char *crate_source_directory(const char *file);

/* How much of the path is the directory of all that was fetched together, with its slash; 0 where
 * it is of none. */
size_t crate_source_root(const char *file);

#endif

/* Where a source file lies for the reader of a report: paths as compilers wrote them, mapped. */
#ifndef REPORT_SOURCE_PATH_H
#define REPORT_SOURCE_PATH_H

struct session;

/*
 * A kept path as every format shows it: no URL, without options->strip_prefix, and what then is
 * relative below options->source_root. The path itself where neither speaks of it.
 */
const char *source_path_map(struct session *session, const char *path);

/*
 * Relative to the top of the git work tree that the report is made in, to the present directory
 * where that is in none; unchanged where it lies elsewhere. Symbolic links are followed, for a
 * forge shows no file through them. A kept path.
 */
const char *source_path_in_repository(struct session *session, const char *path);

/* The directory those are relative to, absolute. */
const char *source_path_top(struct session *session);

/* The present directory, absolute. */
const char *source_path_directory(struct session *session);

#endif

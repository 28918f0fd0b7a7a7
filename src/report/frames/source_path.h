/* Maps compilers' source paths to where the reader of a report has the file. */
#ifndef REPORT_SOURCE_PATH_H
#define REPORT_SOURCE_PATH_H

struct session;

/*
 * A kept path in the form that every format shows: not a URL, without options->strip_prefix, and if
 * then relative, below options->source_root. Unchanged if neither option applies.
 */
const char *source_path_map(struct session *session, const char *path);

/*
 * Relative to the top of the git work tree in which the report is made, or to the current directory
 * outside a work tree; unchanged if the file is elsewhere. Follows symbolic links, as a forge shows
 * no file through them. A kept path.
 */
const char *source_path_in_repository(struct session *session, const char *path);

/* The directory to which those are relative, absolute. */
const char *source_path_top(struct session *session);

/* The current directory, absolute. */
const char *source_path_directory(struct session *session);

#endif

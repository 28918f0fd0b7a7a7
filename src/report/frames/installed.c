#include "installed.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inspect/session.h"
#include "shared/text.h"
#include "source_text.h"
#include "support/hash.h"

#define MAX_DIRECTORY 100000 /* entries that are read */

/* A directory, whose path ends in a slash, or what lies directly in one, without ".py". */
struct installed {
	const char *path;
	bool yes; /* a directory has *.dist-info; the other is listed in one of them */
	UT_hash_handle hh;
};

/* Whether the distribution's list of files has DIRECTORY/NAME/ or DIRECTORY/NAME.py. */
static bool record_lists(struct session *session, const char *directory, const char *info,
			 const char *name, size_t length)
{
	const char *path = strings_print(&session->strings, "%s%s/RECORD", directory, info);
	size_t size;
	const char *line = source_text(session, path, &size), *end = line ? line + size : NULL;

	while (line && (size_t)(end - line) > length + 1) {
		if (!memcmp(line, name, length) && (line[length] == '/' || line[length] == '.'))
			return true;
		line = memchr(line, '\n', (size_t)(end - line));
		line = line ? line + 1 : NULL;
	}
	return false;
}

/* Reads the distributions of the same name first: most packages are found there. */
static bool is_listed(struct session *session, const char *directory, const char *name,
		      size_t length)
{
	bool found = false;

	for (int pass = 0; pass < 2 && !found; pass++) {
		DIR *entries = opendir(directory);
		struct dirent *entry;
		size_t seen = 0;

		if (!entries)
			return false;
		while (!found && seen++ < MAX_DIRECTORY && (entry = readdir(entries)))
			if (text_ends(entry->d_name, ".dist-info") &&
			    pass == !!strncasecmp(entry->d_name, name, length))
				found = record_lists(session, directory, entry->d_name, name,
						     length);
		closedir(entries);
	}
	return found;
}

static bool has_distributions(const char *directory)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	bool found = false;
	size_t seen = 0;

	if (!entries)
		return false;
	while (!found && seen++ < MAX_DIRECTORY && (entry = readdir(entries)))
		found = text_ends(entry->d_name, ".dist-info");
	closedir(entries);
	return found;
}

/* Finds or adds what is known of a path; *known says which. */
static struct installed *known_of(struct session *session, const char *path, size_t length,
				  bool *known)
{
	struct installed *entry;

	HASH_FIND(hh, session->installed, path, length, entry);
	*known = entry != NULL;
	if (!entry) {
		entry = memory_get(sizeof *entry);
		*entry = (struct installed){
			.path = strings_keep_part(&session->strings, path, length),
		};
		HASH_ADD_KEYPTR(hh, session->installed, entry->path, length, entry);
	}
	return entry;
}

/* Whether the part of the path from `from` to `end` was installed into what is before it. */
static bool part_is_installed(struct session *session, const char *file, const char *from,
			      const char *end)
{
	size_t directory_length = (size_t)(from - file);
	struct installed *directory, *package;
	bool known;

	directory = known_of(session, file, directory_length, &known);
	if (!known)
		directory->yes = has_distributions(directory->path);
	if (!directory->yes)
		return false;
	package = known_of(session, file, (size_t)(end - file), &known);
	if (!known)
		package->yes = is_listed(session, directory->path, from, (size_t)(end - from));
	return package->yes;
}

const char *installed_path(struct session *session, const char *file)
{
	static const char *const marks[] = { "/site-packages/", "/dist-packages/" };
	const char *found = NULL, *from, *end;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		for (const char *at = file; (at = strstr(at, marks[i]));)
			found = (at += strlen(marks[i])) > found ? at : found;
	if (found || !session || *file != '/')
		return found;
	for (end = file; (from = strchr(end, '/')); end = from + strcspn(from, "/")) {
		size_t length = strcspn(++from, "/");

		if (!from[length] && text_ends(from, ".py"))
			length -= strlen(".py");
		if (length && part_is_installed(session, file, from, from + length))
			return from;
	}
	return NULL;
}

void installed_deinit(struct session *session)
{
	struct installed *entry, *next;

	HASH_ITER (hh, session->installed, entry, next) {
		HASH_DEL(session->installed, entry);
		free(entry);
	}
}

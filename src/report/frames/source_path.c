#include "source_path.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inspect/session.h"

/* Length without trailing slashes. */
static size_t directory_length(const char *directory)
{
	size_t length = strlen(directory);

	while (length > 1 && directory[length - 1] == '/')
		length--;
	return length;
}

/* The rest of `path` below the directory; NULL if it is not below it. */
static const char *path_below(const char *path, const char *directory)
{
	size_t length = directory_length(directory);

	if (strncmp(path, directory, length) != 0)
		return NULL;
	if (directory[length - 1] == '/') /* the root */
		return path + length;
	return path[length] == '/' ? path + length + 1 : NULL;
}

static int hexadecimal_digit(char c)
{
	return c >= '0' && c <= '9'	    ? c - '0'
	       : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10
					    : -1;
}

/* JavaScript modules are named by URLs: maps "file:///a%20b.mjs" to "/a b.mjs". */
static const char *without_scheme(struct strings *strings, const char *path)
{
	const char *plain;
	char *decoded, *to;

	if (!path || strncmp(path, "file:///", 8) != 0)
		return path;
	decoded = to = memory_get(strlen(path) + 1);
	for (path += 7; *path; path++) {
		if (*path == '%' && hexadecimal_digit(path[1]) >= 0 &&
		    hexadecimal_digit(path[2]) >= 0) {
			*to++ = (char)(hexadecimal_digit(path[1]) << 4 |
				       hexadecimal_digit(path[2]));
			path += 2;
		} else {
			*to++ = *path;
		}
	}
	plain = strings_keep(strings, decoded);
	free(decoded);
	return plain;
}

/* Removes "." and ".." textually: the directories may be on another machine. */
static const char *without_dots(struct strings *strings, const char *path)
{
	char *plain = memory_get(strlen(path) + 2), *to = plain;
	size_t length, names = 0; /* removed by a ".." */
	const char *kept;

	if (*path == '/')
		*to++ = '/';
	for (; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (!length || (length == 1 && *path == '.'))
			continue;
		if (length == 2 && !memcmp(path, "..", 2)) {
			if (names) {
				for (to--; to > plain && to[-1] != '/';)
					to--;
				names--;
				continue;
			}
			if (*plain == '/')
				continue;
		} else {
			names++;
		}
		to = stpcpy(mempcpy(to, path, length), "/");
	}
	if (to > plain + 1)
		to--;
	*to = '\0';
	kept = strings_keep(strings, plain);
	free(plain);
	return kept;
}

/* The path after the prefix, which the user may have given as the compiler wrote it or in its
 * mapped form. */
static const char *behind_prefix(struct session *session, const char *path)
{
	const char *prefix = session->options.strip_prefix, *rest = path_below(path, prefix);
	const char *plain = path_below(without_dots(&session->strings, path), prefix);

	return plain ? plain : rest;
}

const char *source_path_map(struct session *session, const char *path)
{
	const struct session_options *options = &session->options;
	const char *rest;

	path = without_scheme(&session->strings, path);
	if (!path || (!options->strip_prefix && !options->source_root))
		return path;
	rest = options->strip_prefix ? behind_prefix(session, path) : NULL;
	if (!rest)
		rest = path;
	if (*rest == '/' || !*rest)
		return rest;
	if (options->source_root)
		rest = strings_print(&session->strings, "%.*s/%s",
				     (int)directory_length(options->source_root),
				     options->source_root, rest);
	return strings_keep(&session->strings, without_dots(&session->strings, rest));
}

const char *source_path_directory(struct session *session)
{
	if (!session->directory) {
		char *directory = getcwd(NULL, 0);

		session->directory = strings_keep(&session->strings, directory ? directory : "/");
		free(directory);
	}
	return session->directory;
}

/* .git is a directory in a work tree, a file in a linked one. */
static bool is_top(const char *directory, size_t length)
{
	char *path;
	bool is;

	if (asprintf(&path, "%.*s/.git", (int)length, directory) < 0)
		memory_exhausted();
	is = !access(path, F_OK);
	free(path);
	return is;
}

const char *source_path_top(struct session *session)
{
	const char *directory = source_path_directory(session);

	if (session->top)
		return session->top;
	session->top = directory;
	for (size_t length = strlen(directory); length > 1; length--)
		if ((!directory[length] || directory[length] == '/') && is_top(directory, length)) {
			session->top = strings_keep_part(&session->strings, directory, length);
			break;
		}
	return session->top;
}

/* The path below the top if the file exists; follows symbolic links. */
static const char *found_behind_top(struct session *session, const char *path)
{
	char *resolved = realpath(path, NULL);
	const char *rest = resolved ? path_below(resolved, source_path_top(session)) : NULL;

	rest = rest ? strings_keep(&session->strings, rest) : NULL;
	free(resolved);
	return rest;
}

/*
 * A compiler with a prefix map leaves paths relative to the top, an interpreter those of its
 * command line; paths that the options mapped are relative to the top too.
 */
static const char *relative_in_repository(struct session *session, const char *path)
{
	const struct session_options *options = &session->options;
	const char *top = source_path_top(session), *rest;
	char *at_top;
	bool mapped = options->strip_prefix || options->source_root;

	if (asprintf(&at_top, "%s/%s", top, path) < 0)
		memory_exhausted();
	rest = found_behind_top(session, at_top);
	free(at_top);
	if (!rest && !mapped)
		rest = found_behind_top(session, path);
	return rest && *rest ? rest : without_dots(&session->strings, path);
}

const char *source_path_in_repository(struct session *session, const char *path)
{
	const char *top = source_path_top(session), *rest;

	if (*path != '/')
		return relative_in_repository(session, path);
	rest = found_behind_top(session, path);
	path = without_dots(&session->strings, path);
	if (!rest)
		rest = path_below(path, top);
	return rest && *rest ? rest : path;
}

#include "crate_source.h"

#include "shared/text.h"

#include <ctype.h>
#include <string.h>

#define COUNT(array) (sizeof array / sizeof *array)

bool crate_source_is_standard(const char *file)
{
	static const char *const beginnings[] = { "/rustc/",	       "/usr/src/rustc-",
						  "/rust/deps/",       "library/std/src/",
						  "library/core/src/", "library/alloc/src/" };
	static const char *const parts[] = { "/rustlib/src/rust/library/", "/library/std/src/",
					     "/library/core/src/", "/library/alloc/src/" };

	for (size_t i = 0; i < COUNT(beginnings); i++)
		if (text_begins(file, beginnings[i]))
			return true;
	for (size_t i = 0; i < COUNT(parts); i++)
		if (strstr(file, parts[i]))
			return true;
	return false;
}

/* "tokio-1.24.2", "some-crate-9.0.0-rc.1": a name and a version of three numbers. */
static bool is_versioned(const char *directory, size_t length)
{
	for (size_t i = 1; i < length; i++) {
		size_t at = i + 1;
		int numbers = 0;

		if (directory[i] != '-')
			continue;
		while (at < length && isdigit((unsigned char)directory[at])) {
			while (at < length && isdigit((unsigned char)directory[at]))
				at++;
			numbers++;
			if (at >= length || directory[at] != '.')
				break;
			at++;
		}
		if (numbers == 3)
			return true;
	}
	return false;
}

/* In cargo's own directories. A registry's mark is followed by a directory for its host. */
static const char *in_store(const char *file, bool *is_checkout)
{
	const char *at = text_behind(file, "/registry/src/");

	*is_checkout = false;
	if (at)
		return strchr(at, '/') ? strchr(at, '/') + 1 : NULL;
	at = text_behind(file, "/usr/share/cargo/registry/");
	if (at)
		return at;
	*is_checkout = true;
	return text_behind(file, "/git/checkouts/");
}

static const char *versioned_directory(const char *file)
{
	const char *at = file;

	for (size_t length; *at; at += length + (at[length] == '/')) {
		length = strcspn(at, "/");
		if (at[length] && is_versioned(at, length))
			return at;
	}
	return NULL;
}

const char *crate_source_directory(const char *file)
{
	bool is_checkout;
	const char *at = in_store(file, &is_checkout);

	if (at)
		return at;
	at = versioned_directory(file);
	if (at)
		return at;
	if (text_begins(file, "vendor/"))
		return file + strlen("vendor/");
	return text_behind(file, "/vendor/");
}

size_t crate_source_root(const char *file)
{
	bool is_checkout;
	const char *at = in_store(file, &is_checkout);

	if (!at)
		at = versioned_directory(file);
	if (!at || !strchr(at, '/'))
		return 0;
	at = strchr(at, '/') + 1;
	/* In a checkout, the repository's directory contains one for the commit. */
	if (is_checkout && strchr(at, '/'))
		at = strchr(at, '/') + 1;
	return (size_t)(at - file);
}

#include "preload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carried.h"
#include "loaded_libraries.h"
#include "own_path.h"
#include "plain_path.h"
#include "support/memory.h"
#include "shared/options.h"
#include "shared/arch/arch.h"

#define LIBRARY_VARIABLE "YIELDSAN_LIBRARY"
#define LIST_VARIABLE	 "LD_PRELOAD"
#define LIBRARY_NAME	 "libyieldsan.so"

static bool is_usable(const char *path)
{
	struct elf_kind kind;
	int error = elf_kind_read(&kind, path);

	if (error)
		fprintf(stderr, "yieldsan: %s: %s; build it or reinstall it\n", path,
			strerror(-error));
	else if (kind.linkage != LINKAGE_LIBRARY || !elf_kind_is_native(&kind))
		fprintf(stderr,
			"yieldsan: %s is not a library for " ARCH_NAME "; name " LIBRARY_NAME
			" in " LIBRARY_VARIABLE "\n",
			path);
	else
		return true;
	return false;
}

/* Makes the path usable in LD_PRELOAD. */
static bool make_plain(char library[PATH_MAX])
{
	char path[PATH_MAX];

	strcpy(path, library);
	if (plain_path(library, path))
		return true;
	fprintf(stderr,
		"yieldsan: %s: LD_PRELOAD takes no path with a blank or a colon, and no link to it "
		"can be made in /tmp (%s); copy the library elsewhere and name it "
		"in " LIBRARY_VARIABLE "\n",
		path, strerror(errno));
	return false;
}

/* Absolute: a program may start others from another directory. */
static bool preload_take_library(char library[PATH_MAX], const char *path)
{
	char *absolute = realpath(path, NULL);

	if (!absolute)
		return false;
	snprintf(library, PATH_MAX, "%s", absolute);
	free(absolute);
	return true;
}

/* The library that the static command has inside. */
static bool take_carried(char library[PATH_MAX])
{
	char why[PATH_MAX + 128];

	if (carried_library_path(library, why))
		return is_usable(library) && make_plain(library);
	fprintf(stderr,
		"yieldsan: the " LIBRARY_NAME " inside the command cannot be used: %s; "
		"set XDG_CACHE_HOME to a directory that can be written to\n",
		why);
	return false;
}

bool preload_find(char library[PATH_MAX])
{
	static const char *const places[] = { "", "../lib/", "../lib/" ARCH_DIRECTORY "/" };
	const char *named = getenv(LIBRARY_VARIABLE);
	char own[PATH_MAX], path[PATH_MAX + 64];

	if (named && *named) {
		if (preload_take_library(library, named))
			return is_usable(library) && make_plain(library);
		fprintf(stderr, "yieldsan: " LIBRARY_VARIABLE "=%s: there is no such file\n",
			named);
		return false;
	}
	if (!own_path(own))
		*own = '\0';
	if (strrchr(own, '/'))
		strrchr(own, '/')[1] = '\0';
	for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(path, sizeof path, "%s%s" LIBRARY_NAME, own, places[i]);
		if (preload_take_library(library, path))
			return is_usable(library) && make_plain(library);
	}
	if (carried_library_is_there())
		return take_carried(library);
	fprintf(stderr,
		"yieldsan: there is no " LIBRARY_NAME
		" beside %s nor in ../lib of it; name it in " LIBRARY_VARIABLE "\n",
		*own ? own : "the command");
	return false;
}

static char *former_list, *former_options;

static void preload_set_variable(const char *name, const char *value)
{
	if (value ? setenv(name, value, 1) : unsetenv(name))
		memory_exhausted();
}

static char *copy_of(const char *name)
{
	const char *value = getenv(name);

	return value ? memory_text(value) : NULL;
}

static void preload_append(char *list, const char *library)
{
	if (*list && *library)
		strcat(list, ":");
	strcat(list, library);
}

/* Appends the sanitizers of the caller's list, or everything else that is not in the list yet. */
static void append_former(char *list, const char *library_there, bool sanitizers)
{
	char *former = memory_text(former_list ? former_list : ""), *rest = former, *library;

	while ((library = strsep(&rest, ": ")))
		if (elf_is_sanitizer(library) == sanitizers && strcmp(library, library_there) != 0)
			preload_append(list, library);
	free(former);
}

#define MAX_STUBS 2

/* Empty libraries for those that ours needs by name and that this system does not have. */
struct stubs {
	bool libc_found; /* where the loader looks is known */
	unsigned count;
	char paths[MAX_STUBS][PATH_MAX];
};

static void add_stub(const char *path, const char *name, void *data)
{
	struct stubs *stubs = data;

	if (path && !strcmp(name, "libc.so.6"))
		stubs->libc_found = true;
	if (!path && stubs->count < MAX_STUBS &&
	    carried_empty_library(name, stubs->paths[stubs->count]))
		stubs->count++;
}

void preload_set(const char *library, const struct elf_kind *kind, const char *options)
{
	static struct stubs stubs;
	char *list;

	former_list = copy_of(LIST_VARIABLE);
	former_options = copy_of(OPTIONS_VARIABLE);
	stubs.count = 0;
	stubs.libc_found = false;
	loaded_libraries(library, add_stub, &stubs);
	if (!stubs.libc_found)
		stubs.count = 0;
	list = memory_get(sizeof kind->sanitizer + strlen(library) + sizeof stubs.paths +
			  (former_list ? strlen(former_list) : 0) + 4);
	/* A sanitizer's library ends the program unless it comes first. */
	append_former(list, library, true);
	if (!*list)
		preload_append(list, kind->sanitizer);
	for (unsigned i = 0; i < stubs.count; i++)
		preload_append(list, stubs.paths[i]);
	preload_append(list, library);
	append_former(list, library, false);
	preload_set_variable(LIST_VARIABLE, list);
	preload_set_variable(OPTIONS_VARIABLE, options);
	free(list);
}

void preload_set_options(const char *options)
{
	former_list = copy_of(LIST_VARIABLE);
	former_options = copy_of(OPTIONS_VARIABLE);
	preload_set_variable(OPTIONS_VARIABLE, options);
}

void preload_unset(void)
{
	preload_set_variable(LIST_VARIABLE, former_list);
	preload_set_variable(OPTIONS_VARIABLE, former_options);
	free(former_list);
	free(former_options);
	former_list = former_options = NULL;
}

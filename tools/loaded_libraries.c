#include "loaded_libraries.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf_image.h"
#include "loader_cache.h"
#include "support/memory.h"
#include "shared/arch/arch.h"

#define MAX_LIBRARIES 4096

/* An object that was found. Its index must not change: others name it as their loader. */
struct object {
	char *path;
	char *run_path, *old_run_path; /* DT_RUNPATH, DT_RPATH; NULL: none */
	size_t loader;		       /* index of the object that needs it; its own: the program */
};

struct search {
	struct object *objects;
	size_t count, room;
	char **names; /* looked up, found or not */
	size_t name_count, name_room;
	struct loader_cache cache;
	void (*visit)(const char *path, const char *name, void *data);
	void *data;
};

static const char *const default_directories[] = {
	"/lib/" ARCH_DIRECTORY,
	"/usr/lib/" ARCH_DIRECTORY,
	"/lib64",
	"/usr/lib64",
	"/lib",
	"/usr/lib",
};

/* Whether it is an object for this architecture. */
static bool is_loadable(const char *path)
{
	struct elf_file file;
	GElf_Ehdr header;
	bool fits;

	if (elf_file_open(&file, path))
		return false;
	fits = gelf_getehdr(file.elf, &header) && header.e_ident[EI_CLASS] == ELFCLASS64 &&
	       header.e_machine == ARCH_ELF_MACHINE && header.e_type == ET_DYN;
	elf_file_close(&file);
	return fits;
}

/* $ORIGIN is the object's directory: for the program, after resolving
 * all links (/proc/self/exe). */
static void path_expand(const struct search *search, size_t of, const char *text, size_t length,
			char result[PATH_MAX])
{
	const char *path = search->objects[of].path, *slash = strrchr(path, '/');
	char real[PATH_MAX];
	size_t used = 0;

	if (!of && realpath(path, real)) {
		path = real;
		slash = strrchr(path, '/');
	}
	for (size_t i = 0; i < length && used < PATH_MAX - 1;) {
		static const struct {
			const char *name, *value;
		} tokens[] = {
			{ "$ORIGIN", NULL },
			{ "${ORIGIN}", NULL },
			{ "$LIB", "lib/" ARCH_DIRECTORY },
			{ "${LIB}", "lib/" ARCH_DIRECTORY },
			{ "$PLATFORM", ARCH_PLATFORM },
			{ "${PLATFORM}", ARCH_PLATFORM },
		};
		size_t token = 0;

		while (token < 6 &&
		       strncmp(text + i, tokens[token].name, strlen(tokens[token].name)))
			token++;
		if (token == 6) {
			result[used++] = text[i++];
			continue;
		}
		if (tokens[token].value)
			used += (size_t)snprintf(result + used, PATH_MAX - used, "%s",
						 tokens[token].value);
		else
			used += (size_t)snprintf(result + used, PATH_MAX - used, "%.*s",
						 slash ? (int)(slash - path) : 1,
						 slash ? path : ".");
		if (used >= PATH_MAX)
			used = PATH_MAX - 1;
		i += strlen(tokens[token].name);
	}
	result[used] = '\0';
}

/* Searches each directory of a list. */
static bool find_in(const struct search *search, size_t of, const char *list,
		    const char *separators, const char *name, char path[PATH_MAX])
{
	char directory[PATH_MAX];

	while (list && *list) {
		size_t length = strcspn(list, separators);

		path_expand(search, of, list, length, directory);
		if (snprintf(path, PATH_MAX, "%s/%s", *directory ? directory : ".", name) <
			    PATH_MAX &&
		    is_loadable(path))
			return true;
		list += length + (list[length] != '\0');
	}
	return false;
}

/* DT_RPATH of the object and of its loaders, unless the object has a DT_RUNPATH. */
static bool find_by_old_run_paths(const struct search *search, size_t of, const char *name,
				  char path[PATH_MAX])
{
	if (search->objects[of].run_path)
		return false;
	for (;;) {
		const struct object *object = &search->objects[of];

		if (!object->run_path && find_in(search, of, object->old_run_path, ":", name, path))
			return true;
		if (object->loader == of)
			return false;
		of = object->loader;
	}
}

static bool library_find(struct search *search, size_t of, const char *name, char path[PATH_MAX])
{
	const char *cached;

	if (strchr(name, '/')) {
		path_expand(search, of, name, strlen(name), path);
		return is_loadable(path);
	}
	if (find_by_old_run_paths(search, of, name, path) ||
	    find_in(search, of, getenv("LD_LIBRARY_PATH"), ":;", name, path) ||
	    find_in(search, of, search->objects[of].run_path, ":", name, path))
		return true;
	cached = loader_cache_find(&search->cache, name);
	if (cached && strlen(cached) < PATH_MAX && is_loadable(cached)) {
		strcpy(path, cached);
		return true;
	}
	for (size_t i = 0; i < sizeof default_directories / sizeof *default_directories; i++) {
		snprintf(path, PATH_MAX, "%s/%s", default_directories[i], name);
		if (is_loadable(path))
			return true;
	}
	return false;
}

static bool library_is_known(const struct search *search, const char *name)
{
	for (size_t i = 0; i < search->name_count; i++)
		if (!strcmp(search->names[i], name))
			return true;
	return false;
}

static void libraries_add(struct search *search, const char *path, size_t loader)
{
	search->objects =
		memory_grow(search->objects, search->count, &search->room, sizeof *search->objects);
	search->objects[search->count] =
		(struct object){ .path = memory_text(path), .loader = loader };
	search->count++;
}

static void libraries_need(struct search *search, size_t of, const char *name)
{
	char path[PATH_MAX];

	if (library_is_known(search, name) || search->count >= MAX_LIBRARIES)
		return;
	search->names = memory_grow(search->names, search->name_count, &search->name_room,
				    sizeof *search->names);
	search->names[search->name_count++] = memory_text(name);
	if (!library_find(search, of, name, path)) {
		search->visit(NULL, name, search->data);
		return;
	}
	libraries_add(search, path, of);
	search->visit(path, name, search->data);
}

static void read_object(struct search *search, size_t of)
{
	struct elf_file file;
	uint64_t strings = 0;
	const char *text;
	GElf_Dyn entry;
	Elf_Data *data;

	if (elf_file_open(&file, search->objects[of].path))
		return;
	data = elf_image_dynamic(&file);
	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
		if (entry.d_tag == DT_STRTAB)
			strings = entry.d_un.d_ptr;
	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		if (entry.d_tag != DT_RUNPATH && entry.d_tag != DT_RPATH)
			continue;
		text = elf_image_string(&file, strings + entry.d_un.d_val);
		if (text && entry.d_tag == DT_RUNPATH && !search->objects[of].run_path)
			search->objects[of].run_path = memory_text(text);
		else if (text && entry.d_tag == DT_RPATH && !search->objects[of].old_run_path)
			search->objects[of].old_run_path = memory_text(text);
	}
	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		text = entry.d_tag == DT_NEEDED
			       ? elf_image_string(&file, strings + entry.d_un.d_val)
			       : NULL;
		if (text && *text)
			libraries_need(search, of, text);
	}
	elf_file_close(&file);
}

void loaded_libraries(const char *program,
		      void (*visit)(const char *path, const char *name, void *data), void *data)
{
	struct search search = { .visit = visit, .data = data };

	loader_cache_open(&search.cache, LOADER_CACHE);
	libraries_add(&search, program, 0);
	for (size_t i = 0; i < search.count; i++)
		read_object(&search, i);
	for (size_t i = 0; i < search.count; i++) {
		free(search.objects[i].path);
		free(search.objects[i].run_path);
		free(search.objects[i].old_run_path);
	}
	for (size_t i = 0; i < search.name_count; i++)
		free(search.names[i]);
	free(search.objects);
	free(search.names);
	loader_cache_close(&search.cache);
}

#include "lack.h"

#include <elfutils/libdwfl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debuginfod.h"
#include "support/memory.h"

/* How to find debug files of a distribution's programs: the text before and after the path. Matched
 * by a part of the system's name in os-release(5); the last row matches all. */
static const struct packager {
	const char *system, *before, *behind;
} packagers[] = {
	{ "debian", "`find-dbgsym-packages ", "' (of debian-goodies) names its package" },
	{ "fedora", "`dnf debuginfo-install ", "' installs it" },
	{ "", "a debug package of the distribution has that of ", "" },
};

static const struct packager *find_packager(void)
{
	FILE *file = fopen("/etc/os-release", "re");
	size_t found = sizeof packagers / sizeof *packagers - 1, room = 0;
	char *line = NULL;

	while (file && getline(&line, &room, file) > 0)
		for (size_t i = 0; i < found; i++)
			if (!strncmp(line, "ID", 2) && strstr(line, packagers[i].system))
				found = i;
	free(line);
	if (file)
		fclose(file);
	return &packagers[found];
}

static bool is_distributions(const char *path)
{
	static const char *const places[] = { "/usr/bin/", "/usr/sbin/", "/usr/lib",
					      "/bin/",	   "/sbin/",	 "/lib" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!strncmp(path, places[i], strlen(places[i])))
			return true;
	return false;
}

bool lack_is_unreadable(const struct elf_file *file)
{
	if (!file->elf)
		return false;
	for (Elf_Scn *section = elf_nextscn(file->elf, NULL); section;
	     section = elf_nextscn(file->elf, section)) {
		GElf_Shdr header;
		GElf_Chdr packed;

		if (gelf_getshdr(section, &header) && header.sh_flags & SHF_COMPRESSED &&
		    (!gelf_getchdr(section, &packed) || packed.ch_type != ELFCOMPRESS_ZLIB))
			return true;
	}
	return false;
}

const char *lack_unreadable_clause(struct strings *strings, const struct elf_file *file,
				   const char *path)
{
	char link[64], name[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
	length = readlink(link, name, sizeof name - 1);
	name[length > 0 ? length : 0] = '\0';
	return strings_print(strings,
			     "has debug information packed in a way (zstd) that the elfutils here, "
			     "%s, cannot read: `objcopy --decompress-debug-sections %s' makes it "
			     "plain",
			     dwfl_version(NULL), *name == '/' ? name : path);
}

/* "ROOT/.build-id/ab/cdef.debug", the common convention. The caller frees it. */
static char *debug_file_name(const struct binary_key *key, const char *root)
{
	size_t size;
	char *name;
	FILE *out = open_memstream(&name, &size);

	if (!out)
		memory_exhausted();
	fprintf(out, "%s/.build-id/%02x/", root, key->build_id[0]);
	for (size_t i = 1; i < key->build_id_size; i++)
		fprintf(out, "%02x", key->build_id[i]);
	fputs(".debug", out);
	if (fclose(out))
		memory_exhausted();
	return name;
}

static const char *servers_clause(void)
{
	if (!debuginfod_is_wanted())
		return "; or name a server that has it in DEBUGINFOD_URLS";
	if (debuginfod_is_missing())
		return "; DEBUGINFOD_URLS is set, but libdebuginfod.so.1, debuginfod-find or curl "
		       "is not installed";
	return "; the servers of DEBUGINFOD_URLS do not have it";
}

static const char *lack_remedy(struct strings *strings, const char *path)
{
	const struct packager *packager;

	if (!is_distributions(path))
		return "build it with debug information (-g; in Cargo.toml strip = false and debug "
		       "= "
		       "\"line-tables-only\")";
	packager = find_packager();
	return strings_print(strings, "%s%s%s", packager->before, path, packager->behind);
}

const char *lack_clause(struct strings *strings, const struct binary_key *key, const char *root,
			bool stripped)
{
	const char *what = stripped ? "is stripped" : "has no debug information", *clause;
	char *name;

	if (key->build_id_size < 2)
		return strings_print(strings, "%s: %s", what, lack_remedy(strings, key->path));
	name = debug_file_name(key, root);
	clause = strings_print(strings, "%s, and there is no %s: %s%s", what, name,
			       lack_remedy(strings, key->path), servers_clause());
	free(name);
	return clause;
}

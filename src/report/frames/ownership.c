#include "ownership.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crate_source.h"
#include "inspect/session.h"
#include "installed.h"
#include "source_text.h"

#define MAX_PACKAGES  64
#define MAX_DIRECTORY 100000 /* entries read in site-packages */

#define COUNT(array)  (sizeof array / sizeof *array)

/* Programs that run the user's: packages installed with them are not the user's. */
static const char *const launchers[] = {
	"asyncio",  "celery",	  "coverage",	  "daphne",   "debugpy",   "django",
	"fastapi",  "flask",	  "granian",	  "gunicorn", "hypercorn", "ipython",
	"jurigged", "nox",	  "pdb",	  "pip",      "pytest",	   "runpy",
	"sanic",    "scrapy",	  "tox",	  "twisted",  "unittest",  "uvicorn",
	"uwsgi",    "watchfiles", "concurrently", "jest",     "mocha",	   "nodemon",
	"npm",	    "pm2",	  "ts-node",	  "tsx",      "vitest",	   "yarn",
};

static bool is_launcher(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT(launchers); i++)
		if (strlen(launchers[i]) == length && !memcmp(launchers[i], name, length))
			return true;
	return false;
}

static void add_package(struct session *session, struct ownership *ownership, const char *name,
			size_t length)
{
	const char *kept = strings_keep_part(&session->strings, name, length);

	for (size_t i = 0; i < ownership->package_count; i++)
		if (ownership->packages[i] == kept)
			return;
	if (length && ownership->package_count < MAX_PACKAGES)
		ownership->packages[ownership->package_count++] = kept;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name);

	return length > strlen(suffix) && !strcmp(name + length - strlen(suffix), suffix);
}

/* Length of the directory at the start of a line of a distribution's file list
 * (RECORD); 0: none. */
static size_t listed_directory(const char *line, const char *end)
{
	size_t length = 0;

	while (line + length < end && !strchr("/,\n", line[length]))
		length++;
	return line + length < end && line[length] == '/' && *line != '.' &&
			       !memmem(line, length, "-info", 5)
		       ? length
		       : 0;
}

/* Adds all packages of the distribution, if it contains this one. */
static bool add_distribution(struct session *session, struct ownership *ownership,
			     const char *directory, const char *info, const char *package)
{
	const char *path = strings_print(&session->strings, "%s/%s/RECORD", directory, info);
	size_t size, length, wanted = strlen(package);
	const char *text = source_text(session, path, &size), *end = text ? text + size : NULL;
	bool found = false;

	for (int pass = 0; text && pass < 2; pass++) {
		for (const char *line = text, *next; line && line < end; line = next) {
			next = memchr(line, '\n', (size_t)(end - line));
			next = next ? next + 1 : NULL;
			length = listed_directory(line, end);
			if (pass && length)
				add_package(session, ownership, line, length);
			found |= length == wanted && !memcmp(line, package, wanted);
		}
		if (!found)
			break;
	}
	return found;
}

static void add_package_with_kin(struct session *session, struct ownership *ownership,
				 const char *directory, const char *package)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	size_t seen = 0;

	add_package(session, ownership, package, strlen(package));
	while (entries && seen++ < MAX_DIRECTORY && (entry = readdir(entries)))
		if (has_suffix(entry->d_name, ".dist-info") &&
		    add_distribution(session, ownership, directory, entry->d_name, package))
			break;
	if (entries)
		closedir(entries);
}

static bool is_directory(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISDIR(status.st_mode);
}

/* The directory of the package that a script in a bin/ imports; NULL if it is not beside the
 * script. */
static const char *directory_beside(struct session *session, const char *script,
				    const char *package)
{
	static const char *const kinds[] = { "site-packages", "dist-packages" };
	const char *slash = strrchr(script, '/'), *library, *found = NULL;
	struct dirent *entry;
	size_t seen = 0;
	DIR *entries;

	if (!slash || slash - script < 4 || memcmp(slash - 4, "/bin", 4) != 0)
		return NULL;
	library = strings_print(&session->strings, "%.*s/lib", (int)(slash - 4 - script), script);
	entries = opendir(library);
	while (entries && !found && seen++ < MAX_DIRECTORY && (entry = readdir(entries)))
		for (size_t i = 0; i < COUNT(kinds) && !strncmp(entry->d_name, "python3", 7); i++) {
			const char *path = strings_print(&session->strings, "%s/%s/%s", library,
							 entry->d_name, kinds[i]);

			if (is_directory(strings_print(&session->strings, "%s/%s", path, package)))
				found = path;
		}
	if (entries)
		closedir(entries);
	return found;
}

static size_t word_length(const char *text, const char *end)
{
	size_t length = 0;

	while (text + length < end && (isalnum((unsigned char)text[length]) || text[length] == '_'))
		length++;
	return length;
}

/* The package that a script generated by pip imports: "from app.cli import main". */
static size_t imported_by(const char *text, size_t size, const char **package)
{
	static const char from[] = "\nfrom ";
	const char *end = text + size, *at = text;

	while ((at = memmem(at, (size_t)(end - at), from, sizeof from - 1))) {
		size_t length;

		at += sizeof from - 1;
		length = word_length(at, end);
		if (length && (length != 9 || memcmp(at, "importlib", 9) != 0)) {
			*package = at;
			return length;
		}
	}
	return 0;
}

static void find_python_packages(struct session *session, struct ownership *ownership,
				 const char *script)
{
	const char *package = installed_path(session, script), *directory, *text;
	size_t size, length;

	if (package) {
		length = strcspn(package, "/");
		directory = strings_keep_part(&session->strings, script,
					      (size_t)(package - script - 1));
	} else {
		text = source_text(session, script, &size);
		length = text && size > 2 && !memcmp(text, "#!", 2)
				 ? imported_by(text, size, &package)
				 : 0;
		directory = NULL;
	}
	if (!length || is_launcher(package, length))
		return;
	package = strings_keep_part(&session->strings, package, length);
	if (!directory)
		directory = directory_beside(session, script, package);
	if (directory)
		add_package_with_kin(session, ownership, directory, package);
}

/* The package after the last node_modules/, with its scope: "app" or "@scope/app". */
static size_t node_package(const char *path, const char **package)
{
	static const char mark[] = "/node_modules/";
	const char *at = NULL, *next = path;
	size_t length;

	while ((next = strstr(next, mark)))
		at = next += sizeof mark - 1;
	if (!at)
		return 0;
	*package = at;
	length = strcspn(at, "/");
	if (*at == '@' && at[length])
		length += 1 + strcspn(at + length + 1, "/");
	return length;
}

static void find_node_package(struct session *session, struct ownership *ownership,
			      const char *script)
{
	char *resolved = realpath(script, NULL);
	const char *package;
	size_t length = resolved ? node_package(resolved, &package) : 0;

	if (length && !is_launcher(package, length))
		add_package(session, ownership, package, length);
	free(resolved);
}

static bool is_node(const char *executable)
{
	const char *name = path_name(executable);

	return !strcmp(name, "node") || !strcmp(name, "nodejs");
}

static bool is_python(const char *executable)
{
	return !strncmp(path_name(executable), "python", 6);
}

/* What an interpreter runs: a path, or with *is_module a module. NULL: neither. */
static const char *script_of(const char *executable, const char *const *arguments, size_t count,
			     bool *is_module)
{
	*is_module = false;
	if (!is_python(executable) && !is_node(executable))
		return NULL;
	for (size_t i = 1; i < count; i++) {
		const char *argument = arguments[i];

		if (*argument != '-')
			return argument;
		if (!is_python(executable))
			continue;
		if (!strncmp(argument, "-m", 2)) {
			*is_module = true;
			return argument[2] ? argument + 2 : i + 1 < count ? arguments[i + 1] : NULL;
		}
		if (!strcmp(argument, "-c"))
			return NULL;
		if (!strcmp(argument, "-X") || !strcmp(argument, "-W"))
			i++;
	}
	return NULL;
}

/* What a launcher runs: "app.main:create". NULL: no argument has this form. */
static const char *target_of(const char *const *arguments, size_t count)
{
	for (size_t i = 2; i < count; i++) {
		const char *end = arguments[i] + strlen(arguments[i]);
		size_t length = word_length(arguments[i], end);

		if (length && strchr(arguments[i], ':') &&
		    strspn(arguments[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_.") == strcspn(arguments[i], ":"))
			return arguments[i];
	}
	return NULL;
}

static void find_packages(struct session *session, struct ownership *ownership, bool is_module)
{
	const char *packages[MAX_PACKAGES], *script = ownership->script;

	ownership->packages = packages;
	if (script && is_module) {
		size_t length = strcspn(script, ".");

		if (!is_launcher(script, length))
			add_package(session, ownership, script, length);
	} else if (script && is_node(ownership->executable)) {
		find_node_package(session, ownership, script);
	} else if (script) {
		find_python_packages(session, ownership, script);
	}
	if (ownership->target)
		add_package(session, ownership, ownership->target,
			    strcspn(ownership->target, ".:"));
	ownership->packages = obstack_copy(&session->memory, packages,
					   ownership->package_count * sizeof *packages + 1);
}

static const char *called_as(struct session *session, const char *executable,
			     const char *const *arguments, size_t count)
{
	const char *name = count ? path_name(arguments[0]) : "";

	/* Some programs overwrite it: "-bash", "nginx: master process". */
	if (!*name ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789_.+-")] ||
	    *name == '-' || !strcmp(name, path_name(executable)))
		return NULL;
	return strings_keep(&session->strings, name);
}

struct ownership *ownership_of(struct session *session, const char *executable,
			       const char *const *arguments, size_t argument_count, const char *own)
{
	struct ownership *ownership = session->ownerships;
	const char *script, *target, *called;
	bool is_module;

	executable = strings_keep(&session->strings, executable ? executable : "");
	own = strings_keep(&session->strings, own ? own : "");
	script = script_of(executable, arguments, argument_count, &is_module);
	target = script && is_python(executable) ? target_of(arguments, argument_count) : NULL;
	called = script ? NULL : called_as(session, executable, arguments, argument_count);
	if (script)
		script = strings_keep(&session->strings, script);
	if (target)
		target = strings_keep(&session->strings, target);
	while (ownership && (ownership->executable != executable || ownership->script != script ||
			     ownership->target != target || ownership->called != called ||
			     ownership->own != own))
		ownership = ownership->next;
	if (ownership)
		return ownership;
	ownership = obstack_alloc(&session->memory, sizeof *ownership);
	*ownership = (struct ownership){
		.next = session->ownerships,
		.session = session,
		.executable = executable,
		.called = called,
		.script = script,
		.target = target,
		.own = own,
	};
	session->ownerships = ownership;
	find_packages(session, ownership, is_module);
	return ownership;
}

void ownership_read_crate(struct session *session, struct ownership *ownership,
			  struct binary *binary)
{
	const char *file;

	if (ownership->crate_read)
		return;
	ownership->crate_read = true;
	ownership->crate = binary_rust_main(binary, &file);
	if (ownership->crate && file && crate_source_root(file))
		ownership->sources =
			strings_keep_part(&session->strings, file, crate_source_root(file));
}

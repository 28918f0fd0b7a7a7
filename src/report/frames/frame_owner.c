/* Who owns a frame's code: by its source file if known, by its name, by its module. */
#include <ctype.h>
#include <string.h>

#include "support/strings.h"
#include "frame.h"
#include "crate_source.h"
#include "installed.h"
#include "ownership.h"
#include "shared/pattern.h"
#include "shared/python_loop.h"
#include "shared/text.h"

struct owner_rule {
	const char *name; /* prefix of the name */
	enum frame_owner owner;
	const char *package; /* NULL: the name itself */
};

/* Crates, by the first component of a Rust path. */
static const struct owner_rule crates[] = {
#define CRATE(id, crate) { crate, OWNER_EXECUTOR, NULL },
#include "executors/table.h"
	{ "std", OWNER_STANDARD, "std" },
	{ "core", OWNER_STANDARD, "std" },
	{ "alloc", OWNER_STANDARD, "std" },
	{ "backtrace", OWNER_STANDARD, "std" },
	{ "addr2line", OWNER_DEPENDENCY, NULL },
	{ "gimli", OWNER_DEPENDENCY, NULL },
	{ "miniz_oxide", OWNER_DEPENDENCY, NULL },
	{ "rustc_demangle", OWNER_DEPENDENCY, NULL },
	{ "parking_lot", OWNER_DEPENDENCY, NULL },
	{ "parking_lot_core", OWNER_DEPENDENCY, NULL },
	{ "lock_api", OWNER_DEPENDENCY, NULL },
	{ "crossbeam", OWNER_DEPENDENCY, NULL },
	{ "libc", OWNER_DEPENDENCY, NULL },
	{ "hyper", OWNER_DEPENDENCY, NULL },
	{ "hyper_util", OWNER_DEPENDENCY, NULL },
	{ "h2", OWNER_DEPENDENCY, NULL },
	{ "tower", OWNER_DEPENDENCY, NULL },
	{ "tower_http", OWNER_DEPENDENCY, NULL },
	{ "tower_service", OWNER_DEPENDENCY, NULL },
	{ "axum", OWNER_DEPENDENCY, NULL },
	{ "axum_core", OWNER_DEPENDENCY, NULL },
	{ "tonic", OWNER_DEPENDENCY, NULL },
	{ "warp", OWNER_DEPENDENCY, NULL },
	{ "reqwest", OWNER_DEPENDENCY, NULL },
	{ "actix_web", OWNER_DEPENDENCY, NULL },
	{ "tracing", OWNER_DEPENDENCY, NULL },
	{ "tracing_core", OWNER_DEPENDENCY, NULL },
	{ "tracing_subscriber", OWNER_DEPENDENCY, NULL },
	{ "futures", OWNER_DEPENDENCY, NULL },
	{ "rustls", OWNER_DEPENDENCY, NULL },
};

/* C and C++ functions that lie in the program itself if their library is linked statically. */
static const struct owner_rule functions[] = {
#define FUNCTIONS(id, prefix, package) { prefix, OWNER_EXECUTOR, package },
#include "executors/table.h"
	{ "yieldsan_", OWNER_SYSTEM, "yieldsan.h" }, /* marks */
	{ "std::", OWNER_STANDARD, "libstdc++" },
	{ "__gnu_cxx::", OWNER_STANDARD, "libstdc++" },
	{ "__cxxabiv1::", OWNER_STANDARD, "libstdc++" },
	{ "boost::", OWNER_DEPENDENCY, "boost" },
	{ "absl::", OWNER_DEPENDENCY, "abseil" },
	{ "AbslInternal", OWNER_DEPENDENCY, "abseil" },
	{ "__rust_", OWNER_STANDARD, "std" },
	{ "rust_begin_unwind", OWNER_STANDARD, "std" },
	{ "_start", OWNER_SYSTEM, "libc.so.6" },
	{ "__libc_", OWNER_SYSTEM, "libc.so.6" },
};

/* Loaded objects, by file name, in any directory. */
static const struct owner_rule modules[] = {
#define MODULE(id, prefix, package) { prefix, OWNER_EXECUTOR, package },
#include "executors/table.h"
	{ "libc.so", OWNER_SYSTEM, NULL },	   { "libpthread.so", OWNER_SYSTEM, NULL },
	{ "libpthread-", OWNER_SYSTEM, NULL },	   { "libc-2", OWNER_SYSTEM, NULL },
	{ "libm.so", OWNER_SYSTEM, NULL },	   { "libdl.so", OWNER_SYSTEM, NULL },
	{ "ld-linux", OWNER_SYSTEM, NULL },	   { "linux-vdso", OWNER_SYSTEM, NULL },
	{ "libgcc_s.so", OWNER_SYSTEM, NULL },	   { "libyieldsan.so", OWNER_SYSTEM, NULL },
	{ "libstdc++.so", OWNER_STANDARD, NULL },  { "libc++.so", OWNER_STANDARD, NULL },
	{ "libstd-", OWNER_STANDARD, "std" },	   { "libboost_", OWNER_DEPENDENCY, "boost" },
	{ "libpython", OWNER_STANDARD, "Python" }, { "python2", OWNER_STANDARD, "Python" },
	{ "python3", OWNER_STANDARD, "Python" },   { "libnode", OWNER_STANDARD, "Node" },
};

/* Directories of header files. */
static const struct owner_rule headers[] = {
#define HEADERS(id, path, package) { path, OWNER_EXECUTOR, package },
#include "executors/table.h"
	{ "/usr/include/", OWNER_DEPENDENCY, "headers" },
};

#define COUNT(array) (sizeof array / sizeof *array)

const char *frame_module_name(const struct frame *frame)
{
	return frame->called ? frame->called : path_name(frame->module);
}

const char *frame_doubt(const struct frame *frame)
{
	return frame->shared ? " (or an identical function)" : "";
}

/* The crate of a Rust path: "tokio" for "<tokio::sync::Mutex<T> as core::fmt::Debug>::fmt". */
static size_t crate_of_path(const char *function, const char **crate)
{
	static const char *const before[] = {
		"&", "*const ", "*mut ", "mut ", "dyn ", "<", "[", "("
	};
	size_t length = 0;

	for (size_t i = 0; i < COUNT(before);) {
		if (text_begins(function, before[i])) {
			function += strlen(before[i]);
			i = 0;
		} else {
			i++;
		}
	}
	while (is_name_character(function[length]))
		length++;
	*crate = function;
	return !strncmp(function + length, "::", 2) ? length : 0;
}

static void frame_set_owner(struct frame *frame, enum frame_owner owner, const char *package)
{
	frame->owner = owner;
	frame->package = package;
}

static bool by_rule(struct frame *frame, const struct owner_rule *rules, size_t count,
		    const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (text_begins(name, rules[i].name)) {
			frame_set_owner(frame, rules[i].owner,
					rules[i].package ? rules[i].package : name);
			return true;
		}
	return false;
}

static bool by_crate(struct frame *frame, const char *crate, size_t length)
{
	for (size_t i = 0; i < COUNT(crates); i++)
		if (strlen(crates[i].name) == length && !strncmp(crate, crates[i].name, length)) {
			frame_set_owner(frame, crates[i].owner,
					crates[i].package ? crates[i].package : crates[i].name);
			return true;
		}
	return false;
}

/* The package of a file under a directory of versioned sources: ".../tokio-1.24.2/src/lib.rs". */
static const char *versioned_package(const char *directory, struct strings *strings)
{
	size_t length = strcspn(directory, "/"), end = length;
	char name[64];

	for (size_t i = 1; i + 1 < length; i++)
		if (directory[i] == '-' && isdigit((unsigned char)directory[i + 1])) {
			end = i;
			break;
		}
	if (end >= sizeof name)
		end = sizeof name - 1;
	for (size_t i = 0; i < end; i++)
		name[i] = directory[i] == '-' ? '_' : directory[i];
	return strings_keep_part(strings, name, end);
}

/* Where cargo keeps crate sources; a registry's mark is followed by a directory for its host. */
static const char *behind_crate_store(const char *file)
{
	static const char *const stores[] = {
		"/cargo/git/checkouts/",
		"/.cargo/git/checkouts/",
		"/usr/share/cargo/registry/",
	};
	const char *at = text_behind(file, "/registry/src/");

	if (at)
		return strchr(at, '/') ? strchr(at, '/') + 1 : NULL;
	for (size_t i = 0; i < COUNT(stores) && !at; i++)
		at = text_behind(file, stores[i]);
	return at;
}

static bool by_source_of_crate(struct frame *frame, struct strings *strings)
{
	const char *directory = behind_crate_store(frame->file), *package;

	if (!directory)
		return false;
	package = versioned_package(directory, strings);
	if (!by_crate(frame, package, strlen(package)))
		frame_set_owner(frame, OWNER_DEPENDENCY, package);
	return true;
}

static bool by_source(struct frame *frame, struct strings *strings)
{
	const char *file = frame->file;

	/* As named by rustc's own builds, rustup's rust-src and Debian's packages; also the crates
	 * that std is built with. */
	if (text_begins(file, "/rustc/") || strstr(file, "/rustlib/src/rust/library/") ||
	    text_begins(file, "/usr/src/rustc-") || text_begins(file, "/rust/deps/")) {
		frame_set_owner(frame, OWNER_STANDARD, "std");
		return true;
	}
	if (by_source_of_crate(frame, strings))
		return true;
	if (strstr(file, "/include/c++/")) {
		frame_set_owner(frame, OWNER_STANDARD, "libstdc++");
		return true;
	}
	return by_rule(frame, headers, COUNT(headers), file);
}

static bool in_system_directory(const char *module)
{
	return text_begins(module, "/lib/") || text_begins(module, "/lib64/") ||
	       text_begins(module, "/lib32/") || text_begins(module, "/usr/lib/") ||
	       text_begins(module, "/usr/lib64/") || text_begins(module, "/usr/lib32/") ||
	       module[0] != '/';
}

static bool by_module(struct frame *frame, const char *executable)
{
	const char *name = path_name(frame->module);

	if (by_rule(frame, modules, COUNT(modules), name))
		return true;
	if (!strcmp(name, "node") || !strcmp(name, "nodejs")) {
		frame_set_owner(frame, OWNER_STANDARD, "Node");
		return true;
	}
	if (strstr(frame->module, "/site-packages/") || strstr(frame->module, "/dist-packages/") ||
	    strstr(frame->module, "/node_modules/")) {
		frame_set_owner(frame, OWNER_DEPENDENCY, name);
		return true;
	}
	if (strstr(frame->module, "/lib-dynload/")) {
		frame_set_owner(frame, OWNER_STANDARD, "Python");
		return true;
	}
	if (in_system_directory(frame->module) && (!executable || frame->module != executable)) {
		frame_set_owner(frame, OWNER_SYSTEM, name);
		return true;
	}
	return false;
}

static bool owner_by_function(struct frame *frame)
{
	const char *crate;
	size_t length;

	if (!frame->language || strcmp(frame->language, "Rust"))
		return by_rule(frame, functions, COUNT(functions), frame->function);
	length = crate_of_path(frame->function, &crate);
	return length && by_crate(frame, crate, length);
}

static void find_native_owner(struct frame *frame, const char *executable, struct strings *strings)
{
	if (!frame->module) {
		frame_set_owner(frame, OWNER_UNKNOWN, NULL);
		return;
	}
	if (by_module(frame, executable))
		return;
	if (frame->file && by_source(frame, strings))
		return;
	if (frame->function && owner_by_function(frame))
		return;
	frame_set_owner(frame, OWNER_PROGRAM, NULL);
}

/* Interpreter frames: the location identifies the standard library and installed packages. */
static void find_script_owner(struct frame *frame, struct strings *strings)
{
	const char *file = frame->file ? frame->file : "", *at;
	const struct python_loop *loop;

	if ((at = text_behind(file, "/site-packages/")) ||
	    (at = text_behind(file, "/dist-packages/")) ||
	    (at = text_behind(file, "/node_modules/")))
		frame_set_owner(frame, OWNER_DEPENDENCY,
				strings_keep_part(strings, at, strcspn(at, "/")));
	else if ((at = text_behind(file, "/lib/python")) && (at = text_behind(at, "/")))
		frame_set_owner(frame, OWNER_STANDARD, "Python");
	else if (text_begins(file, "<frozen "))
		frame_set_owner(frame, OWNER_STANDARD, "Python");
	else if (text_begins(file, "node:") || text_begins(file, "internal/"))
		frame_set_owner(frame, OWNER_STANDARD, "Node");
	else
		frame_set_owner(frame, OWNER_PROGRAM, NULL);
	loop = at ? python_loop_of_package(at, strcspn(at, "/")) : NULL;
	if (loop)
		frame_set_owner(frame, OWNER_EXECUTOR, loop->package);
}

static bool is_own(const struct frame *frame, const char *patterns)
{
	for (size_t length; *patterns; patterns += length + (patterns[length] == ',')) {
		length = strcspn(patterns, ",");
		if (length &&
		    ((frame->package && pattern_matches(patterns, length, frame->package)) ||
		     (frame->file && pattern_matches_path(patterns, length, frame->file)) ||
		     (frame->native && frame->module &&
		      pattern_matches_path(patterns, length, frame->module))))
			return true;
	}
	return false;
}

/* A frame's file is more reliable than its name: a program's crate may have a library's name. */
static void refine_rust(struct frame *frame, const struct ownership *ownership,
			struct strings *strings)
{
	const char *directory, *package, *crate;
	bool is_program = frame->module == ownership->executable;
	size_t length;

	if (!frame->file) {
		length = frame->function ? crate_of_path(frame->function, &crate) : 0;
		if (is_program && length && ownership->crate &&
		    strlen(ownership->crate) == length && !memcmp(ownership->crate, crate, length))
			frame_set_owner(frame, OWNER_PROGRAM, NULL);
		return;
	}
	directory = crate_source_directory(frame->file);
	if (crate_source_is_standard(frame->file)) {
		frame_set_owner(frame, OWNER_STANDARD, "std");
	} else if (ownership->sources && text_begins(frame->file, ownership->sources)) {
		frame_set_owner(frame, OWNER_PROGRAM, NULL);
	} else if (directory) {
		package = versioned_package(directory, strings);
		/* The names that Bazel's rules give to fetched crates: "crates__tokio-1.38.0". */
		if (text_behind(package, "crates__"))
			package = text_behind(package, "crates__");
		if (!by_crate(frame, package, strlen(package)))
			frame_set_owner(frame, OWNER_DEPENDENCY, package);
	} else if (is_program || !in_system_directory(frame->module)) {
		frame_set_owner(frame, OWNER_PROGRAM, NULL);
	}
}

/* The rest of the path after the last directory of installed packages. */
static const char *behind_packages(struct session *session, const char *file)
{
	const char *found = installed_path(session, file);

	for (const char *at = file; (at = text_behind(at, "/node_modules/"));)
		found = !found || at > found ? at : found;
	return found;
}

/* Of a fetched repository of Bazel, as its rules for C and C++ write paths; NULL for other files.
 */
static const char *bazel_repository(const char *file)
{
	static const char *const beginnings[] = { "/proc/self/cwd/external/", "./external/" };
	const char *at = text_behind(file, "/execroot/");

	for (size_t i = 0; i < COUNT(beginnings); i++)
		if (text_begins(file, beginnings[i]))
			return file + strlen(beginnings[i]);
	at = at ? strchr(at, '/') : NULL;
	return at && text_begins(at, "/external/") ? at + strlen("/external/") : NULL;
}

/* What compilers link into a program that is built with a sanitizer, as clang does. */
static bool is_of_sanitizer(const char *function)
{
	static const char *const beginnings[] = {
		"__interceptor_", "___interceptor_", "__sanitizer_", "__asan_",
		"__tsan_",	  "__msan_",	     "__lsan_",	     "__ubsan_",
	};

	for (size_t i = 0; i < COUNT(beginnings); i++)
		if (text_begins(function, beginnings[i]))
			return true;
	return false;
}

/* A module in C that was installed with its package, under a Python program; code that Bazel
 * fetched. */
static void refine_module(struct frame *frame, const struct ownership *ownership,
			  struct strings *strings)
{
	const char *repository = frame->file ? bazel_repository(frame->file) : NULL;

	if (repository && frame->owner == OWNER_PROGRAM)
		frame_set_owner(frame, OWNER_DEPENDENCY,
				strings_keep_part(strings, repository, strcspn(repository, "/")));
	if (frame->owner == OWNER_PROGRAM && frame->function && is_of_sanitizer(frame->function))
		frame_set_owner(frame, OWNER_SYSTEM, "the sanitizer");
	if (ownership->script && frame->module && frame->owner == OWNER_PROGRAM &&
	    installed_path(ownership->session, frame->module))
		frame_set_owner(frame, OWNER_DEPENDENCY, path_name(frame->module));
}

static void refine_script(struct frame *frame, const struct ownership *ownership,
			  struct strings *strings)
{
	const char *package = frame->file ? behind_packages(ownership->session, frame->file) : NULL;
	size_t length;

	if (!package || frame->owner == OWNER_EXECUTOR)
		return;
	length = strcspn(package, "/");
	if (*package == '@' && package[length])
		length += 1 + strcspn(package + length + 1, "/");
	frame_set_owner(frame, OWNER_DEPENDENCY, strings_keep_part(strings, package, length));
	for (size_t i = 0; i < ownership->package_count; i++)
		if (frame->package && !strcmp(ownership->packages[i], frame->package))
			frame_set_owner(frame, OWNER_PROGRAM, NULL);
}

void frame_find_owner(struct frame *frame, const struct ownership *ownership,
		      struct strings *strings)
{
	if (frame->native)
		find_native_owner(frame, ownership->executable, strings);
	else
		find_script_owner(frame, strings);
	frame->id_owner = frame->owner;
	if (frame->native && frame_is_rust(frame) && frame->module)
		refine_rust(frame, ownership, strings);
	else if (frame->native)
		refine_module(frame, ownership, strings);
	else
		refine_script(frame, ownership, strings);
	if (ownership->own && is_own(frame, ownership->own))
		frame_set_owner(frame, OWNER_PROGRAM, NULL);
}

const struct python_loop *frame_python_loop(const struct frame *frame)
{
	return frame->native || !frame->function || !frame->file
		       ? NULL
		       : python_loop_of(frame->function, strlen(frame->function), frame->file,
					strlen(frame->file));
}

bool frame_is(const struct frame *frame, const char *package, const char *part)
{
	/* Called for every frame of every site: the first letter rejects most packages. */
	return frame->function && frame->package && *frame->package == *package &&
	       !strcmp(frame->package, package) && strstr(frame->function, part);
}

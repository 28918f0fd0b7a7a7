#include "modules_changed.h"

#include <string.h>

#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "call.h"
#include "dynamic.h"

void modules_changed_now(void)
{
	if (!this_thread.vforked && !this_thread.dead && !this_thread.own_code)
		modules_refresh();
}

/*
 * A name without a directory is looked for where the caller says: in its DT_RUNPATH, its DT_RPATH,
 * and the DT_RPATH of whatever needed it, which is not known: one module that has any is enough.
 * The program's counts always (glibc, elf/dl-load.c). What libc closed itself, or another thread
 * just now, is still among the modules: nothing of its memory may be read.
 */
static bool caller_has_paths(uintptr_t caller)
{
	const struct module *module = modules_find(caller);

	if (!module || module->has_runpath)
		return true;
	for (size_t i = 0; i < modules_count(); i++) {
		module = modules_at(i);
		if (!module->unloaded_ns && !module->is_program && module->has_rpath)
			return true;
	}
	return false;
}

/*
 * Called by dlopen's entry. True: it does not matter who calls, so dlopen may be called like any
 * other function, watched, and followed by a look at what came of it.
 */
bool dlopen_from_anywhere(const char *path, int mode, uintptr_t caller)
{
	(void)mode;
	if (this_thread.vforked)
		return false;
	modules_may_have_changed = true;
	if (this_thread.dead || this_thread.own_code || !runtime_started)
		return false;
	if (!path || strchr(path, '$')) /* $ORIGIN is the caller's */
		return false;
	return strchr(path, '/') || !caller_has_paths(caller);
}

static COLD void *watched_dlopen(const char *path, int mode)
{
	CALL_WATCH(watch, CALL_dlopen, WHEN(!(mode & RTLD_NOLOAD)));
	return CALL_RESULT(watch, real.dlopen(path, mode));
}

void *dlopen_watched(const char *path, int mode)
{
	void *handle;

	/* Its constructors may start threads and loops: those look for themselves. */
	if (LIKELY(!call_armed()))
		handle = real.dlopen(path, mode);
	else
		handle = watched_dlopen(path, mode);
	modules_changed_look();
	return handle;
}

void dlmopen_begins(void)
{
	modules_may_have_changed = true;
}

EXPORT int dlclose(void *handle)
{
	int result = real.dlclose(handle);

	modules_may_have_changed = true;
	modules_changed_look();
	return result;
}

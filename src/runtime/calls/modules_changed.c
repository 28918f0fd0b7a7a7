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
 * dlopen searches for a name without a directory in the caller's DT_RUNPATH, its DT_RPATH, and the
 * DT_RPATH of the modules that loaded it. Those modules are not known, so one module with any of
 * these is enough. The program's paths always apply (glibc, elf/dl-load.c). A module that libc or
 * another thread just closed may still be listed: don't read its memory.
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
 * Called by dlopen's entry. True if the caller's identity does not matter: then dlopen can be
 * called as a normal function, watched, and followed by a module scan.
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

	/* Its constructors may start threads and loops, which scan modules themselves. */
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

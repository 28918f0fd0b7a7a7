/* Calls that change which file systems the process sees. */
#include "runtime/base/memory_devices.h"
#include "runtime/process/opened_paths.h"
#include "runtime/process/process.h"
#include "call.h"

static void mounts_changed(void)
{
	if (this_thread.vforked)
		return;
	memory_devices_changed();
	opened_paths_forget();
	if (!this_thread.turn)
		memory_devices_refresh();
}

#define MOUNTS(name, params, args)                                                                 \
	static COLD int watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, ANY);                                               \
		return CALL_RESULT(watch, real.name args);                                         \
	}                                                                                          \
	EXPORT int name params                                                                     \
	{                                                                                          \
		int result = this_thread.armed ? watched_##name args : real.name args;             \
                                                                                                   \
		if (!result)                                                                       \
			mounts_changed();                                                          \
		return result;                                                                     \
	}

MOUNTS(mount,
       (const char *source, const char *target, const char *type, unsigned long flags,
	const void *data),
       (source, target, type, flags, data))
MOUNTS(umount, (const char *target), (target))
MOUNTS(umount2, (const char *target, int flags), (target, flags))

/* After these calls the trace may be out of reach: open it before. */
#define MOVES(name, params, args, when)                                                            \
	EXPORT int name params;                                                                    \
	EXPORT int name params                                                                     \
	{                                                                                          \
		int result;                                                                        \
                                                                                                   \
		if (!this_thread.vforked)                                                          \
			process_drops_privileges();                                                \
		result = real.name args;                                                           \
		if (!result && (when))                                                             \
			mounts_changed();                                                          \
		return result;                                                                     \
	}

MOVES(chroot, (const char *path), (path), true)
MOVES(pivot_root, (const char *root, const char *old), (root, old), true)
MOVES(unshare, (int flags), (flags), flags &CLONE_NEWNS)
MOVES(setns, (int fd, int type), (fd, type), true)

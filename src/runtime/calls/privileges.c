/*
 * Calls that reduce what the process may do: files that the runtime will write later must be open
 * before.
 */
#include <linux/seccomp.h>
#include <stdarg.h>

#include "runtime/process/process.h"
#include "arguments.h"
#include "call.h"

#define NO_USER ((uid_t)-1)

#define CHANGES_USER(name, params, args, user)                                                     \
	EXPORT int name params;                                                                    \
	EXPORT int name params                                                                     \
	{                                                                                          \
		if (!this_thread.vforked)                                                          \
			process_changes_user(user);                                                \
		return real.name args;                                                             \
	}

CHANGES_USER(setuid, (uid_t user), (user), user)
CHANGES_USER(seteuid, (uid_t user), (user), user)
CHANGES_USER(setreuid, (uid_t user, uid_t effective), (user, effective),
	     effective == NO_USER ? user : effective)
CHANGES_USER(setresuid, (uid_t user, uid_t effective, uid_t saved), (user, effective, saved),
	     effective)
CHANGES_USER(setfsuid, (uid_t user), (user), user)
CHANGES_USER(setgid, (gid_t group), (group), NO_USER)
CHANGES_USER(setegid, (gid_t group), (group), NO_USER)
CHANGES_USER(setregid, (gid_t group, gid_t effective), (group, effective), NO_USER)
CHANGES_USER(setresgid, (gid_t group, gid_t effective, gid_t saved), (group, effective, saved),
	     NO_USER)
CHANGES_USER(setfsgid, (gid_t group), (group), NO_USER)
CHANGES_USER(setgroups, (size_t count, const gid_t *groups), (count, groups), NO_USER)
CHANGES_USER(initgroups, (const char *user, gid_t group), (user, group), NO_USER)

EXPORT int prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list rest;
	int result;

	/* They are registers, passed or not: glibc, sysdeps/unix/sysv/linux/prctl.c. */
	va_start(rest, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(rest, unsigned long);
	va_end(rest);
	if (option == PR_SET_SECCOMP && !this_thread.vforked)
		process_installs_seccomp();
	result = real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
	if (option == PR_SET_NAME && !result && !this_thread.vforked)
		thread_named((const char *)arguments[0]);
	return result;
}

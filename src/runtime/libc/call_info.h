/* clang-format off */
/*
 * The interposed calls: one line each in table.h, from which the enumeration, the pointers to the
 * real functions, the exported wrappers and the names in the trace are generated.
 *
 * CALL(class, category, ret, name, params, args, subject)
 *	class     how it is judged: enum call_class without CLASS_
 *	category  its name in reports: sleep file metadata output socket pipe dns lock process ipc
 *	          poll thread other
 *	subject   its subject, evaluated only in a watched turn: ANY, WHEN(condition), FD(fd),
 *	          FD_WHEN(fd, condition), STREAM(stream), LOCK(address), LOCK_WHEN(address, condition),
 *	          LOOK_UP(name, condition), LOOK_UP_LOCAL(local, condition),
 *	          PATH(path), PEER(fd, address, size)
 * CALL_VOID(class, category, name, params, args, subject)
 *	          same, without a result
 * CALL_LOCK(class, kind, ret, name, params, args, address, busy, attempt, within)
 *	          takes a lock, enum trace_lock without TRACE_LOCK_: watched only when `attempt`, the try-variant,
 *	          returns `busy`; `within` tries until `limit`; WAITS_FOR_GOOD if there is no such call
 * CALL_TRY_LOCK(kind, ret, name, params, args, address), CALL_UNLOCK(...)
 *	          takes a lock if it is free; releases it
 * CALL_CONDITION(ret, name, params, args, address, mutex)
 *	          waits on a condition, and releases the mutex meanwhile
 * CALL_BY_HAND(class, category, ret, name, params)
 *	          its wrapper is written by hand (descriptors it makes or changes, loop waits,
 *	          variadic functions, ...)
 * CALL_SYSTEM(class, category, name)
 *	          a system call without a libc function: only the name under which `syscall` judges it
 */
/* clang-format on */
#ifndef RUNTIME_LIBC_CALL_INFO_H
#define RUNTIME_LIBC_CALL_INFO_H

#include "judgement/call_class.h"

enum call_category {
	CATEGORY_sleep,
	CATEGORY_file,
	CATEGORY_metadata,
	CATEGORY_output,
	CATEGORY_socket,
	CATEGORY_pipe,
	CATEGORY_dns,
	CATEGORY_lock,
	CATEGORY_process,
	CATEGORY_ipc,
	CATEGORY_poll,
	CATEGORY_thread,
	CATEGORY_other,
};

struct call_info {
	const char *name;
	const char *category_name;
	enum call_class class;
	enum call_category category;
};

extern const struct call_info call_infos[]; /* by enum call_number */

#endif

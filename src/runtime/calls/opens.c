/* The calls that open a path. */
#include <fcntl.h>
#include <stdarg.h>

#include "runtime/futures/main_script.h"
#include "runtime/tasks/task_leftovers.h"
#include "call.h"
#include "keep.h"

/* The file did not exist before. */
#define MAKES_FILE(flags) (((flags) & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))

/*
 * A call with fixed arguments that returns a descriptor, or an object in which `fd_of` finds one.
 * `path_of`: what it opened, if made_flags are known; NULL.
 */
#define OPENS(ret, name, params, args, fd_of, path_of, made_flags, may_wait)                       \
	static inline ret forwarded_##name params                                                  \
	{                                                                                          \
		ret result = real.name args;                                                       \
                                                                                                   \
		keep_made(fd_of(result));                                                          \
		return result;                                                                     \
	}                                                                                          \
	static COLD ret watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, WHEN(may_wait));                                    \
		ret result = CALL_RESULT(watch, forwarded_##name args);                            \
                                                                                                   \
		watch.fd_made = fd_of(result);                                                     \
		watch.path_opened = path_of;                                                       \
		watch.fd_flags = made_flags;                                                       \
		return result;                                                                     \
	}                                                                                          \
	static inline ret opened_##name params                                                     \
	{                                                                                          \
		if (LIKELY(!call_armed_in(CLASS_OPEN)))                                            \
			return forwarded_##name args;                                              \
		return watched_##name args;                                                        \
	}

#define OPENS_FIXED(ret, name, params, args, fd_of)                                                \
	OPENS(ret, name, params, args, fd_of, NULL, FLAGS_UNKNOWN, true)                           \
	EXPORT ret name params;                                                                    \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		return opened_##name args;                                                         \
	}

/* The mode argument exists only if the call may create the file. */
#define TAKE_MODE(mode, flags)                                                                     \
	mode_t mode = 0;                                                                           \
                                                                                                   \
	if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {                                    \
		va_list rest;                                                                      \
                                                                                                   \
		va_start(rest, flags);                                                             \
		mode = va_arg(rest, mode_t);                                                       \
		va_end(rest);                                                                      \
	}

#define OPENS_PATH(name)                                                                           \
	OPENS(int, name, (const char *path, int flags, mode_t mode), (path, flags, mode),          \
	      keep_fd_of, path, flags, main_script_may_wait_at(AT_FDCWD, path))                    \
	EXPORT int name(const char *path, int flags, ...);                                         \
	EXPORT int name(const char *path, int flags, ...)                                          \
	{                                                                                          \
		TAKE_MODE(mode, flags)                                                             \
		int fd = opened_##name(path, flags, mode);                                         \
                                                                                                   \
		if (UNLIKELY(MAKES_FILE(flags)))                                                   \
			task_file_made(path, fd);                                                  \
		return fd;                                                                         \
	}

#define OPENS_PATH_AT(name)                                                                        \
	OPENS(int, name, (int directory, const char *path, int flags, mode_t mode),                \
	      (directory, path, flags, mode), keep_fd_of, path, flags,                             \
	      main_script_may_wait_at(directory, path))                                            \
	EXPORT int name(int directory, const char *path, int flags, ...)                           \
	{                                                                                          \
		TAKE_MODE(mode, flags)                                                             \
		int fd = opened_##name(directory, path, flags, mode);                              \
                                                                                                   \
		if (UNLIKELY(MAKES_FILE(flags)))                                                   \
			task_file_made(path, fd);                                                  \
		return fd;                                                                         \
	}

/* The name is made from a template, so the file did not exist before. */
#define OPENS_TEMPLATE(name, params, args)                                                         \
	OPENS(int, name, params, args, keep_fd_of, NULL, FLAGS_UNKNOWN, true)                      \
	EXPORT int name params;                                                                    \
	EXPORT int name params                                                                     \
	{                                                                                          \
		int fd = opened_##name args;                                                       \
                                                                                                   \
		task_file_made(path, fd);                                                          \
		return fd;                                                                         \
	}

OPENS_PATH(open)
OPENS_PATH(open64)
OPENS_PATH(__open)
OPENS_PATH(__open64)
OPENS_PATH_AT(openat)
OPENS_PATH_AT(openat64)

OPENS_FIXED(int, __open_2, (const char *path, int flags), (path, flags), keep_fd_of)
OPENS_FIXED(int, __open64_2, (const char *path, int flags), (path, flags), keep_fd_of)
OPENS_FIXED(int, __openat_2, (int directory, const char *path, int flags), (directory, path, flags),
	    keep_fd_of)
OPENS_FIXED(int, __openat64_2, (int directory, const char *path, int flags),
	    (directory, path, flags), keep_fd_of)
OPENS_FIXED(int, creat, (const char *path, mode_t mode), (path, mode), keep_fd_of)
OPENS_FIXED(int, creat64, (const char *path, mode_t mode), (path, mode), keep_fd_of)
OPENS_FIXED(int, open_by_handle_at, (int mount, struct file_handle *handle, int flags),
	    (mount, handle, flags), keep_fd_of)
OPENS_FIXED(int, shm_open, (const char *name, int flags, mode_t mode), (name, flags, mode),
	    keep_fd_of)
OPENS_TEMPLATE(mkstemp, (char *path), (path))
OPENS_TEMPLATE(mkstemp64, (char *path), (path))
OPENS_TEMPLATE(mkostemp, (char *path, int flags), (path, flags))
OPENS_TEMPLATE(mkostemp64, (char *path, int flags), (path, flags))
OPENS_TEMPLATE(mkstemps, (char *path, int suffix), (path, suffix))
OPENS_TEMPLATE(mkstemps64, (char *path, int suffix), (path, suffix))
OPENS_TEMPLATE(mkostemps, (char *path, int suffix, int flags), (path, suffix, flags))
OPENS_TEMPLATE(mkostemps64, (char *path, int suffix, int flags), (path, suffix, flags))
OPENS_FIXED(int, posix_openpt, (int flags), (flags), keep_fd_of)
OPENS_FIXED(int, getpt, (void), (), keep_fd_of)

OPENS_FIXED(FILE *, fopen, (const char *path, const char *mode), (path, mode), keep_fd_of_stream)
OPENS_FIXED(FILE *, fopen64, (const char *path, const char *mode), (path, mode), keep_fd_of_stream)
OPENS_FIXED(FILE *, _IO_fopen, (const char *path, const char *mode), (path, mode),
	    keep_fd_of_stream)
OPENS_FIXED(FILE *, setmntent, (const char *path, const char *mode), (path, mode),
	    keep_fd_of_stream)
OPENS_FIXED(FILE *, __setmntent, (const char *path, const char *mode), (path, mode),
	    keep_fd_of_stream)
OPENS_FIXED(FILE *, tmpfile, (void), (), keep_fd_of_stream)
OPENS_FIXED(FILE *, tmpfile64, (void), (), keep_fd_of_stream)

OPENS_FIXED(DIR *, opendir, (const char *path), (path), keep_fd_of_directory)
OPENS_FIXED(DIR *, fdopendir, (int fd), (fd), keep_fd_of_directory)

/* Queues are descriptors on Linux. */
OPENS(mqd_t, mq_open, (const char *name, int flags, mode_t mode, struct mq_attr *attributes),
      (name, flags, mode, attributes), keep_fd_of, NULL, flags, true)
EXPORT mqd_t mq_open(const char *name, int flags, ...)
{
	struct mq_attr *attributes = NULL;
	mode_t mode = 0;

	if (flags & O_CREAT) {
		va_list rest;

		va_start(rest, flags);
		mode = va_arg(rest, mode_t);
		attributes = va_arg(rest, struct mq_attr *);
		va_end(rest);
	}
	return opened_mq_open(name, flags, mode, attributes);
}

OPENS_FIXED(mqd_t, __mq_open_2, (const char *name, int flags), (name, flags), keep_fd_of)

static COLD sem_t *watched_sem_open(const char *name, int flags, mode_t mode, unsigned value)
{
	CALL_WATCH(watch, CALL_sem_open, ANY);
	return CALL_RESULT(watch, real.sem_open(name, flags, mode, value));
}

/* Maps a file; leaves no descriptor open. */
EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
	mode_t mode = 0;
	unsigned value = 0;

	if (flags & O_CREAT) {
		va_list rest;

		va_start(rest, flags);
		mode = va_arg(rest, mode_t);
		value = va_arg(rest, unsigned);
		va_end(rest);
	}
	if (LIKELY(!call_armed()))
		return real.sem_open(name, flags, mode, value);
	return watched_sem_open(name, flags, mode, value);
}

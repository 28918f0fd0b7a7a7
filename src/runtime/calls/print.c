/*
 * Formatted output. A variadic function cannot be forwarded: each calls its va_list variant, and is
 * watched under its own name.
 */
#include <stdarg.h>

#include "call.h"

/* `last`: the last named parameter; `real_call` uses the va_list `arguments`. */
#define PRINTS(name, params, args, last, subject, real_call)                                       \
	static COLD int watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, subject);                                           \
		return CALL_RESULT(watch, real_call);                                              \
	}                                                                                          \
	static inline int forwarded_##name params                                                  \
	{                                                                                          \
		if (LIKELY(!call_armed()))                                                         \
			return real_call;                                                          \
		return watched_##name args;                                                        \
	}

#define TAKE(result, last, call)                                                                   \
	va_list arguments;                                                                         \
	int result;                                                                                \
                                                                                                   \
	va_start(arguments, last);                                                                 \
	result = call;                                                                             \
	va_end(arguments);                                                                         \
	return result

#define PRINTS_OUT(name, letter, twin)                                                             \
	PRINTS(name, (const letter *format, va_list arguments), (format, arguments), format,       \
	       STREAM(stdout), real.twin(format, arguments))                                       \
	EXPORT int name(const letter *format, ...);                                                \
	EXPORT int name(const letter *format, ...)                                                 \
	{                                                                                          \
		TAKE(result, format, forwarded_##name(format, arguments));                         \
	}

#define PRINTS_STREAM(name, letter, twin)                                                          \
	PRINTS(name, (FILE * stream, const letter *format, va_list arguments),                     \
	       (stream, format, arguments), format, STREAM(stream),                                \
	       real.twin(stream, format, arguments))                                               \
	EXPORT int name(FILE *stream, const letter *format, ...);                                  \
	EXPORT int name(FILE *stream, const letter *format, ...)                                   \
	{                                                                                          \
		TAKE(result, format, forwarded_##name(stream, format, arguments));                 \
	}

#define PRINTS_OUT_CHECKED(name, letter, twin)                                                     \
	PRINTS(name, (int flag, const letter *format, va_list arguments),                          \
	       (flag, format, arguments), format, STREAM(stdout),                                  \
	       real.twin(flag, format, arguments))                                                 \
	EXPORT int name(int flag, const letter *format, ...);                                      \
	EXPORT int name(int flag, const letter *format, ...)                                       \
	{                                                                                          \
		TAKE(result, format, forwarded_##name(flag, format, arguments));                   \
	}

#define PRINTS_STREAM_CHECKED(name, letter, twin)                                                  \
	PRINTS(name, (FILE * stream, int flag, const letter *format, va_list arguments),           \
	       (stream, flag, format, arguments), format, STREAM(stream),                          \
	       real.twin(stream, flag, format, arguments))                                         \
	EXPORT int name(FILE *stream, int flag, const letter *format, ...);                        \
	EXPORT int name(FILE *stream, int flag, const letter *format, ...)                         \
	{                                                                                          \
		TAKE(result, format, forwarded_##name(stream, flag, format, arguments));           \
	}

PRINTS_OUT(printf, char, vprintf)
PRINTS_OUT(_IO_printf, char, vprintf)
PRINTS_OUT(wprintf, wchar_t, vwprintf)
PRINTS_STREAM(fprintf, char, vfprintf)
PRINTS_STREAM(_IO_fprintf, char, vfprintf)
PRINTS_STREAM(fwprintf, wchar_t, vfwprintf)
PRINTS_OUT_CHECKED(__printf_chk, char, __vprintf_chk)
PRINTS_OUT_CHECKED(__wprintf_chk, wchar_t, __vwprintf_chk)
PRINTS_STREAM_CHECKED(__fprintf_chk, char, __vfprintf_chk)
PRINTS_STREAM_CHECKED(__fwprintf_chk, wchar_t, __vfwprintf_chk)

PRINTS(dprintf, (int fd, const char *format, va_list arguments), (fd, format, arguments), format,
       FD(fd), real.vdprintf(fd, format, arguments))

EXPORT int dprintf(int fd, const char *format, ...)
{
	TAKE(result, format, forwarded_dprintf(fd, format, arguments));
}

PRINTS(__dprintf_chk, (int fd, int flag, const char *format, va_list arguments),
       (fd, flag, format, arguments), format, FD(fd),
       real.__vdprintf_chk(fd, flag, format, arguments))

EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...);

EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
	TAKE(result, format, forwarded___dprintf_chk(fd, flag, format, arguments));
}

/* Functions without a result. */
#define FORWARDS_VOID(name, params, args, subject, real_call)                                      \
	static COLD void watched_##name params                                                     \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, subject);                                           \
		real_call;                                                                         \
	}                                                                                          \
	static inline void forwarded_##name params                                                 \
	{                                                                                          \
		if (LIKELY(!call_armed()))                                                         \
			real_call;                                                                 \
		else                                                                               \
			watched_##name args;                                                       \
	}

#define WITH_ARGUMENTS(last, call)                                                                 \
	va_list arguments;                                                                         \
                                                                                                   \
	va_start(arguments, last);                                                                 \
	call;                                                                                      \
	va_end(arguments)

FORWARDS_VOID(warn, (const char *format, va_list arguments), (format, arguments), STREAM(stderr),
	      real.vwarn(format, arguments))
FORWARDS_VOID(warnx, (const char *format, va_list arguments), (format, arguments), STREAM(stderr),
	      real.vwarnx(format, arguments))
FORWARDS_VOID(syslog, (int priority, const char *format, va_list arguments),
	      (priority, format, arguments), ANY, real.vsyslog(priority, format, arguments))
FORWARDS_VOID(__syslog_chk, (int priority, int flag, const char *format, va_list arguments),
	      (priority, flag, format, arguments), ANY,
	      real.__vsyslog_chk(priority, flag, format, arguments))

EXPORT void warn(const char *format, ...)
{
	WITH_ARGUMENTS(format, forwarded_warn(format, arguments));
}

EXPORT void warnx(const char *format, ...)
{
	WITH_ARGUMENTS(format, forwarded_warnx(format, arguments));
}

EXPORT void syslog(int priority, const char *format, ...)
{
	WITH_ARGUMENTS(format, forwarded_syslog(priority, format, arguments));
}

EXPORT void __syslog_chk(int priority, int flag, const char *format, ...);

EXPORT void __syslog_chk(int priority, int flag, const char *format, ...)
{
	WITH_ARGUMENTS(format, forwarded___syslog_chk(priority, flag, format, arguments));
}

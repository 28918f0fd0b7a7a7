/*
 * Formatted input. libc's header redirects fscanf and its variants to C99 symbols, so each symbol
 * is named explicitly here: libc has both, which differ in the meaning of "%a".
 */
#include <stdarg.h>

#include "call.h"

#define SCANS_VA(name, params, args, subject)                                                      \
	EXPORT int scan_##name params __asm__(#name);                                              \
	static COLD int watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, subject);                                           \
		return CALL_RESULT(watch, real.name args);                                         \
	}                                                                                          \
	EXPORT int scan_##name params                                                              \
	{                                                                                          \
		if (LIKELY(!call_armed()))                                                         \
			return real.name args;                                                     \
		return watched_##name args;                                                        \
	}

#define SCANS(name, twin, fixed, params, args, subject)                                            \
	EXPORT int scan_##name fixed __asm__(#name);                                               \
	static COLD int watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, subject);                                           \
		return CALL_RESULT(watch, real.twin args);                                         \
	}                                                                                          \
	EXPORT int scan_##name fixed                                                               \
	{                                                                                          \
		va_list arguments;                                                                 \
		int result;                                                                        \
                                                                                                   \
		va_start(arguments, format);                                                       \
		if (LIKELY(!call_armed()))                                                         \
			result = real.twin args;                                                   \
		else                                                                               \
			result = watched_##name args;                                              \
		va_end(arguments);                                                                 \
		return result;                                                                     \
	}

/* The four functions of a family: prefix, and the first letter of the wide ones. */
#define SCANS_FAMILY(prefix, wide, letter)                                                         \
	SCANS_VA(prefix##v##wide##scanf, (const letter *format, va_list arguments),                \
		 (format, arguments), STREAM(stdin))                                               \
	SCANS_VA(prefix##vf##wide##scanf,                                                          \
		 (FILE * stream, const letter *format, va_list arguments),                         \
		 (stream, format, arguments), STREAM(stream))                                      \
	SCANS(prefix##wide##scanf, prefix##v##wide##scanf, (const letter *format, ...),            \
	      (const letter *format, va_list arguments), (format, arguments), STREAM(stdin))       \
	SCANS(prefix##f##wide##scanf, prefix##vf##wide##scanf,                                     \
	      (FILE * stream, const letter *format, ...),                                          \
	      (FILE * stream, const letter *format, va_list arguments),                            \
	      (stream, format, arguments), STREAM(stream))

SCANS_FAMILY(, , char)
SCANS_FAMILY(, w, wchar_t)
SCANS_FAMILY(__isoc99_, , char)
SCANS_FAMILY(__isoc99_, w, wchar_t)

/* Symbols used by older headers. */
SCANS_VA(__vfscanf, (FILE * stream, const char *format, va_list arguments),
	 (stream, format, arguments), STREAM(stream))

#include "runtime/libc/real.h"

/*
 * strerror may translate and allocate, and strerrordesc_np came with glibc 2.32. glibc keeps this
 * table for older programs.
 */
#define TEXTS 135

extern const char *const error_texts[];
__asm__(".symver error_texts, sys_errlist@GLIBC_2.12");

const char *libc_error_text(int error)
{
	const char *text = error >= 0 && error < TEXTS ? error_texts[error] : NULL;

	return text ? text : "unknown error";
}

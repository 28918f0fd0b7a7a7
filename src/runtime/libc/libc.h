/*
 * What depends on the C library. The Makefile includes this into every file of the runtime, so that
 * another CPU or C library fails there, with one sentence.
 */
#ifndef RUNTIME_LIBC_H
#define RUNTIME_LIBC_H

#include "shared/arch/arch.h"

#ifndef __ASSEMBLER__
#include <features.h>
#if defined(__GLIBC__)
#include "runtime/libc/glibc/libc.h"
#else
#error "libyieldsan.so knows glibc alone: another C library needs its src/runtime/libc/LIBRARY"
#endif
#endif

#endif

/*
 * What depends on the CPU, for both sides. The runtime's own machine code is in src/runtime/arch.
 */
#ifndef SHARED_ARCH_H
#define SHARED_ARCH_H

#if defined(__x86_64__)
#ifndef __ASSEMBLER__
#include "x86_64/arch.h"
#endif
#else
#error "YieldSan knows x86-64 alone: another CPU needs its src/shared/arch/CPU and src/runtime/arch/CPU"
#endif

#endif

/* x86-64: names, numbers and single instructions. */
#ifndef SHARED_ARCH_X86_64_H
#define SHARED_ARCH_X86_64_H

#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>

#define ARCH_NAME	  "x86-64"
#define ARCH_DIRECTORY	  "x86_64-linux-gnu" /* of libraries, on Debian and its relatives */
#define ARCH_PLATFORM	  "x86_64"	     /* AT_PLATFORM */
#define ARCH_RUST_TARGET  "x86_64-unknown-linux-gnu"

#define ARCH_ELF_MACHINE  EM_X86_64
#define ARCH_ELF_RELATIVE R_X86_64_RELATIVE

/* A saved register, a return address. */
#define ARCH_WORD sizeof(uint64_t)

/* The smallest page: protection is uniform within one. */
#define ARCH_PAGE 4096

/* DWARF's numbers of registers: System V ABI for x86-64, 3.6.2. */
#define ARCH_DWARF_BP 6
#define ARCH_DWARF_SP 7
#define ARCH_DWARF_RA 16

/* libunwind's library and header for this CPU, and its numbers of registers. */
#define ARCH_UNWIND_LIBRARY "libunwind-x86_64.so.8"
#define ARCH_UNWIND_HEADER  <libunwind-x86_64.h>
#define ARCH_UNWIND_NAME(n) "_Ux86_64_" n
#define ARCH_UNWIND_PC	    UNW_X86_64_RIP
#define ARCH_UNWIND_SP	    UNW_X86_64_RSP
#define ARCH_UNWIND_BP	    UNW_X86_64_RBP

/* Registers of an interrupted or switched-off thread: ucontext_t. */
#define ARCH_CONTEXT_PC(context) ((context)->uc_mcontext.gregs[REG_RIP])
#define ARCH_CONTEXT_SP(context) ((context)->uc_mcontext.gregs[REG_RSP])
#define ARCH_CONTEXT_BP(context) ((context)->uc_mcontext.gregs[REG_RBP])

/* Registers of a thread in a core: elf_gregset_t, which is a struct user_regs_struct. */
#define ARCH_CORE_PC	 16
#define ARCH_CORE_SP	 19
#define ARCH_CORE_BP	 4
#define ARCH_CORE_CALL	 15 /* the number of a system call */
#define ARCH_CORE_RESULT 10 /* of it */
/* rdi, rsi, rdx, r10, r8, r9 */
#define ARCH_CORE_ARGUMENTS(r)                                                                     \
	{                                                                                          \
		(r)[14], (r)[13], (r)[12], (r)[7], (r)[9], (r)[8]                                  \
	}

/* Whether these bytes before an instruction are a system call. */
#define ARCH_SYSTEM_CALL_SIZE 2

static inline bool arch_is_system_call(const uint8_t code[ARCH_SYSTEM_CALL_SIZE])
{
	return code[0] == 0x0f && code[1] == 0x05;
}

/* The next instruction and the frame's registers, at this place. */
#define ARCH_HERE(pc, sp, bp)                                                                      \
	__asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"                   \
			 : "=&r"(pc), "=&r"(sp), "=&r"(bp))

/* While another thread is about to store something. */
static inline void arch_pause(void)
{
	__builtin_ia32_pause();
}

/* The time-stamp counter. */
static inline uint64_t arch_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

#define ARCH_POWER_LEAF	    0x80000007
#define ARCH_INVARIANT_TICK (1 << 8)

/* Whether it counts at a constant rate in all states of the CPU. */
static inline bool arch_ticks_are_constant(void)
{
	unsigned a, b, c, d = 0;

	return __get_cpuid(ARCH_POWER_LEAF, &a, &b, &c, &d) && d & ARCH_INVARIANT_TICK;
}

#define ARCH_XSTATE_LEAF      0xd
#define ARCH_XSTATE_TILE_DATA 18 /* only on request: arch_prctl(ARCH_REQ_XCOMP_PERM) */

/* The part of AT_MINSIGSTKSZ that signals of ordinary programs do not need. */
static inline unsigned arch_unused_signal_stack(void)
{
	unsigned a, b, c, d;

	return __get_cpuid_count(ARCH_XSTATE_LEAF, ARCH_XSTATE_TILE_DATA, &a, &b, &c, &d) ? a : 0;
}

/* The address of the calling thread's control block. */
static inline uintptr_t arch_thread_pointer(void)
{
	uintptr_t pointer;

	__asm__("movq %%fs:0, %0" : "=r"(pointer));
	return pointer;
}

/* The second word of that block: its table of thread-local blocks (psABI, variant II). */
static inline const void *arch_thread_blocks(void)
{
	const void *blocks;

	__asm__ volatile("movq %%fs:8, %0" : "=r"(blocks));
	return blocks;
}

static inline long arch_system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#endif

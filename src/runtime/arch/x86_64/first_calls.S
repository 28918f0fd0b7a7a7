/*
 * The initial targets of the pointers in `real`: one stub for each call, in the order of the table.
 * A stub looks up its function and jumps to it with all argument registers and the stack unchanged,
 * so one kind of stub serves all signatures, including variadic ones.
 */
#define FIRST_CALL_SIZE 16

	.text
	.balign FIRST_CALL_SIZE
	.globl	first_calls
	.hidden	first_calls
first_calls:
#define CALL(class, category, ret, name, params, args, subject) \
	.balign FIRST_CALL_SIZE;                                \
	pushq	$__COUNTER__;                                   \
	jmp	find_and_go;
#include "runtime/libc/table.h"

/* Same for old versions, numbered from OLD_CALLS on (libc/glibc/real.c). */
#define OLD_CALLS 0x10000
#define OLD_VERSION(name, version) .set number_of_##name, __COUNTER__ - first_old;
#define SAME_VERSION(name, version)
	.set	first_old, __COUNTER__ + 1
#include "runtime/libc/glibc/old_versions.h"

#define OLD_VERSION(name, version)                      \
first_##name:                                           \
	pushq	$OLD_CALLS + number_of_##name;          \
	jmp	find_and_go;
#define SAME_VERSION(name, version)
#include "runtime/libc/glibc/old_versions.h"

	.data
	.balign	8
	.globl	old_calls
	.hidden	old_calls
old_calls:
#define OLD_VERSION(name, version) .quad first_##name;
#define SAME_VERSION(name, version)
#include "runtime/libc/glibc/old_versions.h"

	.text
	.balign 16
	.type	find_and_go, @function
find_and_go:
	.cfi_startproc
	.cfi_def_cfa_offset 16
	pushq	%rbp
	.cfi_def_cfa_offset 24
	.cfi_offset %rbp, -24
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq	$192, %rsp
	andq	$-16, %rsp
	movq	%rdi, (%rsp)
	movq	%rsi, 8(%rsp)
	movq	%rdx, 16(%rsp)
	movq	%rcx, 24(%rsp)
	movq	%r8, 32(%rsp)
	movq	%r9, 40(%rsp)
	movq	%rax, 48(%rsp)		/* number of vector registers of a variadic call */
	movaps	%xmm0, 64(%rsp)
	movaps	%xmm1, 80(%rsp)
	movaps	%xmm2, 96(%rsp)
	movaps	%xmm3, 112(%rsp)
	movaps	%xmm4, 128(%rsp)
	movaps	%xmm5, 144(%rsp)
	movaps	%xmm6, 160(%rsp)
	movaps	%xmm7, 176(%rsp)
	movl	8(%rbp), %edi
	call	real_find
	movq	%rax, %r11
	movq	(%rsp), %rdi
	movq	8(%rsp), %rsi
	movq	16(%rsp), %rdx
	movq	24(%rsp), %rcx
	movq	32(%rsp), %r8
	movq	40(%rsp), %r9
	movq	48(%rsp), %rax
	movaps	64(%rsp), %xmm0
	movaps	80(%rsp), %xmm1
	movaps	96(%rsp), %xmm2
	movaps	112(%rsp), %xmm3
	movaps	128(%rsp), %xmm4
	movaps	144(%rsp), %xmm5
	movaps	160(%rsp), %xmm6
	movaps	176(%rsp), %xmm7
	leave
	.cfi_def_cfa %rsp, 16
	leaq	8(%rsp), %rsp
	.cfi_def_cfa_offset 8
	jmp	*%r11
	.cfi_endproc
	.size	find_and_go, . - find_and_go

	.section .note.GNU-stack, "", @progbits

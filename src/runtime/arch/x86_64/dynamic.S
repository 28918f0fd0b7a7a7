/*
 * dlopen, dlmopen and dlsym: glibc identifies the caller by the return address (its RUNPATH,
 * $ORIGIN, RTLD_NEXT), so the wrappers jump to them and leave it in place. In assembly, because no
 * compiler guarantees a tail call.
 */
#define CALL(class, category, ret, name, params, args, subject) .set CALL_##name, __COUNTER__;
#include "runtime/libc/table.h"

	.hidden	real
	.hidden	modules_may_have_changed
	.hidden	modules_changed_now
	.hidden	dlopen_from_anywhere
	.hidden	dlopen_watched
	.hidden	dlmopen_begins

/* Calls a C function and preserves the arguments; aligns the stack. */
.macro	CALL_ASIDE function
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	movq	24(%rsp), %rdx		/* the return address */
	call	\function
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
.endm

.macro	FUNCTION name
	.text
	.balign	16
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
.endm

.macro	END_FUNCTION name
	.cfi_endproc
	.size	\name, . - \name
.endm

FUNCTION dlopen
	CALL_ASIDE dlopen_from_anywhere
	testb	%al, %al
	jne	dlopen_watched
	jmp	*real + 8 * CALL_dlopen(%rip)
END_FUNCTION dlopen

FUNCTION dlmopen
	CALL_ASIDE dlmopen_begins
	jmp	*real + 8 * CALL_dlmopen(%rip)
END_FUNCTION dlmopen

FUNCTION dlsym
	cmpb	$0, modules_may_have_changed(%rip)
	jne	1f
	jmp	*real + 8 * CALL_dlsym(%rip)
1:	CALL_ASIDE modules_changed_now
	jmp	*real + 8 * CALL_dlsym(%rip)
END_FUNCTION dlsym

	.section .note.GNU-stack, "", @progbits

/*
 * One thunk for each hooked vtable, and the thunks' targets.
 *
 * Until the first call of a slot passes a task's header, the slot may belong to another table of
 * functions with the same shape, but other arguments and a result. So no register changes on the
 * way to the original except r11, which the psABI reserves for code between caller and callee
 * (System V ABI, AMD64, 3.2.3). The upper halves of the vector registers are not saved: the code
 * called from here does not use them.
 */
#include "runtime/tasks/task_thunks.h"

	.text
	.hidden	task_targets
	.hidden	task_slot_decide

	.globl	task_thunks
	.hidden	task_thunks
	.type	task_thunks, @function
	.balign	TASK_THUNK_SIZE
task_thunks:
	.cfi_startproc
	.set	number, 0
	.rept	TASK_SLOTS
	endbr64
	movl	$number, %r11d
	jmp	*task_targets + 8 * number(%rip)
	.set	number, number + 1
	.endr
	.cfi_endproc
	.size	task_thunks, . - task_thunks
	.if	. - task_thunks - TASK_SLOTS * TASK_THUNK_SIZE
	.error	"a thunk is not TASK_THUNK_SIZE bytes long"
	.endif

/* For a task family: function(header), with the number as second argument. */
	.macro	CONFIRMED name, function
	.globl	\name
	.hidden	\name
	.hidden	\function
	.type	\name, @function
	.balign	16
\name:
	.cfi_startproc
	endbr64
	movl	%r11d, %esi
	jmp	\function
	.cfi_endproc
	.size	\name, . - \name
	.endm

/*
 * Same for a function that begins a turn. A panic, an exception or a thread's end that unwinds this
 * frame ends that turn. C has clean-ups only with the help of another library, but every unwinder
 * calls a frame's personality routine. 0x1b: its address is relative, in four bytes.
 */
	.macro	CONFIRMED_TURN name, function
	.globl	\name
	.hidden	\name
	.hidden	\function
	.type	\name, @function
	.balign	16
\name:
	.cfi_startproc
	.cfi_personality 0x1b, task_unwound
	endbr64
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	movl	%r11d, %esi
	call	\function
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.hidden	task_unwound
	CONFIRMED_TURN tokio_confirmed, tokio_poll
	CONFIRMED_TURN async_task_confirmed, async_task_run
	CONFIRMED tokio_shutdown_confirmed, tokio_shutdown
	CONFIRMED tokio_schedule_confirmed, tokio_schedule
	CONFIRMED async_task_drop_confirmed, async_task_drop_future
	CONFIRMED boxed_drop_confirmed, boxed_drop

/*
 * Asks for the target, and preserves every register that may contain an argument: rax is the number
 * of vector registers of a variadic call, r10 is the static chain.
 */
#define INTEGERS 64
#define FRAME	 (INTEGERS + 8 * 16)

	.globl	task_undecided
	.hidden	task_undecided
	.type	task_undecided, @function
	.balign	16
task_undecided:
	.cfi_startproc
	endbr64
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq	$FRAME, %rsp
	andq	$-16, %rsp
	movq	%rax, 0(%rsp)
	movq	%rdi, 8(%rsp)
	movq	%rsi, 16(%rsp)
	movq	%rdx, 24(%rsp)
	movq	%rcx, 32(%rsp)
	movq	%r8, 40(%rsp)
	movq	%r9, 48(%rsp)
	movq	%r10, 56(%rsp)
	movaps	%xmm0, INTEGERS + 0(%rsp)
	movaps	%xmm1, INTEGERS + 16(%rsp)
	movaps	%xmm2, INTEGERS + 32(%rsp)
	movaps	%xmm3, INTEGERS + 48(%rsp)
	movaps	%xmm4, INTEGERS + 64(%rsp)
	movaps	%xmm5, INTEGERS + 80(%rsp)
	movaps	%xmm6, INTEGERS + 96(%rsp)
	movaps	%xmm7, INTEGERS + 112(%rsp)
	movl	%r11d, %esi
	call	task_slot_decide
	movq	%rax, %r11
	movaps	INTEGERS + 0(%rsp), %xmm0
	movaps	INTEGERS + 16(%rsp), %xmm1
	movaps	INTEGERS + 32(%rsp), %xmm2
	movaps	INTEGERS + 48(%rsp), %xmm3
	movaps	INTEGERS + 64(%rsp), %xmm4
	movaps	INTEGERS + 80(%rsp), %xmm5
	movaps	INTEGERS + 96(%rsp), %xmm6
	movaps	INTEGERS + 112(%rsp), %xmm7
	movq	0(%rsp), %rax
	movq	8(%rsp), %rdi
	movq	16(%rsp), %rsi
	movq	24(%rsp), %rdx
	movq	32(%rsp), %rcx
	movq	40(%rsp), %r8
	movq	48(%rsp), %r9
	movq	56(%rsp), %r10
	leave
	.cfi_def_cfa %rsp, 8
	.cfi_restore %rbp
	jmp	*%r11
	.cfi_endproc
	.size	task_undecided, . - task_undecided

	.section .note.GNU-stack, "", @progbits

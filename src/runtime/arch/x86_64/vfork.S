/*
 * vfork. The child runs on our stack, in our memory, with our thread-local block, until it executes
 * a program or exits: it would overwrite a C wrapper's frame. So the return address is kept in a
 * register, as in glibc (sysdeps/unix/sysv/linux/x86_64/vfork.S), and the child is marked before it
 * exists, so that no signal finds it unmarked. The offsets are those of struct thread_state,
 * asserted in forks.c. Works before start-up too: the marks are plain stores.
 */
#include <sys/syscall.h>

#define ARMED	0
#define VFORKED 2

	.hidden	this_thread
	.hidden	vfork_returned

	.text
	.balign	16
	.globl	vfork
	.type	vfork, @function
	.globl	__vfork
	.type	__vfork, @function
vfork:
__vfork:
	.cfi_startproc
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rdi
	movq	this_thread@gottpoff(%rip), %rdx
	movzbl	%fs:VFORKED(%rdx), %esi		/* a vfork child may call vfork */
	movb	$1, %fs:VFORKED(%rdx)
	movb	$0, %fs:ARMED(%rdx)
	movl	$SYS_vfork, %eax
	syscall					/* preserves all but rax, rcx and r11 */
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	.cfi_offset %rip, -8
	testq	%rax, %rax
	je	1f				/* the child: stays marked */
	movb	%sil, %fs:VFORKED(%rdx)
	pushq	%rax
	.cfi_adjust_cfa_offset 8
	movq	%rax, %rdi
	call	vfork_returned
	popq	%rax
	.cfi_adjust_cfa_offset -8
	cmpq	$-4095, %rax
	jae	2f
1:	ret
2:	negl	%eax
	pushq	%rax
	.cfi_adjust_cfa_offset 8
	call	__errno_location@PLT
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	movl	%edx, (%rax)
	movq	$-1, %rax
	ret
	.cfi_endproc
	.size	vfork, . - vfork
	.size	__vfork, . - __vfork

	.section .note.GNU-stack, "", @progbits

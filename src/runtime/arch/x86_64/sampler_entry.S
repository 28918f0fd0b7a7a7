/*
 * The handler of the sampler's signal. It runs on its own stack, because the alternate stack chosen
 * by the kernel may have room only for the signal's frame. If the program's handler is to be
 * called, it finds the registers and the stack as the kernel would have set them.
 *
 * struct sampler_next sampler_handle(int signal, siginfo_t *info, void *context): RAX is the
 * handler to continue with, or NULL; RDX is the frame to call it with, or NULL for the current one.
 */
	.hidden	sampler_stack_top
	.hidden	sampler_next_mask
	.hidden	sampler_handle

	.text
	.balign	16
	.globl	sampler_entry
	.hidden	sampler_entry
	.type	sampler_entry, @function
sampler_entry:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	movq	sampler_stack_top@gottpoff(%rip), %rax
	movq	%fs:(%rax), %rax
	testq	%rax, %rax
	cmovneq	%rax, %rsp
	andq	$-16, %rsp
	call	sampler_handle
	movq	%rax, %r12
	movq	-8(%rbp), %r13
	movq	-16(%rbp), %r14
	movq	-24(%rbp), %r15
	leave
	.cfi_def_cfa %rsp, 8
	.cfi_same_value %rbp
	testq	%r12, %r12
	je	2f
	testq	%rdx, %rdx
	je	1f
	movq	%rdx, %rsp
	leaq	8(%rdx), %r15		/* struct rt_sigframe: return address, context, */
	leaq	304(%r15), %r14		/* and siginfo */
	/*
	 * All signals were blocked until here: another signal would treat the alternate stack as
	 * unused.
	 */
1:	movl	$14, %eax		/* rt_sigprocmask */
	movl	$2, %edi		/* SIG_SETMASK */
	movq	sampler_next_mask@gottpoff(%rip), %rsi
	addq	%fs:0, %rsi
	xorl	%edx, %edx
	movl	$8, %r10d
	syscall
	movq	%r13, %rdi
	movq	%r14, %rsi
	movq	%r15, %rdx
	xorl	%eax, %eax
	jmp	*%r12
2:	ret
	.cfi_endproc
	.size	sampler_entry, . - sampler_entry

	.section .note.GNU-stack, "", @progbits

/*
 * An executable of 100 MB as large Rust programs are: code with unwinding information, tables of
 * pointers that the loader relocates, some of them shaped like Tokio's task vtables, and constants.
 * Linked with -s. It ends at once: what it costs is its start.
 */
#define FUNCTIONS     100000
#define FUNCTION_SIZE 256
#define TASKS	      400 /* as many as Deno has */
#define CONSTANTS     (58 << 20)

	.text
	.globl	main
	.type	main, @function
main:
	xorl	%eax, %eax
	ret

	.balign	FUNCTION_SIZE
functions:
	.rept	FUNCTIONS
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	popq	%rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.balign	FUNCTION_SIZE, 0xcc
	.endr

	.section .data.rel.ro, "aw", @progbits
	.balign	8
	/* Vtables of tasks lie among those of traits: hardly two of them on one page. */
	.set	number, 0
	.rept	TASKS
	/* Seven functions; then offsets of trailer, scheduler, id, place of spawn. */
	.rept	7
	.quad	functions + number * FUNCTION_SIZE
	.endr
	.quad	0x100, 0x20, 0x28, 0x30
	/* Drop, size, align, two methods. */
	.rept	FUNCTIONS / TASKS
	.quad	functions + number * FUNCTION_SIZE
	.quad	24, 8
	.quad	functions + number * FUNCTION_SIZE
	.quad	functions + number * FUNCTION_SIZE
	.set	number, number + 1
	.endr
	.endr

	.section .rodata
	.fill	CONSTANTS / 8, 8, 0x746e6174736e6f63

	.section .note.GNU-stack, "", @progbits

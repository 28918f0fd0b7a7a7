/* The program of the self test, inside the command: see carried.h. */
	.section .rodata
	.globl	carried_program
	.globl	carried_program_end
carried_program:
	.incbin	CARRIED_PROGRAM
carried_program_end:

	.section .note.GNU-stack, "", @progbits

/* libyieldsan.so, inside the static command: see carried.h. */
	.section .rodata
	.globl	carried_library
	.globl	carried_library_end
carried_library:
	.incbin	CARRIED_LIBRARY
carried_library_end:

	.section .note.GNU-stack, "", @progbits

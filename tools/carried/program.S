/* The program of the self test, and two empty libraries, inside the command: see carried.h. */
#define CARRIED(name, file)     \
	.globl	name;           \
	.globl	name##_end;     \
name:                           \
	.incbin	file;           \
name##_end:

	.section .rodata
CARRIED(carried_program, CARRIED_PROGRAM)
CARRIED(carried_libdl, CARRIED_LIBDL)
CARRIED(carried_libpthread, CARRIED_LIBPTHREAD)

	.section .note.GNU-stack, "", @progbits

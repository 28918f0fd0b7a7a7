/*
 * The exported names of libc/glibc/old_versions.h: a jump each. exports.map has the newest
 * versions.
 */
	.hidden	old_calls

	.text
#define OLD_VERSION(name, version)			\
	.type	old_##name, @function;			\
	.globl	old_##name;				\
old_##name:						\
	jmp	*old_calls + 8 * __COUNTER__(%rip);	\
	.size	old_##name, . - old_##name;		\
	.symver	old_##name, name@version, remove;
#define SAME_VERSION(name, version)			\
	.type	same_##name, @function;			\
	.globl	same_##name;				\
same_##name:						\
	jmp	name@PLT;				\
	.size	same_##name, . - same_##name;		\
	.symver	same_##name, name@version, remove;
#include "runtime/libc/glibc/old_versions.h"

	.section .note.GNU-stack, "", @progbits

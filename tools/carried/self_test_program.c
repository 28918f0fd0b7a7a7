/*
 * The program that `yieldsan check` runs watched: a sleep inside a turn, which must be seen. It is
 * dynamic, which the command itself need not be, and runs on glibc 2.17 and later: it has no
 * start-up code of libc, which would ask for the version that it was linked to. Carried inside the
 * command (files.S).
 */
#include <stdlib.h>
#include <time.h>

#include "yieldsan/yieldsan.h"

void begin(void);

__asm__(".globl _start\n"
	"_start:\n"
	"	xorl	%ebp, %ebp\n"
	"	andq	$-16, %rsp\n"
	"	call	begin\n");

/* libc's own start-up has run: ld.so initialises libraries before it comes here. */
void begin(void)
{
	struct timespec time = { .tv_nsec = 2000000 };

	yieldsan_turn_begin("self-test");
	nanosleep(&time, NULL);
	yieldsan_turn_end();
	exit(0);
}

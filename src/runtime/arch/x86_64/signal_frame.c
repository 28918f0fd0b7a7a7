#include "runtime/stalls/signal_frame.h"

#include <errno.h>
#include <string.h>

#include "runtime/modules/modules.h"

/*
 * The instructions before the return address of an interrupted glibc call: mov $number, %eax;
 * syscall.
 */
#define MOV_EAX	     0xb8
#define SYSCALL_SIZE 2
#define CALL_SIZE    7

/*
 * A signal frame (kernel, arch/x86/include/asm/sigframe.h, struct rt_sigframe): return address, the
 * kernel's ucontext, siginfo; the floating-point state lies elsewhere.
 */
#define FRAME_CONTEXT	  8
#define FRAME_INFORMATION (FRAME_CONTEXT + 304)
#define FRAME_SIZE	  (FRAME_INFORMATION + 128)
#define RED_ZONE	  128
#define FLOATS_ALIGNMENT  64

/* The bytes of the floating-point state reserved for software: struct _fpx_sw_bytes. */
#define FLOATS_SOFTWARE 464
#define FLOATS_MAGIC	0x46505853
#define FLOATS_SIZE	512 /* size without these bytes */

void signal_frame_restart_call(ucontext_t *context)
{
	greg_t *registers = context->uc_mcontext.gregs;
	uintptr_t pc = (uintptr_t)registers[REG_RIP];
	const struct module *module;
	const uint8_t *code;
	uint32_t number;

	if (registers[REG_RAX] != -EINTR)
		return;
	module = modules_find(pc);
	if (!module || pc - CALL_SIZE < module->text_start)
		return;
	code = (const uint8_t *)pc - CALL_SIZE;
	if (code[0] != MOV_EAX || code[5] != 0x0f || code[6] != 0x05)
		return;
	memcpy(&number, code + 1, sizeof number);
	registers[REG_RAX] = number;
	registers[REG_RIP] = (greg_t)(pc - SYSCALL_SIZE);
}

uintptr_t signal_frame_start(const ucontext_t *context)
{
	return (uintptr_t)context - FRAME_CONTEXT;
}

bool signal_frame_has(const ucontext_t *context, const siginfo_t *info)
{
	return (uintptr_t)info == signal_frame_start(context) + FRAME_INFORMATION;
}

static size_t floats_size(const char *floats)
{
	uint32_t words[2]; /* magic number, size */

	memcpy(words, floats + FLOATS_SOFTWARE, sizeof words);
	return words[0] == FLOATS_MAGIC ? words[1] : FLOATS_SIZE;
}

char *signal_frame_move(ucontext_t *context)
{
	char *frame = (char *)context - FRAME_CONTEXT,
	     *floats = (char *)context->uc_mcontext.fpregs;
	uintptr_t sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP] - RED_ZONE;
	ucontext_t *moved;
	size_t size;

	if (floats) {
		size = floats_size(floats);
		sp = (sp - size) & ~(uintptr_t)(FLOATS_ALIGNMENT - 1);
		memcpy((void *)sp, floats, size);
		floats = (char *)sp;
	}
	sp = ((sp - FRAME_SIZE) & ~(uintptr_t)15) - 8;
	memcpy((void *)sp, frame, FRAME_SIZE);
	moved = (ucontext_t *)(sp + FRAME_CONTEXT);
	moved->uc_mcontext.fpregs = (fpregset_t)floats;
	return (char *)sp;
}

#include "sampler_signal.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "runtime/base/runtime.h"
#include "runtime/base/signal_stack.h"
#include "runtime/libc/real.h"
#include "runtime/modules/modules.h"
#include "stall_samples.h"

/* The instructions before the place that an interrupted call of glibc returns to:
 * mov $number, %eax; syscall. */
#define MOV_EAX	     0xb8
#define SYSCALL_SIZE 2
#define CALL_SIZE    7

/* The frame of a signal (kernel, arch/x86/include/asm/sigframe.h, struct rt_sigframe): the return
 * address, the kernel's ucontext, the information; the floating-point state lies elsewhere. */
#define FRAME_CONTEXT	  8
#define FRAME_INFORMATION (FRAME_CONTEXT + 304)
#define FRAME_SIZE	  (FRAME_INFORMATION + 128)
#define RED_ZONE	  128
#define FLOATS_ALIGNMENT  64

/* The bytes of the floating-point state that software may use: struct _fpx_sw_bytes. */
#define FLOATS_SOFTWARE 464
#define FLOATS_MAGIC	0x46505853
#define FLOATS_SIZE	512 /* without it */

struct sampler_next {
	void *handler; /* what to go on to, or NULL */
	char *frame;   /* the frame to call it with, or NULL: the present one */
};

/* arch/x86_64/sampler_entry.S */
void sampler_entry(int signal, siginfo_t *info, void *context);
struct sampler_next sampler_handle(int signal, siginfo_t *info, void *context);

char sampler_cookie;
THREAD_LOCAL char *sampler_stack_top;
THREAD_LOCAL uint64_t sampler_next_mask; /* of the program's handler, as the kernel has it */

static struct sigaction program; /* what the program asked for, or found */
static int state;		 /* 0: no handler yet, 1: one thread installs it, 2: installed */
static bool too_small;		 /* an alternate stack that no signal fits on was seen */
static bool blocks_ours[NSIG];	 /* by signal: we put ours into the mask of its handler */

void sampler_set_stack(char *top)
{
	sampler_stack_top = top;
}

/*
 * A call that may not be restarted by the kernel (epoll_wait, poll, sleeps) and met our signal on
 * its way into the wait, has not waited yet: it is made again, as if nothing had been.
 */
static void restart_call(ucontext_t *context)
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

static bool is_on(const stack_t *stack, uintptr_t address)
{
	return stack->ss_size && address - (uintptr_t)stack->ss_sp < stack->ss_size;
}

static size_t floats_size(const char *floats)
{
	uint32_t words[2]; /* magic number, size */

	memcpy(words, floats + FLOATS_SOFTWARE, sizeof words);
	return words[0] == FLOATS_MAGIC ? words[1] : FLOATS_SIZE;
}

/*
 * A handler that did not ask for the alternate stack: its frame moves to where the kernel would
 * have put it, below what was interrupted.
 */
static char *move_frame(ucontext_t *context)
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

static uint64_t mask_word(const sigset_t *set)
{
	uint64_t word;

	memcpy(&word, set, sizeof word);
	return word;
}

/* The program's own handler, as the kernel would call it. */
static struct sampler_next next_of_program(const siginfo_t *info, ucontext_t *context)
{
	struct sigaction chained = program;
	struct sampler_next next = { NULL, NULL };
	uintptr_t frame = (uintptr_t)context - FRAME_CONTEXT;

	if (chained.sa_handler == SIG_DFL || chained.sa_handler == SIG_IGN)
		return next;
	if (chained.sa_flags & (int)SA_RESETHAND)
		program.sa_handler = SIG_DFL;
	sampler_next_mask = mask_word(&context->uc_sigmask) | mask_word(&chained.sa_mask);
	if (!(chained.sa_flags & SA_NODEFER))
		sampler_next_mask |= UINT64_C(1) << (SAMPLER_SIGNAL - 1);
	next.handler = (void *)chained.sa_sigaction;
	if (!(chained.sa_flags & SA_ONSTACK) && is_on(&context->uc_stack, frame) &&
	    !is_on(&context->uc_stack, (uintptr_t)context->uc_mcontext.gregs[REG_RSP]) &&
	    (uintptr_t)info == frame + FRAME_INFORMATION)
		next.frame = move_frame(context);
	return next;
}

struct sampler_next sampler_handle(int signal, siginfo_t *info, void *context)
{
	int saved_errno = errno;

	(void)signal;
	if (info->si_code != SI_TIMER || info->si_value.sival_ptr != &sampler_cookie)
		return next_of_program(info, context);
	stall_sample(context);
	restart_call(context);
	errno = saved_errno;
	return (struct sampler_next){ NULL, NULL };
}

static bool has_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

static int install(void)
{
	struct sigaction action = { .sa_sigaction = sampler_entry, .sa_flags = SA_SIGINFO };

	if (!__atomic_load_n(&too_small, __ATOMIC_RELAXED))
		action.sa_flags |= SA_ONSTACK;
	if (!has_handler(&program) || program.sa_flags & SA_RESTART)
		action.sa_flags |= SA_RESTART;
	/* Those too that libc keeps for itself. */
	memset(&action.sa_mask, 0xff, sizeof action.sa_mask);
	return real.sigaction(SAMPLER_SIGNAL, &action, NULL);
}

bool sampler_handler_ready(void)
{
	int none = 0;

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == 2)
		return true;
	if (!__atomic_compare_exchange_n(&state, &none, 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return none == 2;
	if (real.sigaction(SAMPLER_SIGNAL, NULL, &program) || install()) {
		__atomic_store_n(&state, 0, __ATOMIC_RELEASE);
		return false;
	}
	__atomic_store_n(&state, 2, __ATOMIC_RELEASE);
	return true;
}

void sampler_handler_leave(void)
{
	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2)
		return;
	real.sigaction(SAMPLER_SIGNAL, &program, NULL);
	__atomic_store_n(&state, 0, __ATOMIC_RELEASE);
}

int sampler_sigaction(const struct sigaction *action, struct sigaction *before)
{
	struct sigaction old = program;

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2)
		return real.sigaction(SAMPLER_SIGNAL, action, before);
	if (action) {
		program = *action;
		if (install()) {
			program = old;
			return -1;
		}
	}
	if (before)
		*before = old;
	return 0;
}

int sampler_other_sigaction(int (*call)(int, const struct sigaction *, struct sigaction *),
			    int signal, const struct sigaction *action, struct sigaction *before)
{
	struct sigaction ours;
	bool blocked, blocks = false;
	int result;

	if (signal <= 0 || signal >= NSIG)
		return call(signal, action, before);
	if (action && action->sa_flags & SA_ONSTACK && has_handler(action) &&
	    !sigismember(&action->sa_mask, SAMPLER_SIGNAL)) {
		ours = *action;
		sigaddset(&ours.sa_mask, SAMPLER_SIGNAL);
		action = &ours;
		blocks = true;
	}
	blocked = __atomic_load_n(&blocks_ours[signal], __ATOMIC_RELAXED);
	result = call(signal, action, before);
	if (result)
		return result;
	if (before && blocked)
		sigdelset(&before->sa_mask, SAMPLER_SIGNAL);
	/* A vforked child has handlers of its own, in its parent's memory. */
	if (action && !this_thread.vforked)
		__atomic_store_n(&blocks_ours[signal], blocks, __ATOMIC_RELAXED);
	return 0;
}

void sampler_signal_stack_changed(const stack_t *stack)
{
	signal_stack_changed(stack);
	if (stack->ss_flags & SS_DISABLE || stack->ss_size >= signal_frame_size() ||
	    __atomic_exchange_n(&too_small, true, __ATOMIC_RELAXED))
		return;
	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == 2)
		install();
}

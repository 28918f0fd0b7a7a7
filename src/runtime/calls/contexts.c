/*
 * Stack switches of libc, and of boost.context if it is a shared library. If it is linked into the
 * program, its functions are called directly and cannot be hooked.
 */
#include <dlfcn.h>
#include <ucontext.h>

#include "runtime/modules/modules.h"
#include "runtime/process/process.h"
#include "runtime/turns/stack_switch.h"
#include "call.h"
#include "shared/arch/arch.h"

static void context_nothing(void)
{
}

/*
 * Finds the return address of a coroutine's first function: glibc's makecontext puts it onto the
 * stack.
 */
COLD static uintptr_t find_start(void)
{
	uint64_t stack[64];
	ucontext_t context = { .uc_stack = { .ss_sp = stack, .ss_size = sizeof stack } };

	makecontext(&context, context_nothing, 0);
	return *(const uintptr_t *)ARCH_CONTEXT_SP(&context);
}

static COLD void context_switches(const ucontext_t *to)
{
	static uintptr_t start;
	const uintptr_t *sp = (const uintptr_t *)ARCH_CONTEXT_SP(to);

	if (!start)
		start = find_start();
	stack_switches((uintptr_t)sp, *sp == start);
}

/* Ends in a tail call, so that the saved context is the caller's place on its own stack. */
EXPORT int swapcontext(ucontext_t *from, const ucontext_t *to)
{
	if (UNLIKELY(this_thread.turn != NULL))
		context_switches(to);
	return real.swapcontext(from, to);
}

EXPORT int setcontext(const ucontext_t *to)
{
	if (UNLIKELY(this_thread.turn != NULL))
		context_switches(to);
	return real.setcontext(to);
}

/* boost/context/detail/fcontext.hpp: a context is the stack pointer at which it waits. */
struct transfer {
	void *context, *data;
};

typedef struct transfer (*jump_function)(void *to, void *data);
typedef struct transfer (*ontop_function)(void *to, void *data,
					  struct transfer (*on_top)(struct transfer));

struct transfer jump_fcontext(void *to, void *data);
struct transfer ontop_fcontext(void *to, void *data, struct transfer (*on_top)(struct transfer));

struct library_function {
	const char *name;
	void *ours;
	void *real;
	const struct module *module; /* that has it */
};

/* A library opened with RTLD_LOCAL finds our symbol before its own, and RTLD_NEXT finds none. */
static void *find_in_modules(const struct library_function *function)
{
	const struct module *own = modules_find((uintptr_t)function->ours);

	for (size_t i = 0; i < modules_count(); i++) {
		const struct module *module = modules_at(i);
		uintptr_t found = module->unloaded_ns || module == own
					  ? 0
					  : module_symbol(module, function->name);

		if (found)
			return (void *)found;
	}
	return NULL;
}

COLD static void *context_function_find(struct library_function *function)
{
	OWN_CODE_SCOPE;
	void *found = dlsym(RTLD_NEXT, function->name);

	if (!found) {
		dlerror(); /* otherwise the program's next dlerror would report our failure */
		found = find_in_modules(function);
	}
	if (!found) { /* called by a constructor, within its dlopen */
		modules_refresh();
		found = find_in_modules(function);
	}
	__atomic_store_n(&function->module, modules_find((uintptr_t)found), __ATOMIC_RELEASE);
	__atomic_store_n(&function->real, found, __ATOMIC_RELEASE);
	return found;
}

/* The library may have been closed, and another one opened. */
static inline void *context_real_function(struct library_function *function)
{
	void *found = __atomic_load_n(&function->real, __ATOMIC_ACQUIRE);
	const struct module *module = __atomic_load_n(&function->module, __ATOMIC_ACQUIRE);

	return LIKELY(module && !module->unloaded_ns) ? found : context_function_find(function);
}

static struct library_function jump = { .name = "jump_fcontext", .ours = (void *)jump_fcontext };
static struct library_function ontop = { .name = "ontop_fcontext", .ours = (void *)ontop_fcontext };

EXPORT struct transfer jump_fcontext(void *to, void *data)
{
	if (UNLIKELY(this_thread.turn != NULL))
		stack_switches((uintptr_t)to, false);
	return ((jump_function)context_real_function(&jump))(to, data);
}

EXPORT struct transfer ontop_fcontext(void *to, void *data,
				      struct transfer (*on_top)(struct transfer))
{
	if (UNLIKELY(this_thread.turn != NULL))
		stack_switches((uintptr_t)to, false);
	return ((ontop_function)context_real_function(&ontop))(to, data, on_top);
}

/* Compiler attributes. */
#ifndef RUNTIME_COMPILER_H
#define RUNTIME_COMPILER_H

#define EXPORT	      __attribute__((visibility("default")))
#define COLD	      __attribute__((cold, noinline))
#define NOINLINE      __attribute__((noinline))
#define LIKELY(x)     __builtin_expect(!!(x), 1)
#define UNLIKELY(x)   __builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))

/*
 * initial-exec: the default model may allocate on first access, and we may have been called by
 * malloc.
 */
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

/*
 * A word that other threads may store at any time, read on a hot path, where either value does. On
 * x86-64 a plain load has no less order than this one; gcc makes worse code for an atomic one.
 */
#ifdef __SANITIZE_THREAD__
#define SHARED_WORD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#else
#define SHARED_WORD(word) (word)
#endif

#endif

/*
 * glibc: the versions of its functions that we ask for, and the inner layout of its objects, where
 * no function tells it. Included through runtime/libc/libc.h.
 */
#ifndef RUNTIME_LIBC_GLIBC_H
#define RUNTIME_LIBC_GLIBC_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The oldest version of each function that we call and that glibc has since exported again: one
 * library runs on glibc 2.17 and later. tests/exports.sh fails if a newer version is needed.
 */
#define BASE_VERSION(name, version) __asm__(".symver " #name ", " #name "@" #version)

/* clang-format off */
/* In libdl and libpthread before glibc 2.34. */
BASE_VERSION(dladdr1, GLIBC_2.3.3);
BASE_VERSION(dlerror, GLIBC_2.2.5);
BASE_VERSION(dlvsym, GLIBC_2.2.5);
BASE_VERSION(pthread_getcpuclockid, GLIBC_2.2.5);
BASE_VERSION(pthread_key_create, GLIBC_2.2.5);
BASE_VERSION(pthread_setspecific, GLIBC_2.2.5);
BASE_VERSION(pthread_testcancel, GLIBC_2.2.5);

/* clang-format on */
#undef BASE_VERSION

/* No preload replaces this function, so it identifies the library's module. */
const char *gnu_get_libc_version(void);
#define LIBC_OWN_FUNCTION gnu_get_libc_version

/* Of a mutex: the thread that has it (0: none), its state and how often that thread took it. */
#define LIBC_MUTEX_OWNER(mutex) ((mutex)->__data.__owner)
#define LIBC_MUTEX_STATE(mutex) ((mutex)->__data.__lock)
#define LIBC_MUTEX_COUNT(mutex) ((mutex)->__data.__count)
#define LIBC_MUTEX_KIND(mutex)	((mutex)->__data.__kind)

#define LIBC_MUTEX_OWNER_OFFSET offsetof(pthread_mutex_t, __data.__owner)

/* In a mutex's kind: nptl/pthreadP.h. */
#define LIBC_MUTEX_SHARED 128 /* PTHREAD_MUTEX_PSHARED_BIT */
#define LIBC_MUTEX_ELIDED 256 /* a held lock has no owner */
#define LIBC_MUTEX_ROBUST 16

/* Of a lock for readers and writers. Readers are counted above three bits:
 * nptl/pthread_rwlock_common.c. */
#define LIBC_RWLOCK_READERS_OFFSET  offsetof(pthread_rwlock_t, __data.__readers)
#define LIBC_RWLOCK_WRITER_OFFSET   offsetof(pthread_rwlock_t, __data.__cur_writer)
#define LIBC_RWLOCK_READERS_SHIFT   3
#define LIBC_RWLOCK_IS_SHARED(lock) ((lock)->__data.__shared)

#define LIBC_SPIN_FREE		    1 /* sysdeps/x86_64/nptl/pthread_spin_init.c */

/* The number of a condition's waiters is above three flag bits: nptl/pthread_cond_common.c. */
static inline bool libc_condition_is_used(const pthread_cond_t *condition)
{
	return __atomic_load_n(&condition->__data.__wrefs, __ATOMIC_RELAXED) >> 3;
}

/* Whether a stream has bytes that were read and not taken. */
#define libc_stream_has_input(stream) ((stream)->_IO_read_ptr < (stream)->_IO_read_end)

/* The thread that a timer's signal goes to. */
#define LIBC_EVENT_THREAD(event) ((event)->_sigev_un._tid)

/*
 * A thread's table of thread-local blocks: one entry per module number. Entry 0 is a generation,
 * and the one before it is the highest number that has an entry (elf/dl-tls.c, include/dl-dtv.h).
 * Debuggers read it the same way, so its layout is stable.
 */
union libc_thread_block {
	size_t counter;
	struct {
		void *block;
		void *to_free;
	} pointer;
};

#define LIBC_BLOCK_UNALLOCATED ((void *)-1)

#endif

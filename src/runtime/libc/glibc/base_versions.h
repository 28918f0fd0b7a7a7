/*
 * The oldest version of each function that we call and that glibc has since exported again: one
 * library runs on glibc 2.17 and later. The Makefile includes this into every file of the runtime;
 * tests/exports.sh fails if a newer version is needed.
 */
#ifndef RUNTIME_BASE_VERSIONS_H
#define RUNTIME_BASE_VERSIONS_H
#ifndef __ASSEMBLER__

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

#endif
#endif

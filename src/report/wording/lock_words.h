/* Locks in words. */
#ifndef REPORT_LOCK_WORDS_H
#define REPORT_LOCK_WORDS_H

#include <stdint.h>

struct session;

/* enum trace_lock: "mutex", "read lock", ... */
const char *lock_word(uint32_t lock);

/* With its address, kept: "mutex at 0x55d0c0ffee00". */
const char *lock_name(struct session *session, uint32_t lock, uint64_t address);

#endif

/* The thread that makes an operation wait: it acts WAIT_TIME after the operation began. */
#ifndef HELPER_H
#define HELPER_H

#include <time.h>

#define WAIT_MS 50

static const struct timespec wait_time = { 0, WAIT_MS * 1000000 };

/* helper_start returns at once; helper_start_holding when the helper has called helper_holds. */
void helper_start(void *(*run)(void *));
void helper_start_holding(void *(*run)(void *));
void helper_join(void);

/* Called by the operation just before it blocks. */
void helper_begin(void);

/* Called by the helper: what the operation asks for is taken; it has begun, and waited enough. */
void helper_holds(void);
void helper_wait(void);

/* The helper's end is what the operation waits for: pthread_join(helper_thread(), ...). */
unsigned long helper_thread(void);

#endif

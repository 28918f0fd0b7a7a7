/* Functions that the program marks as blocking: YIELDSAN_BLOCKING in yieldsan.h. */
#ifndef RUNTIME_CALLS_MARKED_H
#define RUNTIME_CALLS_MARKED_H

/* Start-up. */
void marked_init(void);

void marked_thread_ends(void);

#endif

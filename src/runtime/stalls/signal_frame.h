/* The frame that the kernel makes for a signal handler. Implemented for each CPU: runtime/arch. */
#ifndef RUNTIME_SIGNAL_FRAME_H
#define RUNTIME_SIGNAL_FRAME_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/*
 * A call that the kernel may not restart (epoll_wait, poll, sleeps) was interrupted by our signal
 * before it waited: makes it again.
 */
void signal_frame_restart_call(ucontext_t *context);

/* The lowest address of the frame with this context; whether the information belongs to it. */
uintptr_t signal_frame_start(const ucontext_t *context);
bool signal_frame_has(const ucontext_t *context, const siginfo_t *info);

/*
 * For a handler that did not ask for the alternate stack: moves its frame to where the kernel would
 * have put it, below the interrupted code. Returns the new frame.
 */
char *signal_frame_move(ucontext_t *context);

#endif

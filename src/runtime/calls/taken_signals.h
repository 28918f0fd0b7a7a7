/* Signals that ask the process to end, and that it takes without a handler. */
#ifndef RUNTIME_CALLS_TAKEN_SIGNALS_H
#define RUNTIME_CALLS_TAKEN_SIGNALS_H

#include <signal.h>

/* The thread has a signalfd for these signals. */
void taken_signals_by(int fd, const sigset_t *mask);

#endif

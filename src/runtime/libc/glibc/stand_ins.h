/* What replaces functions that an older glibc does not have and that we call ourselves. */
#ifndef RUNTIME_STAND_INS_H
#define RUNTIME_STAND_INS_H

/* For a call of the table that was not found; NULL: nothing does the same. */
void *stand_in_for(int call);

#endif

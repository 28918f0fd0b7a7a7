/* Files as a whole. */
#ifndef SUPPORT_FILE_H
#define SUPPORT_FILE_H

#include <stddef.h>

/* Writes all of it, in several parts if need be. Returns 0 or -errno. */
int file_write_all(int fd, const char *bytes, size_t size);

#endif

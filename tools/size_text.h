/* File sizes in human-readable form. */
#ifndef TOOLS_SIZE_TEXT_H
#define TOOLS_SIZE_TEXT_H

#include <stdint.h>

#define SIZE_TEXT_SIZE 32

/* "64 KB", "1.2 MB". Returns `text`. */
const char *size_text(char text[SIZE_TEXT_SIZE], uint64_t bytes);

#endif

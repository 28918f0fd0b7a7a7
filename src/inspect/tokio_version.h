/* The version of Tokio in a program, by the paths of its source files, which panics print. */
#ifndef INSPECT_TOKIO_VERSION_H
#define INSPECT_TOKIO_VERSION_H

#include "process_image.h"

#define TOKIO_VERSION_SIZE 16

/* "1.20.6", if it is one whose tasks cannot be found in memory; else "". */
void tokio_version_too_old(const struct process_image *image, char version[TOKIO_VERSION_SIZE]);

#endif

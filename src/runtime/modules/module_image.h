/* Describes a module by its program headers and notes. */
#ifndef RUNTIME_MODULE_IMAGE_H
#define RUNTIME_MODULE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modules.h"

/*
 * Fills in what the image in memory shows: all but names, times and numbers. False if it has no
 * segment.
 */
bool module_describe(const struct dl_phdr_info *info, struct module *module);

/* The build-id among the notes of one segment or section; returns its size, 0 if there is none. */
size_t notes_build_id(const uint8_t *notes, size_t size, size_t align, uint8_t id[BUILD_ID_SIZE]);

#endif

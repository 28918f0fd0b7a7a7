/* What a module's program headers and notes tell of it. */
#ifndef RUNTIME_MODULE_IMAGE_H
#define RUNTIME_MODULE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modules.h"

/* Fills in what can be read from the image in memory: all but the names, times and numbers. False
 * when it has no segment. */
bool module_describe(const struct dl_phdr_info *info, struct module *module);

/* The build-id among the notes of one segment or section; its size, 0 when it is not there. */
size_t notes_build_id(const uint8_t *notes, size_t size, size_t align, uint8_t id[BUILD_ID_SIZE]);

#endif

#include "executors.h"

#include <string.h>

const struct executor_info executor_infos[] = {
#define EXECUTOR(id, name, family, script, like, held)                                             \
	{ name, FAMILY_##family, SCRIPT_##script, EXECUTOR_##like },
#include "executors/table.h"
};

static const struct {
	enum executor_id id;
	enum executor_family family;
} defaults[] = {
#define FAMILY_DEFAULT(id, family) { EXECUTOR_##id, FAMILY_##family },
#include "executors/table.h"
};

enum executor_id executor_id_of(uint32_t family, const char *name)
{
	for (unsigned i = 0; i < EXECUTOR_COUNT; i++)
		if (executor_infos[i].family == family && !strcmp(executor_infos[i].name, name))
			return (enum executor_id)i;
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (defaults[i].family == family)
			return defaults[i].id;
	return EXECUTOR_other;
}

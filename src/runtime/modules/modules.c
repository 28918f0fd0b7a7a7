#include "modules.h"

#include <dlfcn.h>
#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/memory.h"
#include "module_image.h"
#include "module_path.h"
#include "runtime/base/runtime.h"
#include "shared/arch/arch.h"

#define MAX_MODULES 4096
#define POOL_SIZE   (64 << 10) /* mapped at once; only used pages take memory */
#define READ_TRIES  8	       /* updates that a reader retries before it gives up */

/* The loaded modules, sorted by address. There are two: one is read while the other is filled. */
struct order {
	size_t count;
	uintptr_t starts[MAX_MODULES];
	struct module *modules[MAX_MODULES];
};

static struct module *modules[MAX_MODULES];
static size_t count;
static size_t lost;
static struct order orders[2];
static unsigned published; /* its last bit selects the valid one */
static uint32_t scans;

size_t modules_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

struct module *modules_at(size_t index)
{
	return modules[index];
}

size_t modules_lost(void)
{
	return __atomic_load_n(&lost, __ATOMIC_RELAXED);
}

const char *module_name(const struct module *module)
{
	const char *slash = strrchr(module->path, '/');

	return slash ? slash + 1 : module->path;
}

/* The result may be wrong after a concurrent update, but is always a valid module. */
static struct module *modules_search(const struct order *order, uintptr_t address)
{
	size_t low = 0, high = __atomic_load_n(&order->count, __ATOMIC_RELAXED);
	struct module *module;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (__atomic_load_n(&order->starts[middle], __ATOMIC_RELAXED) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	module = __atomic_load_n(&order->modules[low - 1], __ATOMIC_RELAXED);
	return module && address >= module->start && address < module->end ? module : NULL;
}

struct module *modules_find(uintptr_t address)
{
	for (int i = 0; i < READ_TRIES; i++) {
		unsigned number = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
		struct module *module = modules_search(&orders[number & 1], address);

		/*
		 * The result is valid if no update has been published, since that would precede a
		 * refill.
		 */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (LIKELY(__atomic_load_n(&published, __ATOMIC_RELAXED) == number))
			return module;
	}
	return NULL;
}

static void modules_publish(void)
{
	struct order *order = &orders[(published + 1) & 1];
	size_t used = 0;

	/*
	 * The last reader of this order must see the change of `published` before it sees these
	 * stores.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (size_t i = 0; i < count; i++) {
		struct module *module = modules[i];
		size_t at = used;

		if (module->unloaded_ns)
			continue;
		for (; at > 0 && order->starts[at - 1] > module->start; at--) {
			__atomic_store_n(&order->starts[at], order->starts[at - 1],
					 __ATOMIC_RELAXED);
			__atomic_store_n(&order->modules[at], order->modules[at - 1],
					 __ATOMIC_RELAXED);
		}
		__atomic_store_n(&order->starts[at], module->start, __ATOMIC_RELAXED);
		__atomic_store_n(&order->modules[at], module, __ATOMIC_RELAXED);
		used++;
	}
	__atomic_store_n(&order->count, used, __ATOMIC_RELAXED);
	__atomic_store_n(&published, published + 1, __ATOMIC_RELEASE);
}

/* Permanent memory. NULL if there is none. */
static void *modules_keep_memory(size_t size)
{
	static char *pool;
	static size_t left;
	void *kept;

	size = (size + 15) & ~(size_t)15;
	if (size > left) {
		pool = memory_map(POOL_SIZE);
		left = pool && size <= POOL_SIZE ? POOL_SIZE : 0;
		if (!left)
			return NULL;
	}
	kept = pool;
	pool += size;
	left -= size;
	return kept;
}

static const char *keep_string(const char *string)
{
	size_t size = strlen(string) + 1;
	char *kept = modules_keep_memory(size);

	return kept ? memcpy(kept, string, size) : "";
}

static bool module_is_same(const struct module *module, const struct module *met, const char *name)
{
	return module->base == met->base && module->start == met->start &&
	       module->end == met->end && module->phdr == met->phdr &&
	       module->dynamic == met->dynamic && module->build_id_size == met->build_id_size &&
	       !memcmp(module->build_id, met->build_id, sizeof met->build_id) &&
	       !strcmp(module->loader_name, name);
}

/* Its entry: that of the same module if it was closed and came back, or a new one. */
static struct module *entry_for(const struct module *met, const char *name)
{
	struct module *module;

	for (size_t i = 0; i < count; i++)
		if (modules[i]->unloaded_ns && module_is_same(modules[i], met, name))
			return modules[i];
	module = count < MAX_MODULES ? modules_keep_memory(sizeof *module) : NULL;
	if (!module) {
		__atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	*module = *met;
	module->is_program = count == 0;
	module->loader_name = keep_string(name);
	module->path = module_path_is_plain(name)
			       ? module->loader_name
			       : keep_string(module_path(name, module->is_program));
	modules[count] = module;
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
	return module;
}

/*
 * Thread-local blocks of modules loaded at start-up are at a fixed distance from each thread's
 * pointer, below it; blocks of modules opened later may not be.
 */
static ptrdiff_t tls_distance(const struct dl_phdr_info *info)
{
	uintptr_t thread_pointer = arch_thread_pointer();

	if (scans != 1 || !info->dlpi_tls_data || (uintptr_t)info->dlpi_tls_data >= thread_pointer)
		return 0;
	return (ptrdiff_t)((uintptr_t)info->dlpi_tls_data - thread_pointer);
}

static int module_meet(struct dl_phdr_info *info, size_t size, void *changed)
{
	struct module met, *module;

	if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof info->dlpi_tls_data ||
	    !module_describe(info, &met))
		return 0;
	module = modules_find(met.start);
	if (module && module_is_same(module, &met, info->dlpi_name)) {
		module->seen = scans;
		return 0;
	}
	module = entry_for(&met, info->dlpi_name);
	if (!module)
		return 0;
	module->tls_id = met.tls_id;
	module->tls_offset = tls_distance(info);
	module->trace_offset = 0;
	module->loaded_ns = now_ns();
	module->unloaded_ns = 0;
	module->came = module->seen = scans;
	*(bool *)changed = true;
	return 0;
}

static bool mark_gone(void)
{
	bool changed = false;

	for (size_t i = 0; i < count; i++)
		if (!modules[i]->unloaded_ns && modules[i]->seen != scans) {
			modules[i]->unloaded_ns = now_ns();
			modules[i]->gone = scans;
			changed = true;
		}
	return changed;
}

static int (*iterate(void))(int (*)(struct dl_phdr_info *, size_t, void *), void *)
{
	static int (*real)(int (*)(struct dl_phdr_info *, size_t, void *), void *);

	/* Programs may have their own version that answers from a copy (Seastar): call libc's. */
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "dl_iterate_phdr");
	return real ? real : dl_iterate_phdr;
}

struct addition {
	struct module *module;
	void (*added)(struct module *module);
};

static int add_if_there(struct dl_phdr_info *info, size_t size, void *data)
{
	const struct addition *addition = data;

	(void)size;
	if (info->dlpi_phdr != addition->module->phdr || info->dlpi_addr != addition->module->base)
		return 0;
	addition->added(addition->module);
	return 1;
}

/*
 * Another thread may close the module, but while the loader's list is locked nothing is unmapped.
 */
static void module_add(struct module *module, void (*added)(struct module *module))
{
	struct addition addition = { module, added };

	if (scans == 1)
		added(module);
	else
		iterate()(add_if_there, &addition);
}

void modules_scan(void (*added)(struct module *module), void (*removed)(struct module *module))
{
	bool changed = false;

	scans++;
	iterate()(module_meet, &changed);
	if (mark_gone())
		changed = true;
	if (!changed)
		return;
	modules_publish();
	for (size_t i = 0; removed && i < count; i++)
		if (modules[i]->gone == scans)
			removed(modules[i]);
	for (size_t i = 0; added && i < count; i++)
		if (modules[i]->came == scans)
			module_add(modules[i], added);
}

bool modules_hold(uintptr_t first, uintptr_t last)
{
	const struct module *module = modules_find(first);

	for (unsigned i = 0; module && i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		uintptr_t start = module->base + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_R && first >= start &&
		    last < start + segment->p_memsz)
			return true;
	}
	return false;
}

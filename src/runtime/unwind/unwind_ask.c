#include "unwind_ask.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/modules/modules.h"
#include "runtime/base/thread.h"
#include "unwind_function.h"
#include "unwind_rule.h"
#include "shared/arch/arch.h"
#include ARCH_UNWIND_HEADER

#define GUESS ((uint64_t)(UNWIND_ODD | UNWIND_GUESS))

/*
 * libunwind steps over a fictitious frame: its registers contain these numbers, outside any
 * process's address range, and the words it reads near them are logged. The result, such as a stack
 * pointer of RBP_BASE + 16, is the rule.
 */
#define RSP_BASE    (UINT64_C(1) << 52)
#define RBP_BASE    (UINT64_C(2) << 52)
#define LOADED_BASE (UINT64_C(3) << 52) /* value of a word of the stack: see rule_loaded() */
#define OTHER_BASE  (UINT64_C(8) << 52)
#define REACH	    (UINT64_C(1) << 30)

#define MAX_LOADS   32
#define MAX_READS   20000 /* words of call frame information: a valid answer takes a few hundred */
#define MOST_STEPS  1000000
#define MAX_ADDED   (0x7f * 8)

/* One question. */
struct question {
	const struct module *module;
	uintptr_t address;
	bool answered;	/* there is call frame information for the address */
	unsigned reads; /* number so far */
	unsigned loads;
	uint64_t places[MAX_LOADS]; /* stack addresses of loads, relative to the bases */
};

/* Not in its headers. */
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *,
					      unw_proc_info_t *, int, void *);

#ifdef LIBUNWIND_LINKED
/* Never the address space that we ask about. */
unw_addr_space_t unw_local_addr_space;

#define ENTRY(call) static __typeof__(UNW_OBJ(call)) *const ask_##call = UNW_OBJ(call)
#else
#define ENTRY(call) static __typeof__(UNW_OBJ(call)) *ask_##call
#endif
ENTRY(create_addr_space);
ENTRY(set_caching_policy);
ENTRY(init_remote);
ENTRY(step);
ENTRY(get_reg);
ENTRY(get_save_loc);
ENTRY(dwarf_search_unwind_table);

static unw_addr_space_t space;
/* libunwind has locks of its own, on which a signal handler or a forked child could deadlock. */
static bool busy;

static bool rule_is_near(uint64_t value, uint64_t base)
{
	return value - base + REACH < 2 * REACH;
}

/* The value of the nth word read; values are far enough apart to show offsets. */
static uint64_t rule_loaded(unsigned number)
{
	return LOADED_BASE + ((uint64_t)number << 32) + REACH;
}

static bool rule_is_loaded(uint64_t value)
{
	return value >> 52 == LOADED_BASE >> 52;
}

static bool is_on_stack(uint64_t address)
{
	return rule_is_near(address, RSP_BASE) || rule_is_near(address, RBP_BASE) ||
	       rule_is_loaded(address);
}

static int find_proc_info(unw_addr_space_t as, unw_word_t address, unw_proc_info_t *info,
			  int need_unwind_info, void *arg)
{
	struct question *question = arg;
	const struct module *module = question->module;
	const struct eh_frame_hdr *header = unwind_function_table(module);
	unw_dyn_info_t table = { .format = UNW_INFO_FORMAT_REMOTE_TABLE,
				 .start_ip = module->text_start,
				 .end_ip = module->text_end };
	int status;

	if (!header || address < table.start_ip || address >= table.end_ip)
		return -UNW_ENOINFO;
	table.u.rti.segbase = module->eh_frame_hdr;
	table.u.rti.table_data = (uintptr_t)header->entries;
	table.u.rti.table_len = header->count; /* in words, as an entry is */
	status = ask_dwarf_search_unwind_table(as, address, &table, info, need_unwind_info, arg);
	question->answered = status == 0;
	return status;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *info, void *arg)
{
	(void)as, (void)info, (void)arg;
}

static int get_dyn_info_list(unw_addr_space_t as, unw_word_t *address, void *arg)
{
	(void)as, (void)address, (void)arg;
	return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write,
		      void *arg)
{
	struct question *question = arg;
	uintptr_t end;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (is_on_stack(address)) {
		if (question->loads == MAX_LOADS)
			return -UNW_EINVAL;
		question->places[question->loads] = address;
		*value = rule_loaded(question->loads++);
		return 0;
	}
	if (question->reads++ == MAX_READS)
		return -UNW_EINVAL;
	end = module_readable_until(question->module, address);
	if (!end || end - address < sizeof *value)
		return -UNW_EINVAL;
	memcpy(value, (const void *)address, sizeof *value);
	return 0;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t number, unw_word_t *value, int write,
		      void *arg)
{
	const struct question *question = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	*value = number == ARCH_UNWIND_PC   ? question->address
		 : number == ARCH_UNWIND_SP ? RSP_BASE
		 : number == ARCH_UNWIND_BP ? RBP_BASE
					    : OTHER_BASE + ((uint64_t)number << 52);
	return 0;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t number, unw_fpreg_t *value, int write,
			void *arg)
{
	(void)as, (void)number, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

static int unwind_resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as, (void)cursor, (void)arg;
	return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t as, unw_word_t address, char *name, size_t size,
			 unw_word_t *offset, void *arg)
{
	(void)as, (void)address, (void)name, (void)size, (void)offset, (void)arg;
	return -UNW_ENOINFO;
}

static bool was_read(const struct question *question, uint64_t place)
{
	for (unsigned i = 0; i < question->loads; i++)
		if (question->places[i] == place)
			return true;
	return false;
}

static uint64_t saved_at(int64_t offset)
{
	if (offset != (int16_t)offset)
		offset = 0; /* none is saved at the CFA itself: treat it as lost */
	return UNWIND_BP_SAVED | (uint64_t)(uint16_t)offset << 16;
}

static uint64_t frame_pointer(unw_cursor_t *cursor, uint64_t cfa)
{
	unw_save_loc_t saved;

	if (ask_get_save_loc(cursor, ARCH_UNWIND_BP, &saved))
		return saved_at(0);
	if (saved.type == UNW_SLT_REG)
		return saved.u.regnum == ARCH_UNWIND_BP ? 0 : saved_at(0);
	if (saved.type != UNW_SLT_MEMORY)
		return saved_at(0);
	if (rule_is_near(cfa, RSP_BASE) || rule_is_near(cfa, RBP_BASE))
		return saved_at((int64_t)(saved.u.addr - cfa));
	return rule_is_near(saved.u.addr, RBP_BASE)
		       ? UNWIND_BP_AT_BP | saved_at((int64_t)(saved.u.addr - RBP_BASE))
		       : saved_at((int64_t)(saved.u.addr - cfa));
}

static uint64_t unwind_conclude(struct question *question, unw_cursor_t *cursor)
{
	uint64_t cfa, place, base, added = 0;

	if (ask_get_reg(cursor, ARCH_UNWIND_SP, &cfa) || !was_read(question, cfa - 8))
		return GUESS;
	place = cfa;
	if (rule_is_loaded(cfa)) {		    /* a realigned stack: the CFA was saved on it */
		added = (cfa & 0xffffffff) - REACH; /* a negative offset appears too large */
		if (added > MAX_ADDED || added % 8)
			return GUESS;
		place = question->places[cfa >> 32 & (MAX_LOADS - 1)];
	}
	base = rule_is_near(place, RBP_BASE) ? RBP_BASE : RSP_BASE;
	if (!rule_is_near(place, base))
		return GUESS;
	return (uint64_t)(uint32_t)(place - base) << 32 | frame_pointer(cursor, cfa) |
	       (base == RBP_BASE ? UNWIND_FROM_BP : 0) |
	       (place == cfa ? 0 : UNWIND_ODD | UNWIND_LOADED | added / 8 << 8);
}

static uint64_t unwind_ask_question(struct question *question)
{
	unw_cursor_t cursor;
	int step;

	if (ask_init_remote(&cursor, space, question))
		return GUESS;
	step = ask_step(&cursor);
	if (!question->answered)
		return GUESS;
	if (step == 0)
		return UNWIND_ODD | UNWIND_LAST;
	return step < 0 ? GUESS : unwind_conclude(question, &cursor);
}

static void unwind_set_serving(enum serving code)
{
	this_thread.serving = code;
	thread_arm();
}

/* An answer takes 3 us. Without one the stack would be cut short, and look like another place. */
static bool unwind_take_turn(void)
{
	for (unsigned i = 0; i < MOST_STEPS; i++) {
		if (!__atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE))
			return true;
		arch_pause();
	}
	return false;
}

bool unwind_ask(const struct module *module, uintptr_t address, uint64_t *rule)
{
	struct question question = { .module = module, .address = address };
	enum serving before = this_thread.serving;
	bool taken;

	*rule = GUESS;
	if (!space)
		return true;
	/* A signal handler interrupted an answer: waiting for that would deadlock. */
	if (before == SERVING_UNWINDER)
		return false;
	unwind_set_serving(
		SERVING_UNWINDER); /* first, so that no handler sees the turn taken without it */
	taken = unwind_take_turn();
	if (taken) {
		*rule = unwind_ask_question(&question);
		__atomic_store_n(&busy, false, __ATOMIC_RELEASE);
	}
	unwind_set_serving(before);
	return taken;
}

void unwind_ask_forked(void)
{
	busy = false;
}

#ifdef LIBUNWIND_LINKED
enum unwind_library unwind_library = UNWIND_LIBRARY_INSIDE;

static int find_library(void)
{
	return 0;
}
#else
enum unwind_library unwind_library;

/* This build has no libunwind inside: see tools/libunwind.sh. */
static int find_library(void)
{
	static const struct {
		void *to;
		const char *name;
	} symbols[] = {
		{ &ask_create_addr_space, ARCH_UNWIND_NAME("create_addr_space") },
		{ &ask_set_caching_policy, ARCH_UNWIND_NAME("set_caching_policy") },
		{ &ask_init_remote, ARCH_UNWIND_NAME("init_remote") },
		{ &ask_step, ARCH_UNWIND_NAME("step") },
		{ &ask_get_reg, ARCH_UNWIND_NAME("get_reg") },
		{ &ask_get_save_loc, ARCH_UNWIND_NAME("get_save_loc") },
		{ &ask_dwarf_search_unwind_table, ARCH_UNWIND_NAME("dwarf_search_unwind_table") },
	};
	void *library = dlopen(ARCH_UNWIND_LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(library, symbols[i].name);

		if (!address)
			return -ENOSYS;
		memcpy(symbols[i].to, &address, sizeof address);
	}
	unwind_library = UNWIND_LIBRARY_OF_SYSTEM;
	return 0;
}
#endif

static int unwind_make_space(void)
{
	static unw_accessors_t accessors = {
		find_proc_info, put_unwind_info, get_dyn_info_list, access_mem,
		access_reg,	access_fpreg,	 unwind_resume,	    get_proc_name,
	};

	unwind_set_serving(SERVING_UNWINDER); /* otherwise it would open a pipe */
	space = ask_create_addr_space(&accessors, 0);
	if (space)
		ask_set_caching_policy(space, UNW_CACHE_NONE);
	unwind_set_serving(SERVING_NOBODY);
	return space ? 0 : -ENOMEM;
}

int unwind_ask_init(void)
{
	uint64_t rule;
	int error = find_library();

	if (!error)
		error = unwind_make_space();
	if (error)
		unwind_library = UNWIND_LIBRARY_NONE;
	/*
	 * The first question makes libunwind build its own tables: do that now, not in the middle
	 * of something.
	 */
	if (!error)
		unwind_ask(modules_find((uintptr_t)unwind_ask_init), (uintptr_t)unwind_ask_init,
			   &rule);
	return error;
}

/*
 * What is known of each executor, one row a macro, one file an executor. Define the columns that
 * you need, include this header, and all are undefined again. No include guard: several tables are
 * made of it.
 *
 * EXECUTOR(id, name, family, script, like, held). name: as traces, reports and suppressions have
 * it; family: FAMILY_##family of the trace format; script: SCRIPT_##script, the language in which
 * its callbacks are written; like: the id whose advice serves where this one has none; held: "the
 * libuv event loop" of a headline, NULL where it is made of the family and the name.
 *
 * FAMILY_DEFAULT(id, family) stands for all of its family whose names are in no row.
 *
 * How a running one is recognised:
 *
 * LOOP(id, ...): an event loop in a shared library, or linked into something. .module: the
 * beginning of the file's name, NULL for anything that exports the functions; .path: part of the
 * module's path; .functions: one of them is below the loop's own wait, without them any wait of
 * the module is the loop's; .caller: part of the path of the module that calls the loop;
 * .is_below: callbacks are called below the functions, in any loop that uses them; .is_named: any
 * loop of the module has this executor's name; .is_refused: a wait of the module below the
 * functions is no loop's; .is_offload: the functions are those of a pool's threads, whose jobs may
 * block, and no wait below them is a loop's, in whatever module; .is_needed: a wait of the module
 * is a loop's only below the functions, in whatever module; .is_part: the module is a part of such
 * a library, which may wait there for locks of its own.
 *
 * PYTHON_LOOP(id, package, file, function): a loop written in Python. The package whose functions
 * are the executor's, part of the path of the loop's function ("": any), and the function, within
 * which the loop waits.
 *
 * THREADS(id, prefix): how the names of its threads begin, for families that several libraries
 * build on.
 *
 * ENGINE(token, word, library, function): `yieldsan check` names it by the beginning of a needed
 * library's name, or by a function that is there when it is linked in.
 *
 * Whose code a frame is:
 *
 * CRATE(id, crate): Rust, by the first part of a path. FUNCTIONS(id, prefix, package): C and C++,
 * by the beginning of a name, in any module. MODULE(id, prefix, package): a loaded object, by the
 * beginning of its file's name. HEADERS(id, path, package): by the beginning of the source file's
 * path. FRAMEWORK(id, package): a package of the script's language that calls the handlers of
 * requests. BOUNDARY(id, package, part): a function of the package whose name has the part begins
 * a turn.
 *
 * What to write instead. Categories are those of the calls; within an executor's file the first
 * row that fits is taken:
 *
 * ADVICE_ON(id, functions, text): looked up before all others. Patterns, commas between, of the
 * library's functions as headlines have them, the one that the program called and those within:
 * "sqlite3.*,sqlite3_*".
 *
 * ADVICE_ON_CALLS(id, category, calls, text): calls are beginnings of names, separated by blanks.
 * ADVICE(id, category, text). ADVICE_ELSE(id, text): on all other categories, the last row.
 *
 * LOCK_ADVICE(id, text): how to yield without a lock in hand. LONG_TURN_ADVICE(id, text): on a
 * turn that computes.
 *
 * RECOGNISED(id, what, how, notes): a row of the table in README.
 */
#ifndef EXECUTOR
#define EXECUTOR(id, name, family, script, like, held)
#endif
#ifndef FAMILY_DEFAULT
#define FAMILY_DEFAULT(id, family)
#endif
#ifndef LOOP
#define LOOP(id, ...)
#endif
#ifndef PYTHON_LOOP
#define PYTHON_LOOP(id, package, file, function)
#endif
#ifndef THREADS
#define THREADS(id, prefix)
#endif
#ifndef ENGINE
#define ENGINE(token, word, library, function)
#endif
#ifndef EXEMPT_THREADS
#define EXEMPT_THREADS(function, patterns)
#endif
#ifndef CRATE
#define CRATE(id, crate)
#endif
#ifndef FUNCTIONS
#define FUNCTIONS(id, prefix, package)
#endif
#ifndef MODULE
#define MODULE(id, prefix, package)
#endif
#ifndef HEADERS
#define HEADERS(id, path, package)
#endif
#ifndef FRAMEWORK
#define FRAMEWORK(id, package)
#endif
#ifndef BOUNDARY
#define BOUNDARY(id, package, part)
#endif
#ifndef ADVICE_ON
#define ADVICE_ON(id, functions, text)
#endif
#ifndef ADVICE_ON_CALLS
#define ADVICE_ON_CALLS(id, category, calls, text)
#endif
#ifndef ADVICE
#define ADVICE(id, category, text)
#endif
#ifndef ADVICE_ELSE
#define ADVICE_ELSE(id, text)
#endif
#ifndef LOCK_ADVICE
#define LOCK_ADVICE(id, text)
#endif
#ifndef LONG_TURN_ADVICE
#define LONG_TURN_ADVICE(id, text)
#endif
#ifndef RECOGNISED
#define RECOGNISED(id, what, how, notes)
#endif

#include "executors/list.h"

#undef EXECUTOR
#undef FAMILY_DEFAULT
#undef LOOP
#undef PYTHON_LOOP
#undef THREADS
#undef ENGINE
#undef EXEMPT_THREADS
#undef CRATE
#undef FUNCTIONS
#undef MODULE
#undef HEADERS
#undef FRAMEWORK
#undef BOUNDARY
#undef ADVICE_ON
#undef ADVICE_ON_CALLS
#undef ADVICE
#undef ADVICE_ELSE
#undef LOCK_ADVICE
#undef LONG_TURN_ADVICE
#undef RECOGNISED

"""The runs of the corpus: one line each, or one line for a row of alike ones."""

import dataclasses

from . import build


@dataclasses.dataclass
class Run:
    program: str
    arguments: list
    expect: set = frozenset()  # the cases whose labels must be found
    allow: set = frozenset()  # the cases whose labels may be found
    profile: str = "O0"
    at_most: str = None  # labels turn into permissions, up to this severity
    lines: bool = True  # False: stripped; calls and severities only
    family: str = None
    executor: str = None
    root: bool = False
    disk: bool = True
    hangs: bool = False  # it never ends by itself: reported on while it lasts, then killed
    module: str = None  # a Python module that it needs
    settings: tuple = ()  # options of the run: NAME=VALUE
    environment: tuple = ()  # what the program's is to hold besides: NAME=VALUE

    @property
    def name(self):
        words = [self.program, *self.arguments, *self.settings, *self.environment]
        return f"{' '.join(words)} [{self.profile}]" if self.profile else " ".join(words)


def words(text):
    return text.split()


TOKIO_OPERATIONS = words("sleep file fifo socket lookup command mutex condvar join println compute")
C_OPERATIONS = words(
    "nanosleep usleep select file fsync stat pipe stream nested_poll socket getaddrinfo mutex cond rwlock sem"
    " join flock system popen child_end other_child waitpid output quiet compute buffered setvbuf spin_lock cond_destroy modes loop_modes processes made_blocking"
    " copy_made_blocking"
)
PYTHON_OPERATIONS = words(
    "sleep file fsync client client_in_time modes run_program wait_then_program lookup lock compute"
)
NODE_OPERATIONS = words("readFile exec atomicsWait fsync compute")

TOKIO_HOLDING = words("spawn current local local_foreign root after_panic after_abort")
TOKIO_OFFLOADED = words("spawn_blocking spawn_blocking_current block_in_place first_block_in_place")
TOKIO_QUIET = words(
    "files files_current time idle threads runtimes block_on_in_threads block_on_handle block_on_in_place fork_in_turn"
    " spawn_in_turn root_alone panic_and_abort locks"
)


ASYNC_TASK_HOLDING = words("spawn executor local own after_panic after_cancel")
ASYNC_TASK_OFFLOADED = words("unblock blocking_task")
ASYNC_TASK_QUIET = words("time files between echo threads executor_in_job panics")


def tokio(program, profile, arguments, expect=(), **options):
    lines = profile != "fatlto"
    return Run(program, words(arguments), set(expect), profile=profile, lines=lines, family="tokio", **options)


def tokio_runs():
    cases, quiet, echo = "tokio_cases", "tokio_quiet", "tokio_echo"
    for name in TOKIO_OPERATIONS:
        yield tokio(cases, "dev", f"spawn {name}", [name])

    variants = [(cases, "dev"), (cases, "release"), (cases, "fatlto")]
    variants += [(cases + "_oldest", "dev"), (cases + "_oldest", "fatlto")]
    for program, profile in variants:
        stripped = profile == "fatlto"
        for context in TOKIO_HOLDING:
            if context == "root" and stripped:
                # Without symbols a root future is not certain.
                yield tokio(program, profile, "root all", allow=set(TOKIO_OPERATIONS))
            elif context == "root" and program != cases:
                # Where 1.24 keeps its state is not known before a job: its polls may be several.
                yield tokio(program, profile, "root all", set(TOKIO_OPERATIONS) - {"compute"})
            else:
                yield tokio(program, profile, f"{context} all", TOKIO_OPERATIONS)
        yield tokio(program, profile, "root_multi all", TOKIO_OPERATIONS, at_most="warning")
        yield tokio(program, profile, "drop_on_abort", ["drop_on_abort"])
        for context in TOKIO_OFFLOADED:
            yield tokio(program, profile, f"{context} all")

    for case in TOKIO_QUIET:
        yield tokio(quiet, "dev", case)
        yield tokio(quiet, "fatlto", case)
    # The work of a panic's hook is recognised by its name alone.
    yield tokio(quiet, "dev", "panic_with_backtrace")
    for case in words("files threads runtimes block_on_in_place fork_in_turn spawn_in_turn locks"):
        yield tokio(quiet + "_oldest", "fatlto", case)
    for program, profile in ((echo, "dev"), (echo, "fatlto"), (echo + "_oldest", "fatlto")):
        yield tokio(program, profile, "self 20 50")


def waited_root_runs():
    for case, profile in (("message", "dev"), ("lock", "dev"), ("input", "dev"), ("alone", "dev"), ("message", "fatlto"), ("alone", "fatlto")):
        yield tokio("tokio_waited_root", profile, case, [case])


def async_task(program, profile, arguments, expect=(), **options):
    lines = profile != "fatlto"
    return Run(program, words(arguments), set(expect), profile=profile, lines=lines, family="async-task", **options)


def async_task_runs():
    cases, quiet = "async_task_cases", "async_task_quiet"
    for program, profile in ((cases, "dev"), (cases, "release"), (cases, "fatlto"), (cases + "_oldest", "dev")):
        for context in ASYNC_TASK_HOLDING:
            yield async_task(program, profile, f"{context} all", TOKIO_OPERATIONS)
        yield async_task(program, profile, "drop_on_cancel", ["drop_on_cancel"])
        yield async_task(program, profile, "root all", TOKIO_OPERATIONS, at_most="warning")
        for context in ASYNC_TASK_OFFLOADED:
            yield async_task(program, profile, f"{context} all")
    yield async_task(cases, "dev", "spawn sleep", ["sleep"], executor="smol")
    for profile in words("dev fatlto"):
        for context in words("spawn local"):
            name = "async-std" if profile == "dev" or context == "spawn" else "async-task"
            yield async_task("async_std_cases", profile, f"{context} all", TOKIO_OPERATIONS, executor=name)
        yield async_task("async_std_cases", profile, "spawn_blocking all")
        for case in ASYNC_TASK_QUIET:
            yield async_task(quiet, profile, case)


BLOCK_ON_FUTURES = words("block_on local_pool run_until run_until_stalled thread_pool")
BLOCK_ON_OTHERS = {"pollster": "pollster", "futures_lite": "futures-lite", "async_io": "async-io"}


def block_on_runs():
    cases = "block_on_cases"
    for program, profile in ((cases, "dev"), (cases, "release"), (cases + "_oldest", "dev"), (cases + "_oldest", "release")):
        contexts = " ".join(BLOCK_ON_FUTURES)
        yield async_task(program, profile, f"blocks {contexts}", BLOCK_ON_FUTURES, executor="futures")
        for context, name in BLOCK_ON_OTHERS.items():
            if (context, profile) == ("pollster", "release"):
                # Nothing shows it once it is inlined.
                yield async_task(program, profile, f"blocks {context}", allow={context}, executor=name)
            else:
                yield async_task(program, profile, f"blocks {context}", [context], executor=name)
        yield async_task(program, profile, f"idle {contexts} {' '.join(BLOCK_ON_OTHERS)}")
    yield async_task(cases, "dev", "blocks pollster_in_pool", ["pollster_in_pool"], executor="futures")


def loop_runs():
    named = {"loop_libuv": "libuv", "loop_libevent": "libevent", "loop_glib": "glib", "loop_libev": "libev",
             "loop_tevent": "tevent", "loop_ivykis": "ivykis", "loop_sd_event": "sd-event", "loop_qt": "Qt", "loop_apr": "APR",
             "loop_plugin": "library_loop"}
    for program in build.C_PROGRAMS:
        if "loop_main.c" not in build.C_PROGRAMS[program][0]:
            continue
        options = {"family": "event-loop", "executor": named.get(program)}
        if program in ("loop_epoll", "loop_libuv"):
            for name in C_OPERATIONS:
                yield Run(program, ["in", name], {name}, **options)
        yield Run(program, ["in", "all"], set(C_OPERATIONS), **options)
        yield Run(program, ["in", "all"], set(C_OPERATIONS), profile="O2", **options)
        for context in words("around thread at_exit exit_in"):
            yield Run(program, [context, "all"])
        yield Run(program, ["around", "all"], profile="O2")


def c_runs():
    for case in words("closed open"):
        yield Run("loop_in_main", [case])
        yield Run("loop_in_main", [case], profile="O2")
    for profile in words("O0 O2"):
        for case in words("ticks quiet polled behind"):
            expect = {case} - {"behind"}
            yield Run("loop_helper", [case], expect, profile=profile, family="event-loop", executor="loop_helper")
        for way in words("return longjmp pthread_exit exit"):
            yield Run("last_turn", [way], {"called"}, profile=profile, family="event-loop")
        yield Run("last_turn", ["counted"], {"counted"}, profile=profile, family="event-loop")
        for case in words("follows killed called"):
            yield Run("loop_in_loop", [case], {case}, profile=profile, family="event-loop")
        for case in words("sleep idle"):
            for also in [], ["two"]:
                yield Run("epoll_polled", [case, *also], {case} & {"sleep"}, profile=profile, family="event-loop")
        for case in words("sleep idle"):
            yield Run("zeromq", [case], {case} & {"sleep"}, profile=profile, family="event-loop", executor="ZeroMQ")
        for case in words("waits looks rests phases"):
            yield Run("loop_poll_one", [case], {case} & {"waits", "looks"}, profile=profile, family="event-loop")
            yield Run("loop_poll_one", [case, "outside"], {case} & {"waits", "looks"}, profile=profile, family="event-loop")
        for case in words("fork thread"):
            yield Run("session", [case], profile=profile, at_most="notice", family="event-loop")
        yield Run("session", ["peer"], profile=profile, at_most="warning", family="event-loop")
        for case in words("many timer"):
            yield Run("session", [case], profile=profile, family="event-loop")
        for threads in words("1 3"):
            for case in words("idle sleep condition lock"):
                yield Run("asio_pool", [threads, case], {case} - {"idle"}, profile=profile, family="event-loop")
        yield Run("asio_pool", ["1", "future"], {"future"}, profile=profile, family="event-loop")
        for way in words("condition semaphore mutex look"):
            for case in words("idle other sleep held answer"):
                yield Run("leader_follower", [way, case], {case} - {"idle"}, profile=profile, family="event-loop")
    for how in words("sync async"):
        for case in words("idle sleep"):
            yield Run("grpc_server", [how, case], {how} & {"async"} if case == "sleep" else frozenset(), executor="gRPC" if how == "async" else None)
    yield Run("library_client", ["{library_waits.so}"])
    for program in words("helper_poll small_stack signals uv_offload glib_offload glib_subprocess glib_sync curl_easy curl_multi"):
        yield Run(program, [])
    for profile in words("O0 O2"):
        yield Run("uv_first", [], {"first"}, profile=profile, family="event-loop", executor="libuv")
    yield Run("ends", ["kill"], {"kill", "nanosleep"})
    for end in words("abort terminate overflow overflow_handled _exit"):
        yield Run("ends", [end], {"nanosleep"})
    yield Run("ends", ["exec"], {"nanosleep", "usleep"})
    for way in words("cancel longjmp siglongjmp"):
        yield Run("leaves", [way], {way, "nanosleep"})
        yield Run("leaves", [way], {way, "nanosleep"}, profile="O2")
    yield Run("daemonize", [], {"nanosleep"})
    for way in words("chroot privileges seccomp nofile fsize"):
        root = way in ("chroot", "privileges")
        yield Run("confine", [way], {"usleep", "nanosleep"}, root=root)
    for way in words("loop call destructor"):
        yield Run("throw", [way], {way, "nanosleep"})
        yield Run("throw", [way], {way, "nanosleep"}, profile="O2")
    yield Run("plugin_host", ["{plugin.so}"], {"nanosleep"})
    for program in words("marked marked_fixed marked_cc"):
        for profile in words("O0 O2"):
            for case, expect in (("turn", {"turn"}), ("offload", ()), ("outside", ()), ("nested", {"nested"}),
                                 ("allow", {"allow"}), ("before_allowed", {"before_allowed"}),
                                 ("before_offload", {"before_offload"}), ("in_parts", {"in_parts"}),
                                 ("busy_allowed", {"busy_allowed"}), ("forbid", {"forbid"}),
                                 ("blocking", {"blocking"})):
                yield Run(program, [case], set(expect), profile=profile, family="annotated")
    yield Run("named", ["pump"])
    yield Run("named", ["pump"], {"pump"}, family="option", executor="pump-1", settings=("executors=pump-*",))
    yield Run("named", ["pump"], settings=("executors=other-*",))
    for profile in words("O0 O2"):
        yield Run("named", ["spin"], {"spin"}, profile=profile, family="option", executor="pump-1",
                  settings=("executors=pump-*",))
        yield Run("named", ["steps"], profile=profile, settings=("executors=pump-*",))
    yield Run("named", ["loop"], {"loop"})
    yield Run("named", ["loop"], settings=("exempt=quiet-*",))
    yield Run("named", ["leave"], {"leave", "beside"})
    yield Run("named", ["leave"], {"beside"}, settings=("allow=blocks_by_leave",))
    for profile in words("O0 O2"):
        yield Run("tokio_host", ["{tokio_plugin.so}"], {"plugin"}, profile=profile, family="tokio")


LOCKS = words(
    "plain timed clock try recursive read write timed_write spin mtx robust file_lock lockf ofd awaited foreign"
    " foreign_early destroyed"
    " marked yield handed_over released robust_released condition busy for_life"
)
LOCKS_OF_LIBRARIES = words("plain recursive write awaited foreign released for_life")
LOCKS_OF_GLIB = words("g_mutex g_rec_mutex g_reader g_writer g_released")


def lock_runs():
    options = {"family": "event-loop"}
    for profile in words("O0 O2"):
        for case in LOCKS:
            yield Run("locks_epoll", [case], {case}, profile=profile, **options)
    for library in words("libuv libevent glib"):
        for case in LOCKS_OF_LIBRARIES:
            yield Run(f"locks_{library}", [case], {case}, executor=library, **options)
    yield Run("locks_epoll", ["semaphore"], {"semaphore"}, settings=("semaphores=1",), **options)
    yield Run("locks_epoll", ["semaphore"], **options)
    for case in LOCKS_OF_GLIB:
        yield Run("locks_glib", [case], {case}, executor="glib", **options)
    for case in words("across shared released"):
        yield Run("coroutine_mutex", [case], {case}, **options)
    for case in words("across released sleep"):
        for program in words("coroutine_swap coroutine_boost"):
            for profile in words("O0 O2"):
                yield Run(program, [case], {case}, profile=profile)
    for case in words("across released offload many many_released"):
        expect = {"across": {"python"}, "many": {"many"}}.get(case, set())
        yield Run("asyncio_locks.py", ["{locker.so}", case], expect, profile=None, executor="asyncio", **options)
    for case in words("across first waited helper manager tried"):
        yield script("threading_locks.py", case, [case], executor="asyncio")
    for case in words("released of_asyncio of_worker queues logs futures conditions dropped handed_over modules library outside"):
        yield script("threading_locks.py", case, [case])
    for case in words("across helper released"):
        yield script("threading_locks.py", f"--uvloop {case}", [case], module="uvloop")
        yield script("threading_locks.py", f"--trio {case}", [case], executor="Trio", module="trio")
    for context in words("current local"):
        for case in words("across cancel shutdown released offload"):
            for program, profile in (("tokio_locks", "dev"), ("tokio_locks_oldest", "dev"), ("tokio_locks", "fatlto")):
                if profile == "dev" or case == "across":
                    yield tokio(program, profile, f"{{locker.so}} {context} {case}", [case])
    for profile in words("O0 O2"):
        for case in words("entry across"):
            yield Run("coroutine_jump", [case], {case} - {"entry"}, profile=profile, **options)
    for case in words("holding released"):
        yield Run("exit_holding", [case], {case}, **options)
    yield Run("exit_holding", ["file"], **options)
    for case in words("across cancel released offload"):
        yield async_task("async_task_locks", "dev", f"{{locker.so}} {case}", [case])


def deadlock_runs():
    """They hang, are reported meanwhile, and are killed."""
    for case in words("self suspended upgrade cycle"):
        yield Run("deadlocks", [case], {case}, family="event-loop", hangs=True)
    for case in words("same_turn later_turn relock nested"):
        yield script("threading_locks.py", case, [case], executor="asyncio", hangs=True)
    yield Run("deadlocks", ["slow"], {"slow"}, family="event-loop")
    yield tokio("tokio_locks", "dev", "{locker.so} current deadlock", ["deadlock"], hangs=True)
    yield async_task("async_task_locks", "dev", "{locker.so} deadlock", ["deadlock"], hangs=True)


def script(program, arguments, expect=(), profile=None, **options):
    return Run(program, words(arguments), set(expect), profile=profile, family="event-loop", **options)


def python_runs():
    cases = "asyncio_cases.py"
    for name in PYTHON_OPERATIONS:
        yield script(cases, f"coroutine {name}", [name], executor="asyncio")
    for context in words("callback layers"):
        yield script(cases, f"{context} all", PYTHON_OPERATIONS, executor="asyncio")
    # All in one turn: what happens between its calls is reported only as a long turn.
    first = [name for name in PYTHON_OPERATIONS if name != "compute"]
    yield script(cases, f"first {' '.join(first)}", first, executor="asyncio")
    yield script(cases, f"--uvloop first {' '.join(first)}", first, module="uvloop")
    for name in words("sleep compute"):
        yield script(cases, f"--uvloop first {name}", [name], module="uvloop")
    for context in words("to_thread executor thread around left_open"):
        yield script(cases, f"{context} all")
    for context in words("coroutine callback"):
        yield script(cases, f"--uvloop {context} all", PYTHON_OPERATIONS, module="uvloop")
    for context in words("to_thread executor thread around left_open"):
        yield script(cases, f"--uvloop {context} all", module="uvloop")
    yield script("trio_cases.py", "task all", PYTHON_OPERATIONS, executor="Trio", module="trio")
    yield script("twisted_cases.py", "call all", PYTHON_OPERATIONS, executor="Twisted", module="twisted")
    for context in words("to_thread around"):
        yield script("trio_cases.py", f"{context} all", module="trio")
    for context in words("defer_to_thread before"):
        yield script("twisted_cases.py", f"{context} all", module="twisted")
    yield script("twisted_cases.py", "stop sleep", module="twisted")
    for context in words("greenlet callback"):
        yield script("gevent_cases.py", f"{context} all", PYTHON_OPERATIONS, executor="gevent", module="gevent")
    for context in words("pool before after"):
        yield script("gevent_cases.py", f"{context} all", module="gevent")
    yield script("eventlet_cases.py", "greenlet all", PYTHON_OPERATIONS, executor="eventlet", module="eventlet")
    yield script("eventlet_cases.py", "pool all", module="eventlet")
    for case in words("two_runs run_until_complete pool threads busy_threads subprocesses passed sendfile debug slow_end"):
        yield script("asyncio_quiet.py", case)
    yield script("asyncio_quiet.py", "slow_end_of_uvloop", module="uvloop")
    for context, expect in (("coroutine", PYTHON_OPERATIONS), ("to_thread", ()), ("around", ())):
        yield script(cases, f"{context} all", expect, profile="path", executor="asyncio")
    for case in words("idle blocks"):
        yield script("asyncio_fork_pool.py", case, {case} - {"idle"}, executor="asyncio")
    yield script("asyncio_hang.py", "open", ["open"], executor="asyncio")
    for case in words("compute idle"):
        yield script("asyncio_contended.py", case, {"compute"} & {case}, executor="asyncio")
    for case in words("below managed"):
        yield script("asyncio_generated.py", case, [case], executor="asyncio")
    yield script("asyncio_echo.py", "self 10 100")
    yield Run("tokio_plugin.py", ["{tokio_plugin.so}"], {"plugin"}, profile=None, family="tokio")
    yield script("asyncio_echo.py", "--uvloop self 10 100", module="uvloop")


def node_runs():
    for name in NODE_OPERATIONS:
        yield script("node_cases.js", f"timer {name}", [name])
    for context in words("immediate promise"):
        yield script("node_cases.js", f"{context} all", NODE_OPERATIONS)
    for name in NODE_OPERATIONS:
        yield script("node_cases.js", f"first {name}", [name])
    yield script("node_cases.js", "startup all")
    for name in words("parse match gzip derive parse_below derive_of_two derive_below"):
        yield script("node_native.js", name, [name])
    yield script("node_large.js", "compute", ["compute"])
    for case in words("promises children exit server worker"):
        yield script("node_quiet.js", case)
    # libuv hands its work to the kernel through rings where it was built with them.
    ring = {"environment": ("UV_USE_IO_URING=1",)}
    yield script("node_cases.js", "timer all", NODE_OPERATIONS, executor="libuv", **ring)
    for case in words("promises server"):
        yield script("node_quiet.js", case, **ring)


def runs():
    return [*loop_runs(), *c_runs(), *python_runs(), *node_runs(), *tokio_runs(), *waited_root_runs(), *async_task_runs(), *block_on_runs(), *lock_runs(), *deadlock_runs()]

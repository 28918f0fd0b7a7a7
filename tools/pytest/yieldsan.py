"""Marks for YieldSan: this part blocks on purpose, this function blocks.

Without libyieldsan.so preloaded, each mark does nothing. A region belongs to the thread that enters it:
no ``await`` may lie in it.

    with yieldsan.allow("the file is small"):
        settings = open(path).read()

    @yieldsan.blocking
    def query(): ...
"""

import ctypes
import functools
import inspect

__all__ = ["allow", "blocking", "events", "forbid", "is_watched", "offload", "turn"]


class _Marks(ctypes.Structure):
    """The table that the library exports: struct yieldsan_marks of yieldsan.h."""

    # PYFUNCTYPE: the calls are short, and releasing the GIL would let other threads in.
    _fields_ = [
        ("turn_begin", ctypes.PYFUNCTYPE(None, ctypes.c_char_p)),
        ("turn_end", ctypes.PYFUNCTYPE(None)),
        ("offload_begin", ctypes.PYFUNCTYPE(None)),
        ("offload_end", ctypes.PYFUNCTYPE(None)),
        ("allow_begin", ctypes.PYFUNCTYPE(None, ctypes.c_char_p)),
        ("allow_end", ctypes.PYFUNCTYPE(None)),
        ("yields", ctypes.PYFUNCTYPE(None)),
        ("lock_acquired", ctypes.c_void_p),
        ("lock_released", ctypes.c_void_p),
        ("lock_handed_over", ctypes.c_void_p),
        ("forbid_begin", ctypes.PYFUNCTYPE(None)),
        ("forbid_end", ctypes.PYFUNCTYPE(None)),
        ("blocking_begin", ctypes.PYFUNCTYPE(None)),
        ("blocking_end", ctypes.PYFUNCTYPE(None)),
    ]


def _find_library():
    try:
        program = ctypes.PyDLL(None)
        marks = _Marks.in_dll(program, "yieldsan_runtime_marks")
        events = program.yieldsan_runtime_events
    except (AttributeError, OSError, TypeError, ValueError):
        return None, None
    events.restype = ctypes.c_uint64
    events.argtypes = [ctypes.c_int]
    return marks, events


_MARKS, _EVENTS = _find_library()
_KEPT = {}  # the library reads a reason as long as the process lives


def _text(text):
    return _KEPT.setdefault(text, ctypes.create_string_buffer(text.encode("utf-8", "replace")))


def is_watched():
    """Whether this process runs under the library."""
    return _MARKS is not None


_SEVERITIES = {"notice": 1, "warning": 2, "error": 3}


def events(severity="error"):
    """How many events of this severity or a worse one there have been in this process."""
    return _EVENTS(_SEVERITIES[severity]) if _EVENTS else 0


class _Region:
    def __init__(self, begin, end, *arguments):
        self._begin, self._end, self._arguments = begin, end, arguments

    def __enter__(self):
        if _MARKS:
            getattr(_MARKS, self._begin)(*map(_address, self._arguments))
        return self

    def __exit__(self, *_):
        if _MARKS:
            getattr(_MARKS, self._end)()

    def __call__(self, function):
        """As a decorator."""

        if inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__qualname__} is a coroutine: no await may lie in a region of YieldSan")

        @functools.wraps(function)
        def marked(*arguments, **named):
            with self:
                return function(*arguments, **named)

        # Reports name the library function that the program called.
        marked.__code__ = marked.__code__.replace(co_name=function.__name__)
        return marked


def _address(text):
    return ctypes.cast(_text(text), ctypes.c_char_p)


def allow(reason):
    """Blocking is allowed in this region. The report counts it under the reason."""
    return _Region("allow_begin", "allow_end", reason)


def forbid():
    """Blocking is reported again, within a region that allows it."""
    return _Region("forbid_begin", "forbid_end")


def turn(executor):
    """A turn of a loop of the program's own: must not block."""
    return _Region("turn_begin", "turn_end", executor)


def offload():
    """Within a turn: a part that may block."""
    return _Region("offload_begin", "offload_end")


def blocking(function):
    """Decorator: the function blocks, and is an error where it runs in a turn."""
    return _Region("blocking_begin", "blocking_end")(function)

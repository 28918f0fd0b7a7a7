"""The operations in eventlet's green threads, and the same ones handed to its threads.

    eventlet_cases.py CONTEXT OPERATION...     (or `all`)

Contexts: greenlet and callback hold the hub; pool, before and after (by the main greenlet) do not.
Nothing is patched: the operations block, as they do in a library that knows nothing of eventlet.
"""

import sys
import warnings

warnings.filterwarnings("ignore")  # eventlet is deprecated, and says so

import eventlet  # noqa: E402
import eventlet.hubs  # noqa: E402
import eventlet.tpool  # noqa: E402

from blocking import prepared  # noqa: E402


def settle():
    for _ in range(3):
        eventlet.sleep(0.001)


def in_greenlet(blocks):
    for block in blocks:
        settle()
        block()
    settle()


def in_callback(blocks):
    for block in blocks:
        settle()
        eventlet.hubs.get_hub().schedule_call_global(0, block)
        settle()


def in_pool(blocks):
    for block in blocks:
        settle()
        eventlet.tpool.execute(block)  # EXPECT-NONE


def main(context, *names):
    blocks = prepared(names)
    # Without a descriptor the hub does not wait for events: it sleeps.
    listener = eventlet.listen(("127.0.0.1", 0))
    server = eventlet.spawn(listener.accept)
    if context == "pool":
        eventlet.tpool.setup()
    work = {"greenlet": in_greenlet, "callback": in_callback, "pool": in_pool}
    if context == "before":
        for block in blocks:
            block()
    eventlet.spawn(work.get(context, lambda _: settle()), blocks).wait()
    if context == "after":
        for block in blocks:
            block()
    server.kill()
    print("done")


main(*sys.argv[1:])

"""A coroutine that opens a FIFO without a writer, in a process that is then killed."""

import asyncio
import os
import signal
import sys
import tempfile
import threading


async def waits_for_config(path):
    await asyncio.sleep(0.01)
    with open(path) as config:  # EXPECT error open|open64|openat in_progress=true case=open
        config.read()


def main():
    path = os.path.join(tempfile.mkdtemp(dir="."), "fifo")
    os.mkfifo(path)
    print("done", flush=True)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
    asyncio.run(waits_for_config(path))


if sys.argv[1:] != ["open"]:
    sys.exit("usage: asyncio_hang.py open")
main()

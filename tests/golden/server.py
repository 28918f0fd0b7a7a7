"""A server that reads its configuration before it accepts anyone, and saves its state when it is asked to end."""
import asyncio
import os
import signal
import time


def read_configuration():
    time.sleep(0.06)


def look_up():
    time.sleep(0.08)
    return b"yes\n"


def save_state():
    time.sleep(0.07)


async def serve(_, writer):
    writer.write(look_up())
    writer.close()


async def main():
    ended = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await asyncio.sleep(0.01)
    read_configuration()
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await reader.read()
    writer.close()
    os.kill(os.getpid(), signal.SIGTERM)
    await ended.wait()
    save_state()
    server.close()


asyncio.run(main())

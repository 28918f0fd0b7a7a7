"""What is measured of TLS in an asyncio program: CPU milliseconds of one context, or of one handshake.

    tls.py context
    tls.py handshake CERTIFICATE KEY

OpenSSL 3 takes 400,000 free locks for a context and 2,000 for a handshake, all in turns.
"""

import asyncio
import ssl
import statistics
import sys
import time

CONTEXTS = 15
ROUNDS = 8
HANDSHAKES = 25  # in a round


async def context():
    took = []
    for _ in range(CONTEXTS):
        began = time.thread_time()
        ssl.create_default_context()
        took.append(time.thread_time() - began)
        await asyncio.sleep(0.001)
    return statistics.median(took)


async def answer(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


async def handshake(certificate, key):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificate)
    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    took = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(HANDSHAKES):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname="localhost")
            writer.write(b"x\n")
            await reader.readline()
            writer.close()
        took.append((time.thread_time() - began) / HANDSHAKES)
    return min(took)


if sys.argv[1] == "context":
    print(asyncio.run(context()) * 1000)
else:
    print(asyncio.run(handshake(*sys.argv[2:])) * 1000)

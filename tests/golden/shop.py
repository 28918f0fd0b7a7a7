"""Two routes of FastAPI, and a client that asks for both."""
import os
import socket
import threading
import time

import fastapi
import uvicorn

app = fastapi.FastAPI()


def price_of(number):
    time.sleep(0.12)
    return number


@app.get("/price/{number}")
async def show_price(number: int):
    return price_of(number)


@app.get("/")
async def index():
    time.sleep(0.06)


def ask(address):
    for path in ("/price/7", "/"):
        client = socket.create_connection(address)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        while client.recv(4096):
            pass
    os._exit(0)


listener = socket.create_server(("127.0.0.1", 0))
threading.Timer(0.3, ask, (listener.getsockname(),)).start()
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])

# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe another host from the test host where this runs. Needs only Python.

probe.py tcp SOURCE TARGET PORT...    prints {port: "open" | "refused" | "silent"}
probe.py udp SOURCE TARGET PORT TEXT [UNTIL]
                                      sends one datagram and prints a list of the answers that arrive within two
                                      seconds, or within up to six, until one begins with UNTIL
probe.py get URL                      prints the answer from an HTTP server
probe.py talk TARGET PORT             sends its standard input over TCP and prints the answer until the peer closes
probe.py listen PORT                  prints "ready", the source of each datagram in six seconds, and "done"
"""

import json
import socket
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

WAIT = 2


def tcp(source, target, port):
    with socket.socket() as probe:
        probe.settimeout(WAIT)
        probe.bind((source, 0))
        try:
            probe.connect((target, int(port)))
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "silent"
        return "open"


def udp(source, target, port, text, until=""):
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind((source, 0))
        probe.connect((target, int(port)))
        probe.send(text.encode())
        heard = []
        end = time.monotonic() + (3 * WAIT if until else WAIT)
        while (left := end - time.monotonic()) > 0:
            if until and heard and heard[-1].startswith(until):
                break
            probe.settimeout(left)
            try:
                heard.append(probe.recv(65535).decode(errors="replace"))
            except ConnectionRefusedError:
                heard.append("refused")
            except TimeoutError:
                break
        return heard


def talk(target, port):
    with socket.create_connection((target, int(port)), timeout=60) as connection, connection.makefile("rb") as answers:
        connection.sendall(sys.stdin.buffer.read())
        return answers.read().decode()


def listen(port):
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("", int(port)))
        print("ready", flush=True)
        end = time.monotonic() + 3 * WAIT
        while (left := end - time.monotonic()) > 0:
            server.settimeout(left)
            try:
                print(server.recvfrom(65535)[1][0], flush=True)
            except TimeoutError:
                break
    print("done", flush=True)


action, *arguments = sys.argv[1:]
if action == "tcp":
    source, target, *ports = arguments
    with ThreadPoolExecutor(64) as pool:
        print(json.dumps(dict(pool.map(lambda port: (port, tcp(source, target, port)), ports))))
elif action == "udp":
    print(json.dumps(udp(*arguments)))
elif action == "get":
    print(urllib.request.urlopen(*arguments, timeout=60).read().decode())
elif action == "talk":
    print(talk(*arguments))
elif action == "listen":
    listen(*arguments)

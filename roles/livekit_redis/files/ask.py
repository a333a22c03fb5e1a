# SPDX-License-Identifier: GPL-3.0-or-later
"""Send what stdin says to host and port, and print what comes back until the other side closes."""

import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as connection:
    connection.sendall(sys.stdin.buffer.read())
    while part := connection.recv(4096):
        sys.stdout.write(part.decode(errors="replace"))

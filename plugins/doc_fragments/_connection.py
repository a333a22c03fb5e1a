# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The URL of the LiveKit server's API, such as V(http://127.0.0.1:7880) or V(https://livekit.example.com).
      - V(ws://) and V(wss://), as LiveKit's clients write it, mean V(http://) and V(https://).
      - If not set, the value of the environment variable E(LIVEKIT_URL) is used.
    type: str
    required: true
  api_key:
    description:
      - An API key of the server.
      - If not set, the value of the environment variable E(LIVEKIT_API_KEY) is used.
    type: str
    required: true
  api_secret:
    description:
      - The secret of O(api_key). It is not sent; it signs a token that may manage SIP and nothing else, for ten
        minutes.
      - If not set, the value of the environment variable E(LIVEKIT_API_SECRET) is used.
    type: str
    required: true
  validate_certs:
    description:
      - Whether to check the certificate of an V(https://) server.
    type: bool
    default: true
  ca_path:
    description:
      - A file with the certificates of the authorities to check the server's with, in PEM format, or a folder
        that C(openssl rehash) has prepared.
      - If not set, those of the Python library C(requests) or of the environment variable E(REQUESTS_CA_BUNDLE) are
        used.
    type: path
  timeout:
    description:
      - How many seconds to wait for one answer, from 1 to 3600.
      - Reads are tried again on connection errors and HTTP 5xx until as many seconds have passed. Writes are not,
        unless a look at the server shows that they were not carried out.
      - After HTTP 429, and where the server says how long to wait, reads and writes wait for so long at most.
    type: int
    default: 30
requirements:
  - Python 3.9 or newer on the host that runs the module
  - requests on the host that runs the module (Debian's package C(python3-requests))
"""

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
      - V(ws://) and V(wss://), as in LiveKit's clients, mean V(http://) and V(https://).
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
      - The secret of O(api_key). The module does not send the secret, but uses it to sign a token that is valid for ten
        minutes and allows only the management of SIP.
      - If not set, the value of the environment variable E(LIVEKIT_API_SECRET) is used.
    type: str
    required: true
  validate_certs:
    description:
      - Whether to verify the certificate of an V(https://) server.
    type: bool
    default: true
  ca_path:
    description:
      - CA certificates for verifying the server's certificate, as a PEM file or as a folder prepared with C(openssl
        rehash).
      - If not set, the CA certificates of the Python library C(requests) or those named by the environment variable
        E(REQUESTS_CA_BUNDLE) are used.
    type: path
  timeout:
    description:
      - Seconds to wait for each answer, from 1 to 3600.
      - Reads are retried on connection errors and HTTP 5xx for up to this many seconds in total. Writes are retried
        only after the module has checked that they were not applied.
      - After HTTP 429, reads and writes respect C(Retry-After), but wait at most this many seconds in total.
    type: int
    default: 30
requirements:
  - Python 3.9 or newer on the host that runs the module
  - requests on the host that runs the module (the Debian package C(python3-requests))
"""

# SPDX-License-Identifier: GPL-3.0-or-later
"""The caller's two addresses, as in inventory/hosts.yml."""

ALLOWED = "198.51.100.10"
OUTSIDE = "198.51.100.74"

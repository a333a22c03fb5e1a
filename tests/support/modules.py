# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the collection's modules in this process, as Ansible would, within milliseconds."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import threading
import time
from unittest import mock

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

PLUGINS = "ansible_collections.telephony.livekit.plugins"


class Clock:
    """Replaces `time` where the modules repeat requests: pauses take no time, but count towards deadlines.

    `wrong`: the error of the clock in seconds. Each thread has its own deadlines.
    """

    def __init__(self, wrong: float = 0) -> None:
        self.wrong = wrong
        self.pauses: list[float] = []
        self.of_thread = threading.local()

    def time(self) -> float:
        return time.time() + self.wrong

    def monotonic(self) -> float:
        return time.monotonic() + self._paused()

    def sleep(self, seconds: float) -> None:
        self.of_thread.paused = self._paused() + seconds
        self.pauses.append(seconds)

    def _paused(self) -> float:
        return getattr(self.of_thread, "paused", 0.0)


class ModuleRunner:
    """Runs modules on one server: `run("livekit_sip_trunk", name="t", …)`. `outputs` keeps the output of each run."""

    def __init__(self, url: str, api_key: str, api_secret: str) -> None:
        # Long enough for a busy machine; only tests of the timeout set a shorter one.
        self.connection = {"url": url, "api_key": api_key, "api_secret": api_secret, "timeout": 120}
        self.outputs: list[str] = []

    def run(self, module: str, check: bool = False, **options) -> dict:
        arguments = {**self.connection, **options, "_ansible_check_mode": check, "_ansible_diff": True}
        output = io.StringIO()
        main = importlib.import_module(f"{PLUGINS}.modules.{module}").main
        warnings: list[str] = []
        # Ansible keeps warnings for the life of the process, or prints them if controller code was imported.
        with (
            mock.patch.object(AnsibleModule, "warn", lambda _module, warning: warnings.append(warning)),
            patch_module_args(arguments),
            contextlib.redirect_stdout(output),
            contextlib.suppress(SystemExit),
        ):
            main()
        self.outputs.append("\n".join([output.getvalue(), *warnings]))
        return {**json.loads(output.getvalue()), **({"warnings": warnings} if warnings else {})}

    def routing(self, check: bool = False, **options) -> dict:
        return self.run("livekit_sip_routing", check, **options)

    def trunk(self, check: bool = False, **options) -> dict:
        return self.run("livekit_sip_trunk", check, **options)

    def dispatch(self, check: bool = False, **options) -> dict:
        return self.run("livekit_sip_dispatch", check, **options)


def run_and_repeat(run, **options) -> dict:
    """Check, run, check and run: the check must predict the run, and the second check and run must change nothing."""
    check = run(check=True, **options)
    result = run(**options)
    assert not result.get("failed"), result
    assert check["changed"] == result["changed"]
    assert check["diff"] == result["diff"]
    assert [action["action"] for action in check["actions"]] == [action["action"] for action in result["actions"]]
    for repeated in (run(check=True, **options), run(**options)):
        assert not repeated.get("failed"), repeated
        assert not repeated["changed"]
        assert repeated["actions"] == []
        assert repeated["diff"] == {"before": {}, "after": {}}
    return result

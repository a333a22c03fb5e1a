# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test`: run all stages, two at a time, with one log per stage and the totals of all tests at the end.

    python tools/run_tests.py [stage ...]

A stage that ends with an error or runs no test has failed, even if no test failed. A stage that `rests_on` paths is
skipped if it passed before with the same files, unless it is named or FULL=1 is in the environment.
"""

import os
import shlex
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import counts
import other_cores
import proved

CHECKOUT = Path(__file__).resolve().parent.parent
OUTPUT = CHECKOUT / "tests" / "output"
BIN = CHECKOUT / ".venv" / "bin"
MAKING = threading.Lock()  # creation of a virtual environment that two stages may need
KEEP = os.environ.get("KEEP") == "1"  # test hosts are kept, and the next run with KEEP=1 uses them
RACES, WATCH = "tests/contract/test_races.py", "tests/contract/test_watch.py"
SANITY = "tests/gates/test_sanity.py"
PYTHON = ("*.py", "*.sh", "meta", "galaxy.yml", "plugins", "changelogs", "roles")  # the files that ansible-test checks
# Files on which the results of the modules against a livekit-server depend.
MODULES = ("docs", "plugins", "tests/contract", "tests/doubles/oracle", "tests/images", "tests/support")


@dataclass
class Stage:
    name: str
    what: str
    command: list
    environment: dict = field(default_factory=dict)
    only_in_ci: bool = False  # or if the stage is named
    rests_on: tuple = ()  # paths, in addition to the pins; without paths the stage always runs
    core: str = ""  # the virtual environment of this core is created first, if it is missing
    seconds: float = 0
    failed: bool = True
    results: counts.Results = field(default_factory=counts.Results)

    @property
    def log(self):
        return OUTPUT / f"{self.name}.log"

    @property
    def xml(self):
        return OUTPUT / f"{self.name}.xml"

    @property
    def sum(self):
        """The counts of the tests. A stage that failed without a failed test counts as one failure."""
        sum_of_tests = self.results.counts
        return sum_of_tests + counts.Counts(failed=1) if self.failed and not sum_of_tests.failed else sum_of_tests

    def alone(self, test):
        """The command that runs one of its tests, or all of them if molecule creates the hosts."""
        if self.command[0].name == "pytest":
            options = [word for word in self.command[1:] if not word.startswith("tests/")]
            return f"{self.command[0].relative_to(CHECKOUT)} {shlex.join([test, *options])}"
        return f"make test STAGES={self.name}"

    def is_proved(self):
        """Whether the stage passed before with the same files. If so, its tests count as skipped."""
        before = proved.recorded(self.name, proved.fingerprint(self.rests_on)) if self.rests_on else None
        if before:
            skipped = sum(before["counts"].values())
            reason = f"green on {before['date']} with the same code, tests, pins and interpreter; FULL=1 runs it"
            self.results = counts.Results(counts.Counts(skipped=skipped), skipped=Counter({reason: skipped}))
            self.failed = False
        return bool(before)

    def run(self):
        mark = proved.fingerprint(self.rests_on) if self.rests_on else ""
        started = time.monotonic()
        # Passed through the environment, because molecule starts its own pytest.
        environment = {**os.environ, **self.environment, "PYTEST_ADDOPTS": f"--junit-xml={self.xml}"}
        if self.core:
            with MAKING:
                other_cores.make(self.core)
        with self.log.open("w", encoding="utf-8") as log:
            ended = subprocess.run(
                list(map(str, self.command)),
                cwd=CHECKOUT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        self.seconds = time.monotonic() - started
        self.results = counts.read(self.xml)
        self.failed = bool(ended.returncode or self.results.counts.failed or not self.results.counts.passed)
        if mark and not self.failed and proved.fingerprint(self.rests_on) == mark:
            proved.record(self.name, mark, self.results.counts)


def pytest(*arguments, venv=".venv"):
    return [CHECKOUT / venv / "bin" / "pytest", *arguments]


def left_out(folder, *files):
    return pytest(folder, *(f"--ignore={file}" for file in files))


def stages():
    """The most informative quick stages first, then the longest, so that both workers are busy to the end."""
    yield Stage("gates", "linters, documentation, archive", left_out("tests/gates", SANITY))
    yield Stage("unit", "unit tests on Debian's Python", pytest("tests/unit"))
    yield Stage("roles", "roles with invalid input, other Redis servers, bare and used hosts", pytest("tests/roles"))
    for scenario in sorted(path.parent.name for path in (CHECKOUT / "molecule").glob("*/molecule.yml")):
        yield Stage(
            f"molecule-{scenario}",
            f"molecule scenario {scenario}",
            [BIN / "molecule", "test", "--scenario-name", scenario, *(["--destroy", "never"] if KEEP else [])],
            {"MOLECULE_GLOB": "molecule/*/molecule.yml", "MOLECULE_COMMAND_BORDERS": "0", "NO_COLOR": "1"},
        )
    yield deploy_stage("debian12")
    # A first run with this Debian's make, Python and ansible-core, and a change to a running line. Other stages
    # test more.
    some = "summary or stand_in or rings or stranger or demo_agent or replaced"
    yield deploy_stage("debian13", "-k", some, only_in_ci=True)
    yield Stage("contract", "modules against a real livekit-server", left_out("tests/contract", RACES))
    # Tests with many rounds of many runs. Their results depend only on the modules.
    yield Stage(
        "rounds",
        "concurrent runs, and a thousand changes watched write by write",
        pytest(RACES, WATCH),
        {"CHANGES": "1000"},
        rests_on=MODULES,
    )
    yield Stage(
        "contract-newer",
        "modules against the API of a newer livekit-server",
        pytest("tests/contract", "--server", "newer"),
        rests_on=MODULES,
    )
    yield Stage(
        "doubles",
        "the stand-in for livekit-sip, compared with recordings of the real one",
        pytest("tests/doubles"),
        rests_on=("roles/livekit_agent/files", "tests/doubles", "tests/images", "tests/support"),
    )
    yield from other_core_stages()
    yield Stage(
        "old-servers",
        "modules against older livekit-servers",
        pytest("tests/contract/test_old_servers.py"),
        only_in_ci=True,
        rests_on=MODULES,
    )


def other_core_stages():
    yield on_core("newest", "newest", "sanity and unit tests", SANITY, "tests/unit")
    yield on_core("middle", "sanity-middle", "sanity", SANITY, rests_on=PYTHON)
    yield on_core("oldest", "sanity-oldest", "sanity", SANITY, rests_on=PYTHON)
    if other_cores.core_of(CHECKOUT / ".venv") == other_cores.cores()["newest"]:
        yield on_core("oldest", "oldest", "unit tests", "tests/unit")


def on_core(core, name, what, *tests, **more):
    what = f"{what} on ansible-core {other_cores.cores()[core]}"
    if other_cores.can_make(core):
        return Stage(name, what, pytest(*tests, venv=f".venv-{core}"), core=core, **more)
    in_debian13 = [BIN / "python", "tools/in_debian13.py", core, name, *tests]
    return Stage(name, f"{what}, in Debian 13", in_debian13, **more)


def deploy_stage(host, *arguments, **more):
    what = f"make deploy and make teardown on a bare {host}"
    return Stage(f"deploy-{host}", what, pytest("tests/deploy", "--bare-host", host, *arguments), **more)


def run_stages(waiting, lock, wanted, done):
    """Run one stage after another until none is left."""
    while True:
        with lock:
            stage = next(waiting, None)
        if not stage:
            return
        skipped = stage.only_in_ci and os.environ.get("CI") != "true"
        if stage.name not in wanted if wanted else skipped:
            continue
        done.append(stage)
        if not wanted and os.environ.get("FULL") != "1" and stage.is_proved():
            report(stage)
            continue
        print(f"      {stage.name}: {stage.what}", flush=True)
        try:
            stage.run()
        finally:
            report(stage)


def report(stage):
    print(f"{verdict(stage):4}  {stage.name}: {stage.sum}, {stage.seconds:.0f} s", flush=True)
    if stage.failed:
        lines = stage.log.read_text(encoding="utf-8", errors="replace").splitlines()
        shown = lines[-200:]
        left_out = f" (the last {len(shown)} of {len(lines)} lines)" if len(lines) > len(shown) else ""
        print(f"----- {stage.log.relative_to(CHECKOUT)}{left_out}", *shown, "-----", *why(stage), sep="\n", flush=True)


def verdict(stage):
    return "FAIL" if stage.failed else "ok"


def why(stage):
    """At most ten lines: the failed tests, each with its reason and command."""
    failed = list(stage.results.failed.items())
    lines = []
    for test, reason in failed[:3]:
        lines += [f"failed  {test}", f"why     {reason[:200]}", f"alone   {stage.alone(test)}"]
    if len(failed) > 3:
        lines.append(f"and {len(failed) - 3} more tests of {stage.name}")
    return lines or [f"failed  {stage.name} ended with an error or ran no test; its log is above"]


def table(stages_done):
    """One line per stage, then the reasons for skipped tests."""
    rows = [("Stage", "", "Tests", "Seconds")]
    rows += [(stage.name, verdict(stage), str(stage.sum), f"{stage.seconds:.0f}") for stage in stages_done]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for stage in stages_done:
        lines += [f"skipped in {stage.name}: {count} x {reason}" for reason, count in stage.results.skipped.items()]
    return lines


def slowest(stages_done, number=10):
    """One line for each of the slowest tests. The times include the fixtures that a test was the first to use."""
    tests = [(seconds, test) for stage in stages_done for test, seconds in stage.results.seconds.items()]
    return [f"{seconds:7.0f}  {test}" for seconds, test in sorted(tests, reverse=True)[:number]]


def main(wanted):
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in [*OUTPUT.glob("*.log"), *OUTPUT.glob("*.xml")]:
        old.unlink()
    print("Running, two at a time:", flush=True)
    done = []
    waiting, lock = stages(), threading.Lock()  # a generator serves one thread at a time
    with ThreadPoolExecutor() as pool:
        places = [pool.submit(run_stages, waiting, lock, wanted, done) for _unused in range(2)]
    for place in places:
        place.result()  # raises the worker's error

    unknown = set(wanted) - {stage.name for stage in done}
    if unknown or not done:
        sys.exit(f"No such stage: {', '.join(unknown)}")
    total = sum((stage.sum for stage in done), counts.Counts())
    failed = [stage.name for stage in done if stage.failed]
    print(f"\n{'Failed: ' + ', '.join(failed) if failed else 'All stages passed.'}")
    print(total, "", *table(done), "", "Seconds  The slowest tests", *slowest(done), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacement of a container with another one, on a fake Docker."""

from __future__ import annotations

import json

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _container
from ansible_collections.telephony.livekit.plugins.module_utils._container import (
    Config,
    Containers,
    DockerFailed,
    Swap,
    Unhealthy,
)


class Docker:
    """A fake Docker with containers by name. Those in `dies` exit as soon as they start."""

    def __init__(self, *names, dies=(), fails=()):
        self.state = {name: {"id": name, "running": not name.endswith("-next"), "starts": 0} for name in names}
        self.policy = dict.fromkeys(names, "unless-stopped")
        self.dies, self.fails, self.said, self.foreign = set(dies), set(fails), [], set()

    def run(self, command):
        _docker, verb, *arguments = command
        name = arguments[-1]
        if verb == "container":
            return (0, self.inspected(name), "") if name in self.state else (1, "", f"Error: No such container: {name}")
        self.said.append(" ".join([verb, *arguments]))
        if verb in self.fails:
            return 1, "", f"{verb} does not work today"
        getattr(self, verb)(*arguments)
        return 0, "said by it\n" if verb == "logs" else "", ""

    def inspected(self, name):
        found = self.state[name]
        labels = {} if name in self.foreign else {_container.LABEL: "0123"}
        state = {"Status": "seen", "Running": found["running"], "Restarting": False, "ExitCode": 0}
        state["StartedAt"] = str(found["starts"])
        restarts = max(found["starts"] - 1, 0)
        return json.dumps([{"RestartCount": restarts, "State": state, "Config": {"Labels": labels}}])

    def update(self, _option, policy, name):
        self.policy[name] = policy

    def stop(self, _option, _seconds, name):
        self.state[name]["running"] = False

    def start(self, name):
        self.state[name]["running"] = self.state[name]["id"] not in self.dies
        self.state[name]["starts"] += 1

    def rename(self, name, new):
        assert new not in self.state, f"there is a container {new} already"
        self.state[new], self.policy[new] = self.state.pop(name), self.policy.pop(name)

    def rm(self, _option, name):
        del self.state[name], self.policy[name]

    def logs(self, *_arguments):
        pass


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.yaml").write_text("old")
    (tmp_path / "theirs.txt").write_text("of the operator")
    (tmp_path / ".next").mkdir()
    (tmp_path / ".next" / "config.yaml").write_text("new")
    (tmp_path / ".next" / "tls.pem").write_text("new")
    return tmp_path


def files(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


OLD = {"config.yaml": "old", "theirs.txt": "of the operator"}
NEW = {"config.yaml": "new", "tls.pem": "new", "theirs.txt": "of the operator"}


def swap(docker, folder, trouble=None):
    def silent():
        return "" if docker.state.get("sip", {}).get("running", False) else "it does not answer"

    return Swap("sip", Containers(docker.run), Config(str(folder)), trouble or silent, health_timeout=0, pause=0)


def test_the_new_one_takes_the_name_and_the_config(folder):
    docker = Docker("sip", "sip-next")
    swap(docker, folder).replace()
    assert {name: found["id"] for name, found in docker.state.items()} == {"sip": "sip-next"}
    assert files(folder) == NEW
    assert not (folder / ".next").exists()


def test_the_first_one_needs_no_other(folder):
    docker = Docker("sip-next")
    swap(docker, folder).replace()
    assert docker.state["sip"]["running"]


def test_until_the_new_one_is_healthy_a_reboot_brings_the_old_one_back(folder):
    docker = Docker("sip", "sip-next")
    policies = []

    def trouble():
        policies.append(dict(docker.policy))
        return ""

    swap(docker, folder, trouble).replace()
    assert policies == [{"sip-previous": "always", "sip": "no"}]
    assert docker.policy == {"sip": "unless-stopped"}
    said = docker.said.index
    assert said("update --restart always sip") < said("stop -t 30 sip")
    assert said("update --restart no sip") < said("start sip")
    assert said("update --restart unless-stopped sip") < said("rm --force sip-previous")


def test_one_that_ends_until_something_else_is_there_is_started_again(folder):
    """Without a restart policy, Docker does not restart the container. With one, it would also do so after a reboot."""
    docker = Docker("sip", "sip-next", dies=["sip-next"])

    def there_after_two_starts():
        if docker.said.count("start sip") == 2:
            docker.dies.clear()
        return "" if docker.state["sip"]["running"] else "it does not answer"

    waiting = swap(docker, folder, there_after_two_starts)
    waiting.health_timeout = 3600
    waiting.replace()
    assert docker.said.count("start sip") == 3
    assert docker.state["sip"]["id"] == "sip-next"


@pytest.mark.parametrize("dies", [[], ["sip-next"]], ids=["healthy", "not healthy"])
def test_the_group_of_the_folder_changes_with_the_container(folder, monkeypatch, dies):
    """Otherwise the previous container could not read its config after a failed swap."""
    groups = {folder: 1, folder / ".next": 2}
    monkeypatch.setattr(_container, "group_of", lambda path: groups.get(path, 0))
    monkeypatch.setattr(_container.os, "chown", lambda path, _user, group: groups.__setitem__(path, group))
    docker = Docker("sip", "sip-next", dies=dies)
    seen = []

    def trouble():
        seen.append(groups[folder])
        return "" if docker.state["sip"]["running"] else "it does not answer"

    try:
        swap(docker, folder, trouble).replace()
    except Unhealthy:
        assert dies
    assert set(seen) == {2}
    assert groups[folder] == (1 if dies else 2)


@pytest.mark.parametrize(
    "broken",
    [{"dies": ["sip-next"]}, {"fails": ["start"]}],
    ids=["exits at once", "cannot be started"],
)
def test_one_that_does_not_become_healthy_leaves_the_old_one(folder, broken):
    docker = Docker("sip", "sip-next", **broken)
    starts = docker.run

    def only_the_first_start_fails(command):
        answer = starts(command)
        if command[1] == "start":
            docker.fails.clear()
        return answer

    docker.run = only_the_first_start_fails
    with pytest.raises(Unhealthy, match=r"The previous container is running again with its config\."):
        swap(docker, folder).replace()
    assert {name: (found["id"], found["running"]) for name, found in docker.state.items()} == {"sip": ("sip", True)}
    assert docker.policy == {"sip": "unless-stopped"}
    assert files(folder) == OLD
    assert [path for path in folder.iterdir() if path.is_dir()] == []


def test_the_failure_shows_state_and_log(folder):
    with pytest.raises(
        Unhealthy, match=r"(?s)it does not answer\.\nState: seen, exit code 0, restarted 0 times\..*\n  said by it\n"
    ):
        swap(Docker("sip", "sip-next", dies=["sip-next"]), folder).replace()


def test_the_failure_says_that_the_old_one_does_not_stay_up_either(folder):
    with pytest.raises(Unhealthy, match="does not stay up either"):
        swap(Docker("sip", "sip-next", dies=["sip-next", "sip"]), folder).replace()


def test_a_first_one_that_fails_stays_to_be_looked_at(folder):
    docker = Docker("sip-next", dies=["sip-next"])
    with pytest.raises(Unhealthy):
        swap(docker, folder).replace()
    assert "sip" in docker.state


@pytest.mark.parametrize("left", [("sip-previous",), ("sip", "sip-previous")])
def test_what_a_power_cut_left_is_put_right(folder, left):
    docker = Docker(*left, "sip-next")
    swap(docker, folder).replace()
    assert {name: found["id"] for name, found in docker.state.items()} == {"sip": "sip-next"}


def test_what_a_killed_run_left_is_removed_once_the_old_one_is_healthy(folder):
    docker = Docker("sip", "sip-next", "sip-previous")
    left = swap(docker, folder)
    assert left.tidy()
    assert list(docker.state) == ["sip"]
    assert files(folder) == OLD and not (folder / ".next").exists()
    assert not left.tidy()


def test_what_a_power_cut_left_comes_back_with_its_config_first(folder):
    """The host crashed after the new container started, but before it was healthy."""
    (folder / ".previous").mkdir()
    (folder / ".previous" / "config.yaml").write_text("before the power cut")
    docker = Docker("sip", "sip-previous", "sip-next", dies=["sip-next"])
    with pytest.raises(Unhealthy, match=r"The previous container is running again"):
        swap(docker, folder).replace()
    assert {name: found["id"] for name, found in docker.state.items()} == {"sip": "sip-previous"}
    assert files(folder)["config.yaml"] == "before the power cut"


def test_what_a_power_cut_left_is_undone_without_a_stop_or_a_start(folder):
    """Docker started the previous container after the crash, and it has calls."""
    (folder / ".previous").mkdir()
    (folder / ".previous" / "config.yaml").write_text("before the power cut")
    docker = Docker("sip", "sip-previous", "sip-next")
    docker.state["sip"]["running"] = False
    left = swap(docker, folder)
    assert left.undo()
    assert docker.state["sip"] == {"id": "sip-previous", "running": True, "starts": 0}
    assert sorted(docker.state) == ["sip", "sip-next"]
    assert files(folder)["config.yaml"] == "before the power cut"
    assert not left.undo()


def test_a_container_of_somebody_else_is_left_alone(folder):
    docker = Docker("sip", "sip-previous")
    docker.foreign = {"sip-previous"}
    left = swap(docker, folder)
    left.tidy()
    assert sorted(docker.state) == ["sip", "sip-previous"]


@pytest.mark.parametrize("fails", ["stop", "rename"])
def test_a_docker_that_fails_before_the_swap_leaves_the_old_one_running(folder, fails):
    docker = Docker("sip", "sip-next", fails=[fails])
    with pytest.raises(Unhealthy, match=r"The previous container is running again"):
        swap(docker, folder).replace()
    assert docker.state["sip"]["id"] == "sip" and docker.state["sip"]["running"]
    assert docker.policy["sip"] == "unless-stopped"


def test_an_old_config_that_cannot_be_put_back_does_not_keep_the_old_one_down(folder):
    docker = Docker("sip", "sip-next", dies=["sip-next"])
    failing = swap(docker, folder)

    def put_back():
        raise OSError("No space left on device")

    failing.config.put_back = put_back
    with pytest.raises(Unhealthy, match=r"No space left on device\nThe previous container is running again"):
        failing.replace()
    assert docker.state["sip"]["running"]


def test_where_nothing_can_be_asked_it_has_to_stay_up(folder):
    docker = Docker("sip", "sip-next")
    looks = []

    def exits_after_a_moment(command):
        if command[1] == "container" and docker.state.get("sip", {}).get("id") == "sip-next":
            looks.append(command)
            docker.state["sip"]["running"] = len(looks) < 4
        return docker.run(command)

    unasked = swap(docker, folder)
    unasked.containers, unasked.trouble, unasked.asks = Containers(exits_after_a_moment), lambda: "", False
    with pytest.raises(Unhealthy, match="it does not stay up"):
        unasked.replace()


def test_a_docker_that_does_not_answer_is_not_an_absent_container(folder):
    containers = Containers(lambda command: (1, "", "Cannot connect to the Docker daemon"))
    with pytest.raises(DockerFailed, match="Cannot connect"):
        containers.inspect("sip")


def test_an_answer_of_another_program_does_not_count(folder):
    docker = Docker("sip")
    docker.state["sip"]["running"] = False
    with pytest.raises(Unhealthy, match="it answers, but it does not stay up"):
        swap(docker, folder, trouble=lambda: "").wait()


def test_one_that_starts_again_and_again_is_given_up_before_the_limit(folder):
    docker = Docker("sip")
    waiting = swap(docker, folder, trouble=lambda: docker.start("sip") or "it starts")
    waiting.health_timeout = 3600
    with pytest.raises(Unhealthy, match=f"restarted {_container.GIVE_UP_AFTER_RESTARTS} times"):
        waiting.wait()


def test_restarts_of_the_past_do_not_count(folder):
    docker = Docker("sip")
    docker.state["sip"]["starts"] = 100
    answers = iter(["not yet", "not yet", ""])
    waiting = swap(docker, folder, trouble=lambda: next(answers))
    waiting.health_timeout = 3600
    waiting.wait()


def test_what_docker_cannot_do_is_said(folder):
    with pytest.raises(Unhealthy, match="docker update --restart always: update does not work today"):
        swap(Docker("sip", "sip-next", fails=["update"]), folder).replace()


def test_log_lines_hold_no_secret_and_can_be_read(folder):
    waiting = swap(Docker(), folder)
    waiting.secrets = ["", "geheim", "geheimnis"]
    log = "key geheimnis\nkey geheim\n\nsame\nsame\ntoken eyJh-_.b.c end\n" + 301 * "x"
    assert waiting.readable(log) == [
        "key ********",
        "same",
        "token ******** end",
        300 * "x" + " (cut off)",
    ]

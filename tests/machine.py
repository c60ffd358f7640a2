"""A made-up machine, so that tests of limits do not depend on the one they run on."""

from engine import cgroups


class Machine:
    """A made-up kernel: what /proc says of this process, and the files of its groups."""

    def __init__(self, folder):
        self.proc, self.groups = folder / "proc", folder / "groups"
        self._mounts = ["22 1 0:21 / /proc rw,relatime - proc proc rw"]
        self._membership = []

    def join(self, kind, path, *, root="/", mount=None, options="rw"):
        """The process is in group ``path``; the tree from ``root`` is mounted at ``mount``."""
        mount = mount or self.groups
        controllers = "" if kind == "cgroup2" else options.removeprefix("rw,")
        number = len(self._mounts)
        self._membership.append(f"{0 if kind == 'cgroup2' else number}:{controllers}:{path}")
        escaped = str(mount).replace(" ", "\\040")
        self._mounts.append(f"{30 + number} 23 0:28 {root} {escaped} rw shared:9 - {kind} {kind} {options}")
        self.write(self.proc / "self/cgroup", "\n".join(self._membership))
        self.write(self.proc / "self/mountinfo", "\n".join(self._mounts))

    @staticmethod
    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")


def made_up_machine(monkeypatch, folder):
    """Let the engine read a made-up kernel, which says nothing yet."""
    machine = Machine(folder)
    monkeypatch.setattr(cgroups, "PROC", machine.proc)
    return machine

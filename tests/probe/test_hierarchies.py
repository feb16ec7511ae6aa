"""Finding control groups on other kinds of machines, and reading the accounts of version 2."""

from __future__ import annotations

from pathlib import Path

from bisector.probe.cgroup import ControlGroup
from bisector.probe.hierarchies import Candidates, Hierarchies, candidates

VERSION_2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = (
    "35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "22 1 254:0 / / rw - ext4 /dev/root rw\n"
)


def test_version_2_under_systemd() -> None:
    """Our own group comes first, then its ancestors up to the mount point."""
    found = candidates(VERSION_2, "0::/user.slice/app.slice/x.scope\n")
    top = Path("/sys/fs/cgroup")
    user = top / "user.slice"
    assert found == Candidates((user / "app.slice" / "x.scope", user / "app.slice", user, top))


def test_hybrid() -> None:
    """Version 1 controllers and the version 2 hierarchy are each found below our own groups."""
    found = candidates(HYBRID, "9:name=systemd:/x\n4:memory:/a/b\n3:cpu,cpuacct:/c\n0::/\n")
    assert found == Candidates(
        (Path("/sys/fs/cgroup/unified"),),
        Path("/sys/fs/cgroup/memory/a/b"),
        Path("/sys/fs/cgroup/cpu,cpuacct/c"),
    )


def test_container_without_a_namespace() -> None:
    """If a container's mount begins at its own group, that prefix is removed from the path."""
    mount = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
    assert candidates(mount, "0::/docker/abc/x\n").unified[0] == Path("/sys/fs/cgroup/x")


def test_group_outside_of_the_mount() -> None:
    """A group outside the mount cannot be used."""
    mount = "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n"
    assert candidates(mount, "0::/other\n") == Candidates()


def test_no_groups_at_all() -> None:
    """A machine without control groups has no candidates."""
    assert candidates("22 1 254:0 / / rw - ext4 /dev/root rw\n", "") == Candidates()


def version_2_group(folder: Path, files: dict[str, str]) -> ControlGroup:
    """A group on a machine with only version 2. The files of the kernel are written by hand."""
    group = ControlGroup(Hierarchies(unified=folder, unified_memory=True), "1-2-3-4", None)
    for name, text in files.items():
        (folder / "bisector-1-2-3-4" / name).write_text(text)
    return group


def test_accounts_of_version_2(tmp_path: Path) -> None:
    """Peak memory excludes the page cache but not tmpfs, and only kills at the run's own limit count."""
    files = {
        "cpu.stat": "usage_usec 3500000\nuser_usec 2500000\nsystem_usec 1000000\n",
        "memory.stat": "anon 5000\nfile 3000\nshmem 1000\n",
        "memory.current": "6000\n",
        "memory.peak": "10000\n",
        "memory.events": "low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\noom_group_kill 1\n",
    }
    usage = version_2_group(tmp_path, files).usage()
    assert (usage.user, usage.system, usage.peak_memory) == (2.5, 1.0, 8000)
    assert (usage.oom_kills, usage.at_limit) == (2, True)


def test_cache_filled_after_the_peak(tmp_path: Path) -> None:
    """Files that are cached at the end do not hide the memory that was in use before."""
    files = {
        "cpu.stat": "user_usec 0\nsystem_usec 0\n",
        "memory.stat": "anon 9000\nfile 1000\nshmem 0\n",
        "memory.current": "10000\n",
        "memory.peak": "10000\n",
        "memory.events": "oom 0\n",
    }
    group = version_2_group(tmp_path, files)
    assert group.usage().peak_memory == 9000
    (tmp_path / "bisector-1-2-3-4" / "memory.stat").write_text("anon 1000\nfile 8000\nshmem 0\n")
    assert group.usage().peak_memory == 9000


def test_peak_before_linux_5_19(tmp_path: Path) -> None:
    """If the kernel records no peak, it is sampled, and the largest sample counts."""
    files = {
        "cpu.stat": "user_usec 0\nsystem_usec 0\n",
        "memory.stat": "anon 5000\nfile 3000\nshmem 0\n",
        "memory.current": "9000\n",
        "memory.events": "oom 0\noom_kill 1\n",
    }
    group = version_2_group(tmp_path, files)
    assert group.usage().peak_memory == 6000
    (tmp_path / "bisector-1-2-3-4" / "memory.current").write_text("4000\n")
    usage = group.usage()
    assert (usage.peak_memory, usage.oom_kills, usage.at_limit) == (6000, 1, False)

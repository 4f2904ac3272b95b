"""A Slurm of one node in a folder of its own: its own configuration, authentication and ports,
started and ended here."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "unshare")
PARTITION = "here"


def missing() -> str:
    """Why Slurm cannot be started here; empty if it can."""
    absent = [
        name
        for name in PROGRAMS
        if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None
    ]
    if absent:
        return f"not installed: {', '.join(absent)} (Debian: slurm-wlm, munge)"
    if find_spec("snakemake_executor_plugin_slurm") is None:
        return "not installed: snakemake-executor-plugin-slurm"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        return "a private /etc/slurm needs the right to mount (root)"
    return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def private(folder: Path, *words: object) -> list[str]:
    """The command ``words`` as run where ``folder/etc`` is seen as /etc/slurm. Jobs find their
    configuration nowhere else."""
    script = 'mount --bind "$0" /etc/slurm && exec "$@"'
    return [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        script,
        str(folder / "etc"),
        *map(str, words),
    ]


@contextmanager
def one_node(folder: Path, cpus: int):
    """Slurm at work until the block ends; commands that ask it for something are to be made by
    ``private``. Its logs are in ``folder``."""
    node = socket.gethostname().split(".")[0]
    for name in ("etc", "state", "spool"):
        (folder / name).mkdir(parents=True)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    (folder / "etc" / "slurm.conf").write_text(f"""ClusterName=test
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort={_free_port()}
SlurmdPort={_free_port()}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
MinJobAge=300
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={node} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000
PartitionName={PARTITION} Nodes={node} Default=YES MaxTime=INFINITE
""")
    commands = {
        "munged": [
            "munged",
            "--foreground",
            "--force",
            f"--key-file={key}",
            *(f"--{name}-file={folder}/munged.{name}" for name in ("pid", "log", "seed")),
            f"--socket={folder}/munge.socket",
        ],
        "slurmctld": private(folder, "slurmctld", "-D"),
        "slurmd": private(folder, "slurmd", "-D", "-N", node),
    }
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    daemons = []
    try:
        for name, words in commands.items():
            with open(folder / f"{name}.out", "w") as out:
                daemons.append(
                    subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=environment)
                )
            if name == "munged":
                _wait(lambda: (folder / "munge.socket").exists(), folder)
        _wait(
            lambda: (
                subprocess.run(
                    private(folder, "sinfo", "-h", "-o", "%T"), capture_output=True, text=True
                ).stdout.strip()
                == "idle"
            ),
            folder,
        )
        yield
    finally:
        subprocess.run(private(folder, "scancel", "--full", "-u", "root"), capture_output=True)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in reversed(daemons):
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:  # a job that will not end
                daemon.kill()
                daemon.wait()


def _wait(ready, folder: Path) -> None:
    began = time.monotonic()
    while not ready():
        told = {path.name: path.read_text()[-500:] for path in folder.glob("*.out")}
        assert time.monotonic() - began < 60, told
        time.sleep(0.3)

"""Makes the n-th call of every kind fail, for every n: shim.c is preloaded and told which."""

import errno
import os
import shutil
import struct
import subprocess

import commands
import files
from bench import Fault, Skipped, judge

# In the order of shim.c.
KINDS = (
    ["open", "read", "pread", "write", "pwrite", "fsync", "rename", "ftruncate", "mmap", "close", "unlink", "flock"]
    + ["fallocate", "thread"]
)
CREATING = ["open", "write", "pwrite", "fsync", "rename", "ftruncate", "close", "fallocate"]
# What may become of a call, and which calls it is tried on. EINTR and short counts are no failures: the run must go on.
ACTIONS = {
    "ENOSPC": CREATING,
    "EIO": ["open", "read", "pread", "write", "pwrite", "fsync", "rename", "ftruncate", "close", "unlink", "flock"],
    "EINTR": ["open", "read", "pread", "write", "pwrite", "fsync", "rename", "ftruncate", "close", "flock"],
    "short": ["read", "pread", "write", "pwrite"],
    "EMFILE": ["open"],
    "ENOMEM": ["mmap"],
    "EAGAIN": ["thread"],
    "kill": ["open", "write", "pwrite", "fsync", "rename", "ftruncate", "close", "unlink"],
    "after": ["open", "write", "pwrite", "fsync", "rename", "ftruncate", "close", "unlink"],
    "tear": ["write", "pwrite"],
}
KILLS = ("kill", "after", "tear")
# Calls that a run makes a few times: EINTR is tried on all of them in the short form, too.
FEW = ("fsync", "rename", "ftruncate", "flock")


def subjects():
    """Short runs that write every kind of file: as few calls as possible, so that every n is affordable."""
    train = ["train", *commands.NETWORK, "-o", "t.bin", "--epochs", "2", "--save-every", "1", "--json", "--quiet"]
    end = "--json --quiet --threads 1"
    return [
        commands.Command("train", [*train, "--threads", "1"], trains=True),
        commands.Command("slice", f"slice a.bin --points 5 -o out.json -o out.npz -o out.png {end}"),
        commands.Command("import", f"import w.npz --model mlp:64-16-10 --data digits -o i.bin {end}".replace("--json ", "")),
        commands.Command("hessian", f"hessian a.bin --top 2 --save-vectors V.npy -o out.json --threads 2 {end[:-12]}"),
    ]


def cases(bench):
    if shutil.which("gcc") is None:
        yield "fault/shim", no_compiler
        return
    library = compile_shim(bench)
    start = os.path.join(bench.root, "start")
    judge(bench.run(["export", "a.bin", "-o", "w.npz", "--quiet"], start), (0,))
    shutil.rmtree(os.path.join(start, ".temporary"))
    for command in subjects():
        counts = measure(bench, command, library)
        random = bench.random("fault", command.name)
        for action, kinds in ACTIONS.items():
            for kind in kinds:
                # Beyond the last call: the run that makes no n-th call must give the right result.
                numbers = range(1, counts[KINDS.index(kind)] + 2)
                most = len(numbers) if bench.is_long or action == "EINTR" and kind in FEW else 2
                for number in sorted(random.sample(numbers, min(most, len(numbers)))):
                    name = f"fault/{command.name}/{kind}/{action}/{number}"
                    yield name, lambda n, c=command, k=kind, a=action, i=number: attack(bench, n, c, library, k, a, i)


def no_compiler(name):
    raise Skipped("there is no gcc to compile shim.c")


def compile_shim(bench):
    library = os.path.join(bench.root, "shim.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim.c")
    subprocess.run(["gcc", "-O1", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def environment(bench, folder, library, counts, fault=None):
    with open(counts, "wb") as file:
        file.write(bytes(8 * (len(KINDS) + 1)))
    extra = {"LD_PRELOAD": library, "CAMPAIGN_COUNTS": counts, "LANDSCAPE_KEEP_SECONDS": "0"}
    if fault:
        extra["CAMPAIGN_FAULT"] = fault
    return bench.environment(folder, **extra)


def read_counts(path):
    return struct.unpack(f"<{len(KINDS) + 1}Q", files.read_bytes(path))


def measure(bench, command, library):
    """How many calls of each kind an undisturbed run makes."""
    folder = commands.copy(bench, "counts/" + command.name)
    counts = folder + ".counts"
    judge(bench.run(command.words, folder, environment=environment(bench, folder, library, counts)), (0,))
    return read_counts(counts)


def attack(bench, name, command, library, kind, action, number):
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    counts = folder + ".counts"
    former = {} if command.trains else commands.former(bench, folder, reference.outputs)
    started = {**files.all_bytes(os.path.join(bench.root, "start")), **former}
    word = action if action.islower() else str(getattr(errno, action))
    fault = f"{KINDS.index(kind)}:{number}:{word}"
    outcome = bench.run(command.words, folder, environment=environment(bench, folder, library, counts, fault), timeout=30)
    has_happened = read_counts(counts)[-1] == 1
    files.check_former_or_new(folder, started, reference.folder)
    if action in KILLS and has_happened:
        if outcome.signal != 9:
            raise Fault(f"the kill came too late; {outcome}")
        with bench.lock:
            bench.kills += 1
        check_killed(bench, command, folder, started, reference)
    elif action in ("EINTR", "short") or not has_happened:
        check_right(reference, folder, outcome)
    else:
        if kind == "thread" and outcome.signal == 2 and "blas_thread_init" in outcome.err:
            # OpenBLAS itself says so and ends the program as it is loaded.
            return
        judge(outcome, (0, 1, 2))
        if outcome.code == 0:
            # A file that cannot be removed stays.
            check_right(reference, folder, outcome, may_be_left=kind in ("unlink", "flock"))
        else:
            check_failed(folder, command)


def check_right(reference, folder, outcome, may_be_left=False):
    judge(outcome, (0,))
    files.check_folder(folder, may_be_left)
    left = [name for name in files.names(folder) if files.LEFTOVER.search(name) or name.endswith(".unfinished")]
    reference.check_same(folder, ignoring=left if may_be_left else ())
    if words(outcome) != words(reference.outcome):
        raise Fault(f"prints something else; {outcome}")


def words(outcome):
    return files.without_seconds(files.json.loads(outcome.out)) if outcome.out.startswith("{") else None


def check_failed(folder, command):
    """A run that failed leaves whole files alone; what it could not write may lie elsewhere."""
    for name in files.names(folder):
        if files.LEFTOVER.search(name):
            raise Fault(f"left over: {name}")
        if not name.endswith(".unfinished"):
            files.check_whole(os.path.join(folder, name))
    for name in files.temporary(folder):
        files.check_whole(os.path.join(folder, ".temporary", name))


def check_killed(bench, command, folder, started, reference):
    files.check_folder(folder, may_be_left=True)
    if command.trains:
        resumes = any(name.startswith("t.") and name.endswith(".bin") for name in files.names(folder))
    else:
        resumes = bool(files.unfinished(folder))
    words = command.words + ["--resume"] * resumes
    outcome = bench.run(words, folder, environment=bench.environment(folder, LANDSCAPE_KEEP_SECONDS="0"))
    judge(outcome, (0,))
    files.check_folder(folder, may_be_left=False)
    reference.check_same(folder)

"""The same bits for any number of threads, whatever kernels, memory and batch size."""

import commands
import files
from bench import Fault, Skipped, judge

THREADS = [1, 2, 3, 8, 100]


def cases(bench):
    long = commands.commands(bench)
    chosen = ("train", "slice-2d", "hessian-top", "sharpness-l2")
    for command in long:
        if not bench.is_long and command.name not in chosen:
            continue
        for kernels in ("avx512", "avx2", "baseline"):
            variants = [[], ["--batch-size", "7"]]
            if not command.trains:
                variants += [["--memory", "100M"], ["--memory", "4G"]]
            if command.trains or command.name == "report":
                variants = [[]]
            if not bench.is_long:
                variants = [bench.random("bits", command.name, kernels).choice(variants)]
            for options in variants:
                name = f"bits/{command.name}/{kernels}/{'-'.join(options).strip('-') or 'default'}"
                yield name, lambda n, c=command, k=kernels, o=options: attack(bench, n, c, k, o)


def attack(bench, name, command, kernels, options):
    if kernels != "baseline" and kernels not in processor():
        raise Skipped(f"this processor has no {kernels}")
    first = None
    random = bench.random(name)
    others = THREADS[1:] if bench.is_long else random.sample(THREADS[1:], 2)
    for threads in [1, *others]:
        folder = commands.copy(bench, f"{name}/{threads}")
        environment = bench.environment(folder, LANDSCAPE_KERNELS=kernels)
        words = [*command.words, *options, "--threads", threads]
        judge(bench.run(words, folder, environment=environment), (0,))
        if first is None:
            first = folder
        else:
            try:
                files.check_same(folder, first)
            except Fault as fault:
                raise Fault(f"--threads {threads}: {fault}") from None


def processor():
    try:
        flags = files.text("/proc/cpuinfo")
    except OSError:
        return ""
    return ("avx512 " if "avx512f" in flags else "") + ("avx2" if "avx2" in flags else "")

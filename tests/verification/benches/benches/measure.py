"""Measures cold starts and warm requests."""

import collections
import resource
import statistics
import subprocess
import time

BUSY = 0.12
SAMPLE_SECONDS = 0.4

# What is measured of a start, in milliseconds or megabytes, and of warm requests after as many others.
COLD = {
    "first_answer": "spawn to the first answer, ms",
    "first_answer_cpu": "CPU to the first answer, ms",
    "init": "init alone, ms",
    "init_cpu": "CPU of the init, ms",
    "request_cpu": "CPU of the first request, ms",
    "first_memory": "peak memory at the first answer, MB",
}
HASH = {
    "cpu_without_hash": "a warm sign-in without its hash",
    "hash": "its hash",
    "hash_in_c": "the same hash in the reference implementation in C",
}
WARM_MEMORY = {"warm_memory": "peak memory when warm, MB"}


def warm_metrics(steps):
    """Returns the names and the titles of what is measured of warm requests."""
    titles = {}
    for step in steps:
        titles[f"cpu_{step}"] = f"CPU of a request after {step:,}, ms"
        titles[f"latency_{step}"] = f"latency after {step:,}, ms"
    return titles


class Series:
    """The measured values of one figure by round, and whether the machine was busy at one of them."""

    def __init__(self):
        self.rounds, self.busy = collections.defaultdict(list), False

    @property
    def values(self):
        """The values of all rounds."""
        return [value for values in self.rounds.values() for value in values]

    def quartiles(self):
        """Returns the lower quartile, the median and the upper quartile."""
        if len(self.values) == 1:
            return self.values * 3
        return quartiles(self.values)


def quartiles(values):
    """Returns the lower quartile, the median and the upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive")


class Results:
    """All series, by what was measured, the request and the figure."""

    def __init__(self):
        self.series = collections.defaultdict(Series)

    def add(self, number, subject, request, values, is_quiet):
        """Adds the values of one measurement in a round."""
        for metric, value in values.items():
            series = self.series[subject, request, metric]
            series.rounds[number].append(value)
            series.busy |= not is_quiet

    def get(self, subject, request, metric):
        """Returns a series, or None if it was not measured."""
        return self.series.get((subject, request, metric))

    def raw(self):
        """Returns everything as JSON."""
        return [
            {"subject": subject, "request": request, "metric": metric, "values": series.values, "busy": series.busy}
            for (subject, request, metric), series in self.series.items()
        ]


def wait_until_quiet(seconds):
    """Waits at most this long for a machine that does nothing else, and returns whether it is."""
    deadline = time.monotonic() + seconds
    while True:
        before = processor_times()
        time.sleep(SAMPLE_SECONDS)
        total, idle = (after - earlier for after, earlier in zip(processor_times(), before))
        if total - idle <= BUSY * total:
            return True
        if time.monotonic() > deadline:
            return False


def processor_times():
    """Returns the time of all processors so far, and that without work, in ticks."""
    with open("/proc/stat") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]


def cold(process, made):
    """Measures the start of a process and its first answer, whatever it is: a new process has an empty Map."""
    init = process.wait_until_idle()
    init_cpu = process.cpu()
    answer = process.invoke(made)
    cpu = process.cpu()
    return {
        # The pause in which the processor time is read is not counted.
        "first_answer": init + answer.milliseconds,
        "first_answer_cpu": cpu,
        "init": init,
        "init_cpu": init_cpu,
        "request_cpu": cpu - init_cpu,
        "first_memory": process.peak_memory(),
    }


def warm(process, visitor, request, steps, block):
    """Measures a block of requests after each step, which is a number of requests before it."""
    visitor.prepare(request, max(steps) + block)
    values, sent = {}, 0
    for step in steps:
        for _ in range(step - sent):
            visitor.check(process.invoke(visitor.event(request)))
        before = process.cpu()
        latencies = [visitor.check(process.invoke(visitor.event(request))).milliseconds for _ in range(block)]
        values[f"cpu_{step}"] = (process.cpu() - before) / block
        values[f"latency_{step}"] = statistics.median(latencies)
        sent = step + block
    return values | {"warm_memory": process.peak_memory()}


def reference_hash():
    """Returns the processor time of a hash with the default parameters (19 MiB, 2 passes) in C, in milliseconds.

    A function has touched its memory before. This leaves out the first use too: it is what 10 passes take more than 2.
    The program hashes twice, as it verifies its own result.
    """
    return (argon2_cpu(10) - argon2_cpu(2)) / 8


def argon2_cpu(passes):
    """Returns the processor time of the program argon2 with this many passes, in milliseconds."""
    command = ["argon2", "sixteen bytes ok", "-id", "-v", "13", "-t", str(passes), "-k", "19456", "-p", "1"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, input=b"correct horse battery staple", stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3

"""Tables of the results, and the bounds that they must keep."""

import statistics

from .measure import COLD, WARM_MEMORY, quartiles, warm_metrics
from .peers import AUTH_JS, ECHO, LABELS
from .vestibule import Vestibule

OURS = Vestibule.name
# A ratio is noisy with fewer rounds, or if its quartiles are further apart than this share of its median.
MIN_ROUNDS = 5
SPREAD = 0.15
# The same for the processor time of a sign-in without its hash.
REST_SPREAD_MS = 0.5
PACKAGE_MB = 2.0
LARGE_PACKAGE_MB = {"Activate": 2.4, "Reset": 2.4}


class Ratio:
    """The ratio of two figures, each named by subject, request and metric, in each round in which both were measured."""

    def __init__(self, results, over, under):
        pair = [results.get(*key) for key in (over, under)]
        self.name = f"{over[2]} of {over[1]}, {LABELS[over[0]]} to {LABELS[under[0]]}"
        self.busy = any(series.busy for series in pair if series)
        self.values = []
        if None not in pair:
            above, below = (series.rounds for series in pair)
            rounds = above.keys() & below.keys()
            self.values = [statistics.median(above[each]) / statistics.median(below[each]) for each in rounds]

    def noise(self):
        """Returns why there is no ratio although both figures were measured, or None."""
        if not self.values:
            return None
        if self.busy:
            return "were measured on a busy machine"
        if len(self.values) < MIN_ROUNDS:
            return f"were measured in fewer than {MIN_ROUNDS} rounds"
        low, median, high = quartiles(self.values)
        if high - low > SPREAD * median:
            return f"have quartiles that are more than {SPREAD:.0%} of the median apart"
        return None

    def median(self):
        """Returns the median, or None without a value or with too much noise."""
        return None if not self.values or self.noise() else statistics.median(self.values)


def ratio(results, over, under):
    """Returns the median of a ratio; None if one of its figures is missing or it is noisy."""
    return Ratio(results, over, under).median()


def without_hash(results):
    """Returns the processor time of a sign-in without its hash, in ms; None if it is missing or noisy. A difference of
    large figures can be negative, so that its quartiles are compared with the bound instead."""
    series = results.get(OURS, "sign-in", "cpu_without_hash")
    if series is None or series.busy or len(series.rounds) < MIN_ROUNDS:
        return None
    low, median, high = series.quartiles()
    return median if high - low <= REST_SPREAD_MS else None


def all_ratios(results):
    """Yields the ratios of each figure of ours: to the echo, and of Auth.js to it."""
    for subject, request, metric in list(results.series):
        if subject == OURS:
            ours = (subject, request, metric)
            yield Ratio(results, ours, (ECHO, "me", metric))
            yield Ratio(results, (AUTH_JS, request, metric), ours)


def noisy_ratios(results):
    """Yields a sentence for each reason why ratios are not printed."""
    reasons = {}
    for each in all_ratios(results):
        if why := each.noise():
            reasons.setdefault(why, []).append(each.name)
    for why, names in reasons.items():
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        yield f"{len(names)} ratios {why}: {'; '.join(names[:5])}{more}."


def tables(results, requests, steps, packages):
    """Yields the lines of a Markdown table for each request."""
    metrics = COLD | warm_metrics(steps) | WARM_MEMORY
    for request in requests:
        subjects = [name for name in LABELS if any(results.get(name, shown(name, request), each) for each in metrics)]
        yield f"### `{request}`\n"
        yield "| | " + " | ".join(LABELS[name] for name in subjects) + " | ours ÷ echo | Auth.js ÷ ours |"
        yield "|---" * (len(subjects) + 3) + "|"
        for metric, title in metrics.items():
            keys = {name: (name, shown(name, request), metric) for name in subjects}
            cells = [cell(results.get(*key)) for key in keys.values()]
            if any(cells):
                ours = keys.get(OURS)
                floor = ratio(results, ours, (ECHO, "me", metric)) if ours else None
                best = ratio(results, (AUTH_JS, request, metric), ours) if ours else None
                yield f"| {title} | " + " | ".join([*cells, times(floor), times(best)]) + " |"
        sizes = {name: packages.get((name, request)) or packages.get((name, "me")) for name in subjects}
        cells = [f"{size:.2f}" if size else "" for size in sizes.values()]
        yield "| package, MB zipped | " + " | ".join([*cells, *size_ratios(sizes)]) + " |\n"


def shown(subject, request):
    """Returns the request by which a subject is shown beside another: the floors answer all requests alike."""
    return "me" if subject in (ECHO, "bare") else request


def size_ratios(sizes):
    """Returns our package by that of the echo, and that of Auth.js by ours."""
    ours, echo, auth_js = (sizes.get(name) for name in (OURS, ECHO, AUTH_JS))
    return [times(ours / echo if ours and echo else None), times(auth_js / ours if ours and auth_js else None)]


def cell(series):
    """Returns a median with its quartiles, with three significant digits."""
    if series is None:
        return ""
    low, median, high = (f"{value:#.3g}".rstrip(".") for value in series.quartiles())
    return f"{median} ({low}–{high})"


def times(number):
    """Returns a ratio, or a dash if there is none."""
    return "–" if number is None else f"{number:#.3g}".rstrip(".")


def bounds(results, sizes, steps):
    """Yields each bound: a sentence with its limit, whether it is at most that, the limit, and the figure or None."""
    for request in ("me", "request-login"):
        ours = (OURS, request, "first_answer_cpu")
        echo, auth_js = (ECHO, "me", "first_answer_cpu"), (AUTH_JS, request, "first_answer_cpu")
        yield f"CPU to the first answer of {request}: at most 2 times the echo's", True, 2, ratio(results, ours, echo)
        yield f"CPU to the first answer of {request}: at least 45 times less than Auth.js", False, 45, ratio(
            results, auth_js, ours
        )
        memory = results.get(OURS, request, "first_memory")
        yield f"Peak memory at the first answer of {request}: at most 6 MB", True, 6, memory and memory.quartiles()[1]
    if {300, 3000} <= set(steps):
        ours = (OURS, "me", "cpu_300")
        auth_js = ratio(results, ours, (AUTH_JS, "me", "cpu_3000"))
        echo = ratio(results, ours, (ECHO, "me", "cpu_300"))
        yield "CPU of me after 300 requests: at most 0.4 of Auth.js's after 3,000", True, 0.4, auth_js
        yield "CPU of me after 300 requests: at most 3 times the echo's", True, 3, echo
    yield "CPU of a warm sign-in without its hash: at most 1 ms", True, 1, without_hash(results)
    hashes = [(OURS, "sign-in", metric) for metric in ("hash", "hash_in_c")]
    yield "CPU of the hash: at most 0.9 of that in C", True, 0.9, ratio(results, *hashes)
    for function, size in sizes.items():
        limit = LARGE_PACKAGE_MB.get(function, PACKAGE_MB)
        yield f"Package of {function}: at most {limit} MB zipped", True, limit, size

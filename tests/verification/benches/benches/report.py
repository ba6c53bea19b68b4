"""Tables of the results, and the bounds that they must keep."""

from .measure import COLD, WARM_MEMORY, warm_metrics
from .peers import AUTH_JS, ECHO, LABELS
from .vestibule import Vestibule

OURS = Vestibule.name
# A figure is noisy with fewer values, or if its quartiles are further apart than this share of its median.
MIN_VALUES = 5
SPREAD = 0.15
PACKAGE_MB = 2.0
LARGE_PACKAGE_MB = {"Activate": 2.4, "Reset": 2.4}


def noise(series):
    """Returns why no ratio can be made of a series, or None."""
    if series.busy:
        return "were measured on a busy machine"
    if len(series.values) < MIN_VALUES:
        return f"were measured fewer than {MIN_VALUES} times"
    low, median, high = series.quartiles()
    if high - low > SPREAD * median:
        return f"have quartiles that are more than {SPREAD:.0%} of the median apart"
    return None


def ratio(results, over, under):
    """Returns the ratio of two medians, each named by subject, request and metric; None if one is missing or noisy."""
    pair = [results.get(*key) for key in (over, under)]
    if None in pair or any(noise(series) for series in pair):
        return None
    return pair[0].quartiles()[1] / pair[1].quartiles()[1]


def noisy_figures(results):
    """Yields a sentence for each reason why figures have no ratio."""
    reasons = {}
    for (subject, request, metric), series in results.series.items():
        if why := noise(series):
            reasons.setdefault(why, []).append(f"{metric} of {request} by {LABELS[subject]}")
    for why, figures in reasons.items():
        more = f" and {len(figures) - 5} more" if len(figures) > 5 else ""
        yield f"{len(figures)} of {len(results.series)} figures {why}: {', '.join(figures[:5])}{more}."


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
    rest = results.get(OURS, "sign-in", "cpu_without_hash")
    rest = None if rest is None or noise(rest) else rest.quartiles()[1]
    yield "CPU of a warm sign-in without its hash: at most 1 ms", True, 1, rest
    hashes = [(OURS, "sign-in", metric) for metric in ("hash", "hash_in_c")]
    yield "CPU of the hash: at most 0.9 of that in C", True, 0.9, ratio(results, *hashes)
    for function, size in sizes.items():
        limit = LARGE_PACKAGE_MB.get(function, PACKAGE_MB)
        yield f"Package of {function}: at most {limit} MB zipped", True, limit, size

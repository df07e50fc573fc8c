"""Tables in Markdown: medians of all rounds, one table for each scenario."""

import datetime
import os
import platform
import statistics

BEGIN = "<!-- tables: written by Scripts/bench --write -->"
END = "<!-- end of the tables -->"


def number(value, decimals=0):
    return "-" if value is None else f"{value:,.{decimals}f}"


def short(value):
    """With decimals where they are worth reading."""
    return number(value, 0 if value is None or value >= 100 else 1)


def values(rows, *path):
    """The values below a path of keys, of all rows that have it."""
    found = []
    for row in rows:
        for key in path:
            row = (row or {}).get(key)
        if row is not None:
            found.append(row)
    return found


def median(rows, *path):
    found = values(rows, *path)
    return statistics.median(found) if found else None


def spread(rows, *path):
    """Half of the range as a share of the median, in percent."""
    found = values(rows, *path)
    middle = statistics.median(found) if found else 0
    return (max(found) - min(found)) / 2 / middle * 100 if middle else None


def columns(scenario):
    """The heads of a scenario's table, and what stands below them."""
    rate = f"{scenario.unit}s_per_s"
    cost = ("process", f"cpu_per_{scenario.unit}_us")
    cells = [
        (f"{scenario.unit}s/s", lambda rows: number(median(rows, rate))),
        ("±", lambda rows: f"{number(spread(rows, rate))} %"),
        (f"CPU µs/{scenario.unit}", lambda rows: number(median(rows, *cost), 1)),
        ("CPU %", lambda rows: number(100 * (median(rows, "process", "cpu_share") or 0))),
    ]
    percentiles = [("latency", "latency_us")]
    if scenario.unit == "event":
        percentiles = [("delivery", "delivery_us")]
    elif "--stream" in scenario.load:
        percentiles.append(("TTFT", "ttft_us"))
    for title, key in percentiles:
        for part in ("p50", "p99"):
            cells.append((f"{title} {part} µs", percentile(key, part)))
    if scenario.streams:
        cells.append(("KB/stream", lambda rows: number(per_stream(rows, scenario.streams), 1)))
    memory = ("process", "rss_peak_bytes")
    cells.append(("RSS peak MB", lambda rows: number((median(rows, *memory) or 0) / 1e6, 1)))
    cells.append(("errors", lambda rows: number(sum(row["errors"] for row in rows))))
    return cells


def percentile(key, part):
    return lambda rows: short(median(rows, key, part))


def per_stream(rows, streams):
    """Kilobytes by which memory has grown with each stream; None of a direct run."""
    grown = [
        (row["process"]["rss_bytes"] - row["idle_rss_bytes"]) / streams / 1000
        for row in rows
        if row["idle_rss_bytes"] and row.get("process")
    ]
    return statistics.median(grown) if grown else None


def table(name, scenario, rows):
    cells = columns(scenario)
    lines = [
        f"### {name}",
        "",
        f"{scenario.about[0].upper()}{scenario.about[1:]}.",
        "",
        "| | " + " | ".join(head for head, _ in cells) + " |",
        "|---" + "|---:" * len(cells) + "|",
    ]
    for peer in dict.fromkeys(row["peer"] for row in rows):
        mine = [row for row in rows if row["peer"] == peer]
        lines.append(f"| {peer} | " + " | ".join(cell(mine) for _, cell in cells) + " |")
    return "\n".join(lines)


def machine():
    """What it was measured on, and when."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    day = datetime.datetime.now(datetime.timezone.utc).date()
    cores = len(os.sched_getaffinity(0))
    processor = models[0] if models else platform.machine()
    return f"Measured on {day}: {processor}, {cores} cores, Linux {platform.release()}"


def render(rows, scenarios):
    """All tables, in the order in which they were measured."""
    names = list(dict.fromkeys(row["scenario"] for row in rows))
    rounds = max(
        sum(1 for row in rows if (row["scenario"], row["peer"]) == (name, peer))
        for name in names
        for peer in {row["peer"] for row in rows}
    )
    intro = f"{machine()}; medians of {rounds}, peers in turn. "
    intro += "CPU and RSS are the peer's; of the direct run, the fake backend's."
    stolen = [row["stolen_share"] for row in rows]
    intro += f" Other virtual machines took {statistics.median(stolen) * 100:.1f} % of the"
    intro += f" processors in the median run, {max(stolen) * 100:.1f} % in the worst."
    parts = []
    for name in names:
        mine = [row for row in rows if row["scenario"] == name]
        parts.append(table(name, scenarios[name], mine))
    return "\n\n".join([intro, *parts])


def replaced(document, text):
    """The document with these tables in place of its own."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"

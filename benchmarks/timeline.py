"""Where the time of a run goes: a bar for each job from its start to its end, and the longest.

    python benchmarks/timeline.py [--run quick] [--picture timeline.png]

Reads the times that papermill left in the run's executed notebooks. Jobs that were executed in
another start of the run than the last are left out.
"""

import argparse
from pathlib import Path

import nbformat
import pandas as pd
from matplotlib.figure import Figure
from measured import note

GAP_S = 600  # between two jobs: what lies before belongs to an earlier start


def job_times(folder: Path) -> pd.DataFrame:
    """``job, start, end`` in seconds since the first job of the last start."""
    rows = []
    for path in sorted(folder.glob("chapters/*.ipynb")):
        times = nbformat.read(path, as_version=4).metadata["papermill"]
        start, end = (pd.Timestamp(times[name]).timestamp() for name in ("start_time", "end_time"))
        rows.append((path.stem, start, end))
    table = pd.DataFrame(rows, columns=["job", "start", "end"]).sort_values("start")
    before = table["end"].cummax().shift(fill_value=table["start"].iloc[0])
    last = (table["start"] - before > GAP_S).cumsum()
    table = table[last == last.max()]
    return table.assign(**{name: table[name] - table["start"].iloc[0] for name in ("start", "end")})


def timeline_figure(table: pd.DataFrame) -> Figure:
    """A bar a job over the minutes of the run."""
    figure = Figure(figsize=(8, 0.28 * len(table) + 0.8), layout="constrained")
    axes = figure.subplots()
    seconds = table["end"] - table["start"]
    axes.barh(table["job"], seconds / 60, left=table["start"] / 60, color="#0072B2")
    for job, end, length in zip(table["job"], table["end"], seconds, strict=True):
        axes.text(end / 60 + 0.05, job, f"{length:.0f} s", va="center", fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("minutes since the first job began")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="quick")
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    folder = Path(__file__).resolve().parents[1] / "runs" / asked.run
    table = job_times(folder)
    longest = table.assign(seconds=table["end"] - table["start"]).nlargest(5, "seconds")
    told = ", ".join(f"{row.job} {row.seconds:.0f} s" for row in longest.itertuples())
    minutes = f"{table['end'].max() / 60:.1f} minutes of {len(table)} jobs; longest: {told}"
    print(minutes)
    note(f"Where the time of a run goes, {asked.run}", minutes, "benchmarks/timeline.py")
    if asked.picture:
        timeline_figure(table).savefig(asked.picture, dpi=150)


if __name__ == "__main__":
    main()

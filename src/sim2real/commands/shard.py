"""``sim2real shard``: a part of chapter 1 or 2 as a job of its own, before the chapter collects all parts."""

from .data import check_name


def add(commands) -> None:
    shard = commands.add_parser("shard", help="make a part of a run's subjects or images; the chapter then collects all parts")
    shard.add_argument("chapter", choices=["population", "simulation"], help="population: structure maps; simulation: images")
    shard.add_argument("part", metavar="I/N", help="the I-th of N parts, such as 3/16")
    shard.add_argument("--run", required=True, metavar="NAME", help="name of the run's folder under runs/")
    shard.add_argument("--preset", default="quick", help="as for sim2real run, which must be given the same")
    shard.add_argument("--set", action="append", default=[], metavar="CHAPTER.NAME=VALUE", help="likewise; may be repeated")
    shard.set_defaults(action=_shard)


def _shard(options) -> int:
    from ..core.presets import load_parameters
    from ..core.root import repository
    from ..core.run import RunFolder
    from ..population.build import make_shard
    from ..simulation.build import simulate_shard

    check_name(options.run)
    parameters, run = load_parameters(options.preset, options.set), RunFolder(repository() / "runs" / options.run)
    make = {"population": make_shard, "simulation": simulate_shard}[options.chapter]
    n = make(run, getattr(parameters, options.chapter), parameters.seed, options.part)
    print(f"runs/{options.run}: {options.chapter} {options.part}, {n} subjects")
    return 0

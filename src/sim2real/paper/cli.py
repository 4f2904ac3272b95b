"""The command line: ``sim2real run``, ``book``, ``predict`` and what goes with them."""

import argparse
import errno
import os
import re
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from .. import cohort, course, population, realism, segmentation, translation
from ..data import REGIMES, VENDORS, Sim2RealError, at_home, refuse, repository
from .chapters import LAST, SEGMENTATION, STUDIES, TRANSLATION, resolve_chapter, resolve_studies
from .data_check import check_data
from .parameters import check, load_parameters, run_parameters
from .processes import stoppable
from .reference import reference_page

_LICENCE = "show pictures made from M&Ms, ACDC or XCAT data, which their terms forbid to pass on"
_SPINS = "10000"
"""How long a waiting thread of torch's stays awake (GNU's OpenMP). Its default of 300,000 keeps the
processors of a busy machine occupied with waiting: ``benchmarks/waiting.py``."""


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, and turn every fault a user can put right into one line and exit status 1."""
    os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)  # before torch is imported, here or in a job
    # the processes of a run keep the bytecode of what they import: compiling it anew takes seconds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", os.path.join(sys.prefix, "pycache"))
    with suppress(AttributeError):  # what is no stream of a terminal or file
        sys.stdout.reconfigure(errors="backslashreplace")  # for names that it cannot spell
    options = _parser().parse_args(arguments)
    try:
        _refuse_empty(sys.argv[1:] if arguments is None else arguments)
        with stoppable():
            return options.action(options) or 0
    except Sim2RealError as error:
        print(f"sim2real: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        return 0
    except OSError as error:  # a full disk, a folder that cannot be read
        closed = error.errno in (errno.EROFS, errno.EACCES)
        hint = "; make it writable, or work in another copy of the project" if closed else ""
        fault = f"{error.filename or 'system'}: {error.strerror or error}{hint}"
        print(f"sim2real: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sim2real: stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _refuse_empty(arguments: list[str]) -> None:
    """Raise Sim2RealError for an empty argument: as a path it would be the working folder, as a
    name the default."""
    for before, text in pairwise(["sim2real", *arguments]):
        refuse(
            not text.strip() or re.fullmatch(r"--[\w-]+=\s*", text),
            f"{text.strip() or before}: is followed by an empty argument; expected a value, or is a"
            " variable of the shell not set?",
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sim2real", description=__doc__)
    groups = {"": parser.add_subparsers(required=True, metavar="COMMAND")}
    of_cohort = groups[""].add_parser("cohort", help="look at a folder of real images")
    groups["cohort"] = of_cohort.add_subparsers(required=True, metavar="COMMAND")
    for name, action, about, arguments in COMMANDS:
        group, _, last = name.rpartition(" ")
        words = {"help": about} if about else {}
        command = groups[group].add_parser(last, **words)
        command.set_defaults(action=action)
        for flags, options in arguments:
            command.add_argument(*flags, **options)
    return parser


def argument(*flags: str, **options: object) -> tuple:
    """An argument of a command, as argparse's ``add_argument`` takes it."""
    return flags, options


def positive(text: str) -> int:
    """argparse's type of a number of cores; its message is the function's name."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _run(options) -> None:
    from .workflow import find_profile, start

    root, name = repository(), options.resume
    until, studies = resolve_chapter(options.until), resolve_studies(options.appendix)
    refuse(
        options.resume and (options.set or options.run or options.preset),
        "--resume takes the parameters that the run was started with; leave out --set, --run "
        "and --preset, or leave out --resume",
    )
    if options.resume:
        parameters = run_parameters(root / "runs" / name)
    else:
        preset = options.preset or os.environ.get("SIM2REAL_PRESET", "quick")
        parameters, name = load_parameters(preset, options.set), options.run or preset
    refuse(
        not re.fullmatch(r"\w[\w.-]*", name) or name == "record",
        f"--run {name}: expected a plain name of letters, digits, '-', '_' and '.', other than "
        "'record'; it becomes a folder under runs/",
    )
    profile = find_profile(root, options.profile)
    check_data(parameters, until, root)
    n = start(parameters, f"runs/{name}", root, until, studies, options.cores, profile)
    done = f"{n} notebooks executed, the rest were up to date" if n else "everything is up to date"
    print(f"runs/{name}: {done}", flush=True)


def _cohort_check(options) -> int:
    report = cohort.check_cohort(options.path)
    print("\n".join(report.lines()))
    return 0 if report.usable else 1


def _book(options) -> None:
    from .book import build_book

    _require_of_one_run(options.run)
    page = build_book(repository(), options.run, options.publish_real_images)
    print(f"The book: {page}")


def _pdf(options) -> None:
    from .pdf import build_pdf

    if options.run != "record":
        _require_of_one_run(options.run)
    path = build_pdf(repository(), options.run, options.output, options.publish_real_images)
    print(f"The paper: {path}")


def _publish(options) -> None:
    from .book import publish

    _require_of_one_run(options.run)
    publish(repository(), options.run, options.publish_real_images)


def _require_of_one_run(name: str) -> None:
    """Raise Sim2RealError where a whole run's chapters are not of one execution."""
    from .provenance import is_whole
    from .verify import verify

    folder = repository() / "runs" / name
    if is_whole(folder):
        for checked in verify(folder, "files", "inputs"):
            for fault in checked.faults:
                raise Sim2RealError(
                    f"runs/{name}: {fault}; execute it to its end with 'sim2real run --resume"
                    f" {name}'"
                )


def _folder_of(name: str) -> Path:
    """The folder of a run, or of the record; Sim2RealError where there is none."""
    root = repository()
    folder = root / "book" / "chapters" if name == "record" else root / "runs" / name
    refuse(
        Path(name).name != name or not (folder / "parameters.yaml").is_file(),
        f"{name}: no such run; expected the name of a folder under runs/ that 'sim2real run' "
        "has made, or 'record'",
    )
    return folder


def _verify(options) -> int:
    from .verify import verify

    if options.rerun:
        return _rerun(options.run)
    faults = 0
    for checked in verify(_folder_of(options.run)):
        state = "FAULT" if checked.faults else "ok" if checked.compared else "-"
        told = f"{checked.compared:>7} compared" if checked.compared else " not repeated"
        note = f": {checked.note}" if checked.note else ""
        print(f"{state:<6}{checked.name:<12}{told}{note}", flush=True)
        for line in checked.faults[:20]:
            print(f"        {line}")
        if len(checked.faults) > 20:
            print(f"        and {len(checked.faults) - 20} more")
        faults += len(checked.faults)
    outcome = f"{faults} mismatches" if faults else "everything that was repeated agrees"
    print(f"{options.run}: {outcome}")
    return 1 if faults else 0


def _rerun(name: str) -> int:
    """Execute a run's parameters again and hold every number against its tolerance."""
    from .book import has_study
    from .workflow import start

    folder, again = _folder_of(name), f"{name}-again"
    studies = [study.name for study in STUDIES if has_study(folder, study.name)]
    start(run_parameters(folder), f"runs/{again}", repository(), studies=studies)
    moved = _compare(name, again).moved
    beyond = int((~moved["within"].astype(bool)).sum())
    print(f"{len(moved)} numbers differ, {beyond} beyond their tolerance")
    return 1 if beyond else 0


def _diff(options) -> None:
    _compare(options.first, options.second)


def _compare(first: str, second: str):
    from .difference import difference, lines

    compared = difference(_folder_of(first), _folder_of(second))
    print("\n".join(lines(compared, first, second)))
    return compared


def _predict(options) -> None:
    if options.run is None:
        refuse(
            options.training or options.seed is not None,
            "--training and --seed choose among a run's segmenters; name the run with --run",
        )
        card, model = segmentation.pretrained_card(), segmentation.PRETRAINED
        print(card["sentence"])
        grid, training = cohort.CohortParameters(crop_centre="heart"), card["training"]
    else:
        training = options.training or "sim2real"
        refuse(
            training not in REGIMES,
            f"--training {training}: no such regime; there are {', '.join(REGIMES)}",
        )
        run = repository() / "runs" / options.run
        parameters = run_parameters(run)
        seed = parameters.segmentation.seeds[0] if options.seed is None else options.seed
        grid = parameters.cohort
        model = segmentation.model_folder(run / SEGMENTATION.name, training, seed)
    segmentation.predict_source(options.source, model, grid, training, options.output)


def _translate(options) -> None:
    from ..data import choose_device

    refuse(
        options.vendor not in VENDORS,
        f"--vendor {options.vendor}: no such vendor; there are {', '.join(VENDORS)}",
    )
    run = repository() / "runs" / options.run
    no_run = options.weights and not run.exists()
    grid = cohort.CohortParameters() if no_run else run_parameters(run).cohort
    if options.weights:
        generator = translation.load_official_generator(options.weights)
    else:
        path = run / TRANSLATION.name / "models" / options.vendor / "generator.pt"
        generator = translation.load_generator(path, choose_device())
    paths = translation.translate_source(
        options.source, generator, grid, options.vendor, options.output
    )
    count = "1 image" if len(paths) == 1 else f"{len(paths)} images"
    print(f"{options.output}: {count} in the look of vendor {options.vendor}, float32 from 0 to 1")


def _xcat_par(options) -> None:
    if options.run:
        parameters = run_parameters(repository() / "runs" / options.run)
        seed, asked = parameters.seed, parameters.population
    else:
        values = {"n_subjects": options.subjects, "share_normal": options.share_normal}
        model = population.PopulationParameters
        seed, asked = options.seed, check(model, values, "population")
    indices = range(asked.n_subjects)
    subjects = [population.sample_subject(seed, k, asked.share_normal) for k in indices]
    paths = population.write_pars(subjects, options.output)
    print(
        f"{options.output}: {len(paths)} subjects, one .par each; run XCAT in each folder and set "
        f"population.xcat_root to {options.output}"
    )


def _course(options) -> None:
    refuse(
        options.pages == (options.output is not None),
        "sim2real course: expected either a folder, as in 'sim2real course my-course', or --pages",
    )
    if options.pages:
        print(f"book/course/student: {len(course.write_pages(repository()))} lessons")
        return
    course.build_course(repository(), options.output, options.execute)
    print(
        f"{options.output}: student/ and instructor/ are notebooks, slides/ opens in a browser, "
        "without a network"
    )


def _fetch_weights(options) -> None:
    path, reason = realism.find_weights(realism.RealismParameters())
    refuse(
        path is None,
        f"{reason}; FID needs them: try again, or put them into PyTorch's cache (book/data.md)",
    )
    print(f"the Inception weights are there and have the right checksum: {path.name}")


def _execute(options) -> None:
    from .executing import execute

    run = options.run.rstrip("/")
    execute(options.job, run_parameters(options.root / run), options.root, run, options.cores)


COMMANDS = (
    (
        "run",
        _run,
        "execute the chapters that are stale, in the paper's order",
        (
            argument("--preset", help="quick (default), standard, paper"),
            argument(
                "--set",
                action="append",
                default=[],
                metavar="CHAPTER.NAME=VALUE",
                help="change a parameter; may be repeated",
            ),
            argument(
                "--run",
                metavar="NAME",
                help="name of the run's folder under runs/ (default: the preset's name)",
            ),
            argument(
                "--resume", metavar="NAME", help="go on with a run, its parameters as they were"
            ),
            argument(
                "--until",
                default=LAST,
                metavar="CHAPTER",
                help="last chapter to execute, by number or name",
            ),
            argument(
                "--appendix",
                action="append",
                default=[],
                metavar="STUDY",
                help="execute a study of the appendix, too: A1, A2, A3 or all",
            ),
            argument("--cores", type=positive, help="cores to use (default: all)"),
            argument(
                "--profile",
                metavar="NAME",
                help="Snakemake profile that says where jobs run: slurm, kubernetes, or a folder",
            ),
        ),
    ),
    (
        "book",
        _book,
        "render a run's executed chapters into _build/html",
        (
            argument("--run", default="quick", metavar="NAME"),
            argument("--publish-real-images", action="store_true", help=_LICENCE),
        ),
    ),
    (
        "pdf",
        _pdf,
        "print front page and chapters of the book to one PDF, with Chromium",
        (
            argument(
                "--run",
                default="record",
                metavar="NAME",
                help="a run's name, or 'record' (default) for the published one",
            ),
            argument(
                "--output",
                type=at_home,
                default=Path("sim2real.pdf"),
                metavar="FILE",
                help="the PDF (default: sim2real.pdf)",
            ),
            argument("--publish-real-images", action="store_true", help=_LICENCE),
        ),
    ),
    (
        "publish",
        _publish,
        "make a run the record in book/chapters/",
        (
            argument("run", metavar="NAME"),
            argument("--publish-real-images", action="store_true", help=_LICENCE),
        ),
    ),
    (
        "verify",
        _verify,
        "repeat what can be repeated cheaply of a run, and name every mismatch",
        (
            argument(
                "run",
                nargs="?",
                default="record",
                metavar="RUN",
                help="a run's name, or 'record' (default)",
            ),
            argument(
                "--rerun",
                action="store_true",
                help="execute it again, whole, and hold every number against its tolerance",
            ),
        ),
    ),
    (
        "diff",
        _diff,
        "what changed from one run to another: parameters, code, data, numbers, figures",
        (
            argument("first", metavar="RUN", help="a run's name, or 'record'"),
            argument("second", metavar="RUN", help="a run's name, or 'record'"),
        ),
    ),
    (
        "predict",
        _predict,
        "segment NIfTI images or an M&Ms folder, with the segmenter that comes along or a run's",
        (
            argument(
                "source",
                type=at_home,
                help="a NIfTI short-axis stack, a folder of them, or an M&Ms folder",
            ),
            argument(
                "--run",
                metavar="NAME",
                help="the run whose segmenter is used (default: the one that comes along)",
            ),
            argument(
                "--training",
                help="regime of the run's segmenter: simulated, sim2real (default), real, both",
            ),
            argument(
                "--seed",
                type=int,
                help="which of the regime's segmenters (default: the run's first)",
            ),
            argument(
                "--output",
                type=at_home,
                default=Path("predictions"),
                help="folder for the label files and scores.csv",
            ),
        ),
    ),
    (
        "translate",
        _translate,
        "give NIfTI images the look of a vendor with a run's translator",
        (
            argument(
                "source",
                type=at_home,
                metavar="SOURCE",
                help="a NIfTI image (3D, or 4D phase by phase) or a folder of them",
            ),
            argument(
                "--run",
                default="quick",
                metavar="NAME",
                help="the run whose translator is used (default: quick)",
            ),
            argument(
                "--vendor", required=True, metavar="A|B", help="whose look the images are given"
            ),
            argument(
                "--output",
                type=at_home,
                default=Path("translations"),
                help="folder for the images (default: translations)",
            ),
            argument(
                "--weights",
                type=at_home,
                metavar="FOLDER",
                help="weights of the public CUT code (latest_net_G.pth) to use instead",
            ),
        ),
    ),
    (
        "xcat-par",
        _xcat_par,
        "write XCAT's parameter files for the virtual subjects, for holders of its licence",
        (
            argument(
                "output",
                type=at_home,
                metavar="OUTPUT",
                help="folder for one sub-folder and .par a subject",
            ),
            argument(
                "--run",
                metavar="NAME",
                help="the subjects of this run (default: of --seed, --subjects and --share-normal)",
            ),
            argument("--seed", type=int, default=0, help="seed of the subjects (default: 0)"),
            argument(
                "--subjects", type=int, default=40, metavar="N", help="how many (default: 40)"
            ),
            argument(
                "--share-normal",
                type=float,
                default=0.5,
                metavar="F",
                help="share without disease, 0 to 1 (default: 0.5)",
            ),
        ),
    ),
    (
        "cohort check",
        _cohort_check,
        "list what an M&Ms or ACDC folder holds and everything that is wrong with it",
        (
            argument(
                "path",
                type=at_home,
                metavar="PATH",
                help="the folder that cohort.mnms_root or cohort.acdc_root is to name",
            ),
        ),
    ),
    (
        "course",
        _course,
        "write the course: student's and instructor's notebooks, and slides",
        (
            argument(
                "output",
                type=at_home,
                nargs="?",
                metavar="OUTPUT",
                help="folder for student/, instructor/ and slides/",
            ),
            argument(
                "--execute",
                action="store_true",
                help="execute the instructor's notebooks first: they and the slides hold outputs",
            ),
            argument(
                "--pages",
                action="store_true",
                help="write the student's edition into the book instead, book/course/student",
            ),
        ),
    ),
    (
        "parameters",
        lambda options: print(reference_page()),
        "print the reference of all parameters",
        (),
    ),
    (
        "fetch-weights",
        _fetch_weights,
        "fetch the Inception weights that FID needs, by their checksum",
        (),
    ),
    (
        "execute",
        _execute,
        None,
        (
            argument("job"),
            argument("--run", required=True),
            argument("--root", required=True, type=Path),
            argument("--cores", type=int, default=1),
        ),
    ),
)
"""Each command: its name, what it does, what it says of itself, its arguments."""


if __name__ == "__main__":
    sys.exit(main())

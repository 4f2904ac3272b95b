"""``sim2real course``: the seven lessons as notebooks for students and instructors, and as slides."""

from pathlib import Path

from ..core.errors import Sim2RealError


def add(commands) -> None:
    course = commands.add_parser("course", help="write the course: student's and instructor's notebooks, and slides")
    course.add_argument("output", type=Path, nargs="?", metavar="OUTPUT", help="folder for student/, instructor/ and slides/")
    course.add_argument(
        "--execute", action="store_true", help="execute the instructor's notebooks first, so that they and the slides hold outputs"
    )
    course.add_argument("--pages", action="store_true", help="write the student's edition into the book instead, book/course/student")
    course.set_defaults(action=_course)


def _course(options) -> int:
    from ..core.root import repository
    from ..course.build import build_course, write_pages

    if options.pages == (options.output is not None):
        raise Sim2RealError("sim2real course: expected either a folder, as in 'sim2real course my-course', or --pages")
    if options.pages:
        print(f"book/course/student: {len(write_pages(repository()))} lessons")
    else:
        build_course(repository(), options.output, options.execute)
        print(f"{options.output}: student/ and instructor/ are notebooks, slides/ opens in a browser, without a network")
    return 0

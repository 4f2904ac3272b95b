"""``sim2real fetch-weights``: the Inception weights into PyTorch's cache, known by their checksum, for FID."""


def add(commands) -> None:
    weights = commands.add_parser("fetch-weights", help="fetch the Inception weights that FID needs, by their checksum")
    weights.set_defaults(action=_weights)


def _weights(options) -> int:
    from ..core.errors import Sim2RealError
    from ..core.parameters import RealismParameters
    from ..realism.inception import find_weights

    path, reason = find_weights(RealismParameters())
    if path is None:
        raise Sim2RealError(f"{reason}; FID needs them: try again, or put them into PyTorch's cache (book/data.md)")
    print(f"the Inception weights are there and have the right checksum: {path.name}")
    return 0

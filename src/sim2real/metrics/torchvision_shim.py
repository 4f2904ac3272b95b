"""Let torchvision be imported beside a torch built without CUDA.

The wheel of torchvision on PyPI is built against CUDA's torch. Beside a CPU-only torch its compiled
operators do not load, and its import stops with "operator torchvision::nms does not exist", because
it describes operators that were never declared. pytorch-fid needs only torchvision's Python parts,
so declaring them is enough; calling one still fails, as it should.
"""

import importlib
import sys

import torch

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

_declared: list = []  # a library's declarations live as long as the object that made them


def import_torchvision():
    """torchvision, with the missing operators declared if (and only if) its own did not load."""
    if "torchvision" in sys.modules:
        return sys.modules["torchvision"]
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # left half imported by the first attempt
    declare_operators()
    return importlib.import_module("torchvision")


def declare_operators() -> None:
    """Declare the schemas of ``SCHEMAS`` that torch does not know yet."""
    for name, schema in SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library = torch.library.Library("torchvision", "FRAGMENT")
            library.define(schema)
            _declared.append(library)

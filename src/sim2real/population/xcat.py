from ..core.errors import Sim2RealError


def find_xcat_subjects(root):
    raise Sim2RealError("later")


def read_xcat_subject(path, parameters):
    raise Sim2RealError("later")

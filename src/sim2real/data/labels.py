"""Label values of the M&Ms challenge, used throughout, and the names of structures, phases and
regimes."""

BACKGROUND, LV, MYO, RV = 0, 1, 2, 3
STRUCTURES = {"LV": LV, "RV": RV, "MYO": MYO}  # in the order of the paper's Table 1
PHASES = ("ED", "ES")
VENDORS = {"A": "Siemens", "B": "Philips"}
REGIMES = ("sim2real", "real", "both", "simulated")  # the paper's three rows, then the one it lacks

import os
import subprocess
import sys

import numpy as np
import torch

from sim2real.core.files import read_table
from sim2real.core.parameters import SegmentationParameters
from sim2real.segmentation.training import model_folder, train

SHORT = SegmentationParameters(batch_size=4, n_epochs=2, iterations_per_epoch=2)
TWO = """
import sys
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from nnunetv2.training.nnUNetTrainer import nnUNetTrainer as module
from sim2real.core.parameters import SegmentationParameters
from sim2real.segmentation.trainer import RegimeTrainer
from sim2real.segmentation.training import train

rank, folder = int(sys.argv[1]), sys.argv[2]
module.DDP = lambda network, device_ids: DistributedDataParallel(network)  # no GPU here
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
step, seen = RegimeTrainer.train_step, []
def watched(self, batch):
    seen.append(batch["data"])
    return step(self, batch)
RegimeTrainer.train_step = watched
log = train(folder, "both", 3, SegmentationParameters(batch_size=4, n_epochs=2, iterations_per_epoch=2), "cpu")
torch.save({"seen": torch.stack(seen), "loss": list(log["train_loss"])}, f"{folder}/rank{rank}.pt")
distributed.destroy_process_group()
"""


def test_two_processes_share_a_batch_out_and_leave_one_model_that_one_process_finds(chapter):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    words = [[sys.executable, "-c", TWO, str(rank), str(chapter)] for rank in range(2)]
    started = [subprocess.Popen(each, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for each in words]
    try:
        told = [process.communicate(timeout=600)[1].decode() for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], told
    one, two = (torch.load(chapter / f"rank{rank}.pt") for rank in range(2))
    assert one["seen"].shape[:2] == two["seen"].shape[:2] == (4, 2)  # four steps, half of the batch each
    assert not torch.equal(one["seen"], two["seen"]) and one["loss"] == two["loss"]
    model = model_folder(chapter, "both", 3)
    kept = torch.load(model / "checkpoint_final.pth", weights_only=True)["network_weights"]
    assert train(chapter, "both", 3, SHORT, "cpu").equals(read_table(model / "log.csv"))  # at once, it is done
    alone = train(chapter, "both", 4, SHORT, "cpu")
    other = torch.load(model_folder(chapter, "both", 4) / "checkpoint_final.pth", weights_only=True)["network_weights"]
    assert kept.keys() == other.keys() and np.isfinite(alone["train_loss"]).all()

"""Chapter 6: nnU-Net trained on each regime, judged on unseen real subjects."""

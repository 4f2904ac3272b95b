"""Chapter 4: translation of simulated slices to the look of real ones, by CUT and by others.

Two steps of a training, and the slices by its generator:

>>> from tempfile import TemporaryDirectory
>>> import numpy as np
>>> from sim2real.translation import TranslationParameters, load_generator, train_translator
>>> from sim2real.translation import translate
>>> simulated = np.linspace(0, 1, 3 * 32 * 48, dtype=np.float32).reshape(3, 32, 48)
>>> real = np.sqrt(simulated[:, :, ::-1])
>>> small = {"generator_features": 4, "discriminator_features": 4, "residual_blocks": 1}
>>> parameters = TranslationParameters(**small, n_steps=2, decay_steps=1)
>>> with TemporaryDirectory() as folder:
...     log = train_translator(simulated, real, parameters, folder, seed=0)
...     translated = translate(load_generator(f"{folder}/generator.pt"), simulated)
>>> list(log.columns)
['step', 'loss_d', 'loss_gan', 'loss_nce', 'loss_idt', 'learning_rate']
>>> translated.shape
(3, 32, 48)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "apply": ["load_generator", "save_generator", "translate", "translate_images"],
        "baselines": ["BASELINES", "match_histogram", "swap_amplitudes"],
        "chapter": ["TRANSLATION", "TRANSLATORS"],
        "cyclegan": ["CycleGan"],
        "keeps": ["edge_share", "kept_borders"],
        "losses": ["least_squares", "multilayer_patch_nce", "patch_nce"],
        "networks": ["Discriminator", "Generator", "ProjectionHeads", "build"],
        "official": ["load_official", "load_official_generator"],
        "parameters": ["TranslationParameters", "TranslatorsParameters"],
        "stage": ["trained_generator", "translate_population"],
        "step": ["Cut", "Optimisers", "cut_step"],
        "training": ["train_translator"],
        "user_images": ["translate_source", "translate_stack"],
        "watch": ["watched_subjects"],
    },
)

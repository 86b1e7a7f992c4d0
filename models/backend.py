"""Keras, imported without the lines that TensorFlow's C++ parts print on standard error."""

from __future__ import annotations

import os
import sys
from typing import Any

from core.quiet import quiet_stderr


def load_keras() -> Any:
    """Import Keras on TensorFlow, on the processor only, and return it."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever a keras.json of the person's says
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its notes on drivers say nothing to a musician
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
        with quiet_stderr():
            import tensorflow as tf

            tf.zeros(1) + 1  # starts the runtime, which prints too
    import keras

    return keras

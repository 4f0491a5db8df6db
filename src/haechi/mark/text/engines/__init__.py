"""Marking inside inference engines: processors for llama-cpp-python and transformers, settings for vLLM.

None of them is imported here: a processor is called with what the engine hands it. Cut and temperature are
ours, so the engine's own are switched off (temperature 1, top-k 0, top-p 1, min-p 0) and sampling stays on.
vLLM marks with a sampler of its own: its settings come from `VllmProfile.engine_config`.
"""

from haechi.mark.text.engines.llama_cpp import LlamaMark
from haechi.mark.text.engines.transformers import TransformersMark
from haechi.mark.text.engines.writer import Writer, writer_for

__all__ = ["LlamaMark", "TransformersMark", "Writer", "writer_for"]

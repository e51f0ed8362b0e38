"""Tiny random models that keep the published conventions of diffusion-LM families, and plain decoding loops.

A module per family offers ``network`` (the model in memory), ``save`` (a model folder as on the Hub) and
``generate`` (the published decoding loop, written out for one row, an independent judge of the library).
Randomness enters the loops only through ``uniforms(purpose, shape)``, so that stochastic decoding can be
compared token for token: once per step, in the order "tokens", "unmask", "remask".
"""

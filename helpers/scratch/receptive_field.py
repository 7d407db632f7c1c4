"""The receptive field: which part of the picture one number of a feature map can see."""

from typing import NamedTuple

from helpers.scratch.checks import whole


class ReceptiveField(NamedTuple):
    """Along one axis, in pixels of the picture: its `size`, the `jump` from one place of the map to the next, the `start`."""

    size: int = 1
    jump: int = 1
    start: int = 0

    def behind(self, window, stride=1, padding=0, dilation_rate=1):
        """Return the field of the next map, made by a convolution or a pooling with this window.

        size  = size + dilation_rate (window - 1) jump
        start = start - padding jump          (padding: pixels of the map added before it)
        jump  = jump stride

        Two places of the map are `jump` pixels apart, and the window spans window - 1 such steps. Raises ValueError for a
        window, a stride or a dilation below 1, and for a padding below 0. Source: Araujo, Norris and Sim 2019, "Computing
        receptive fields of convolutional neural networks", Distill, equations 2 and 3.
        """
        for name, value in (("window", window), ("stride", stride), ("dilation_rate", dilation_rate)):
            whole(name, value, at_least=1)
        whole("padding", padding)
        size = self.size + dilation_rate * (window - 1) * self.jump
        return ReceptiveField(size, self.jump * stride, self.start - padding * self.jump)

    def seen_by(self, place):
        """Return the first pixel that place number `place` of the map sees, and the one after the last."""
        first = self.start + place * self.jump
        return first, first + self.size

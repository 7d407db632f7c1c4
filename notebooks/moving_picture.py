"""Make notebooks/explorers.gif, the moving picture of the README: real explorers, moved as a learner would move them."""

import io
from pathlib import Path

from PIL import Image

from helpers.explorers.ann import explore_playground
from helpers.explorers.cnn import explore_feature_maps
from helpers.explorers.convolution import explore_kernel, explore_window
from helpers.explorers.pooling import explore_shift

SIZE = (720, 443)
TARGET = Path(__file__).with_name("explorers.gif")


def frames():
    """Yield (picture, milliseconds)."""
    playground = explore_playground().set(data="exclusive-or", neurons=5, share=80)
    for epoch in (*range(0, 24, 2), *range(24, 60, 6), 80, 120, 200):
        yield playground.set(epoch=epoch).png, 1200 if epoch in (0, 200) else 180
    window = explore_window()
    for row in (0, 3):
        for column in range(6):
            yield window.set(row=row, column=column).png, 220
    for padding in (1, 1):
        yield window.set(padding=padding, row=0, column=0).png, 900
    kernel = explore_kernel()
    for angle in range(0, 360, 60):
        yield kernel.set(angle=angle).png, 400
    shift = explore_shift()
    for pixels in range(5):
        yield shift.set(shift=pixels).png, 900
    maps = explore_feature_maps()
    layers = maps.controls["layer"].options
    for layer, unit in ((0, 3), (0, 9), (0, 12), (1, 9), (2, 7), (2, 23), (3, 23), (4, 7), (5, 4)):
        yield maps.set(layer=layers[layer], unit=unit).png, 900


def on_white(png):
    """Return the picture on a white page of SIZE, in 96 colours."""
    picture = Image.open(io.BytesIO(png))
    picture.thumbnail(SIZE, Image.Resampling.LANCZOS)
    page = Image.new("RGB", SIZE, "white")
    page.paste(picture, ((SIZE[0] - picture.width) // 2, (SIZE[1] - picture.height) // 2))
    return page.quantize(96, method=Image.Quantize.FASTOCTREE)


if __name__ == "__main__":
    pictures, times = zip(*((on_white(png), time) for png, time in frames()), strict=True)
    pictures[0].save(TARGET, save_all=True, append_images=pictures[1:], duration=list(times), loop=0, optimize=True)
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.2f} MB, {len(pictures)} pictures")

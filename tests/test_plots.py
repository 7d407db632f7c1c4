"""Pictures: the right pixels, colours and numbers, text that can be read, and nothing left behind in Matplotlib."""

import base64
import io

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from helpers.plots.figure import BLUE, DPI, GREEN, INK, ORANGE, caption, chart_axes, house_style, new_figure, picture_axes
from helpers.plots.lettering import Label, Lettering, text_width
from helpers.plots.network import Edges, Thumbnails
from helpers.plots.number_grid import NumberGrid, Outline, box_corners, cell_corners, number_text
from helpers.plots.pictures import broken, show_classes, show_curves, show_lines, show_matrix, show_pictures
from helpers.plots.pixels import Pixels, pack, unpack
from helpers.plots.png import to_png

MAPS = ("RdBu_r", "gray", "Blues")
WHITE = (255, 255, 255)


def luminance(colour):
    """Return the relative luminance of red, green and blue from 0 to 255 (WCAG 2.1)."""
    shares = np.asarray(colour, float) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """Return the contrast of two colours: 1 for the same, 21 for black and white (WCAG 2.1)."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def rgb(name):
    return tuple(round(255 * share) for share in to_rgb(name))


def drawn(figure, *artists):
    """Return the pixels (height, width, 3) of the figure with these artists on it, upper row first."""
    figure.canvas.draw()
    for artist in artists:
        artist.draw(figure.canvas.get_renderer())
    return np.array(figure.canvas.buffer_rgba())[..., :3]


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([3, 4]), st.integers(0, 99))
def test_png_holds_the_same_pixels(height, width, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    with Image.open(io.BytesIO(to_png(pixels))) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        assert_array_equal(np.array(image), pixels[..., :3])


def test_png_of_a_view():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 4), np.uint8)[::-1, ::2]
    assert_array_equal(np.array(Image.open(io.BytesIO(to_png(pixels)))), pixels[..., :3])


def test_packed_colours_come_back():
    colours = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    assert_array_equal(unpack(pack(colours)), colours)
    assert_array_equal(unpack(pack(colours)[:, ::2]), colours[:, ::2])


@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (8, 6), (7, 3), (40, 60), (3, 61)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_every_value_becomes_one_block_of_whole_pixels(shape, channels):
    figure = new_figure(100, 80)
    picture = Pixels(picture_axes(figure, 21, 13, 63, 41))
    # 51 steps of 0.02 are 51 different greys.
    values = np.random.default_rng(0).integers(0, 51, (*shape, *channels)) * 0.02
    picture.set(values)
    cell = min(63 // shape[1], 41 // shape[0])
    height, width = cell * shape[0], cell * shape[1]
    top, left = 80 - 13 - 41 + (41 - height) // 2, 21 + (63 - width) // 2
    expected = np.full((80, 100, 3), 255, np.uint8)
    grey = np.rint(255 * (values if channels else values[..., None])).astype(np.uint8)
    expected[top : top + height, left : left + width] = grey.repeat(cell, axis=0).repeat(cell, axis=1)
    assert_array_equal(drawn(figure, picture), expected)


def test_a_picture_larger_than_its_place_keeps_every_second_value():
    figure = new_figure(60, 60)
    picture = Pixels(picture_axes(figure, 10, 10, 40, 40))
    values = np.random.default_rng(0).integers(0, 2, (80, 80)).astype(float)
    picture.set(values)
    assert_array_equal(drawn(figure, picture)[10:50, 10:50, 0], 255 * values[::2, ::2])


def test_a_stretched_picture_fills_its_place():
    figure = new_figure(60, 60)
    picture = Pixels(picture_axes(figure, 20, 10, 8, 40), stretch=True)
    picture.set(np.array([[1.0], [0.6], [0.4], [0.2]]))
    shown = drawn(figure, picture)[10:50, 20:28, 0]
    assert_array_equal(shown, np.repeat([255, 153, 102, 51], 10)[:, None] * np.ones((1, 8)))
    assert_array_equal(drawn(figure, picture)[:, 28:], 255)


@pytest.mark.parametrize(("shape", "stretch"), [((4, 5), False), ((2, 9), False), ((40, 60), False), ((4, 2), True)])
def test_marks_fall_on_their_cells(shape, stretch):
    figure = new_figure(100, 80)
    picture = Pixels(picture_axes(figure, 21, 13, 63, 41), stretch=stretch)
    values = np.arange(shape[0] * shape[1]).reshape(shape) % 240 / 255
    picture.set(values)
    pixels = drawn(figure, picture)[::-1, :, 0]
    # Just inside its corners every cell has its own grey.
    for (row, column), value in np.ndenumerate(values):
        places = picture.axes.transData.transform(cell_corners([(row, column)], margin=0.1)[0])
        assert [pixels[int(y), int(x)] for x, y in places] == [round(255 * value)] * 4


def test_a_picture_shows_what_it_was_given_last():
    figure = new_figure(40, 40)
    picture = Pixels(picture_axes(figure, 0, 0, 40, 40))
    for number, shape in ((0.2, (4, 4)), (0.4, (4, 4)), (0.4, (2, 2)), (0.6, (2, 2, 3))):
        picture.set(np.full(shape, number))
        assert (drawn(figure, picture) == round(255 * number)).all()


def test_a_picture_follows_its_scale():
    figure = new_figure(40, 40)
    picture, values = Pixels(picture_axes(figure, 0, 0, 40, 40)), np.ones((4, 4))
    for vmin, vmax, grey in ((0, 1, 255), (0, 5, 51), (-2, 3, 153)):
        picture.vmin, picture.vmax = vmin, vmax
        picture.set(values)
        assert (drawn(figure, picture) == grey).all()


def test_an_array_that_has_changed_is_drawn_anew():
    figure = new_figure(40, 40)
    picture, values = Pixels(picture_axes(figure, 0, 0, 40, 40)), np.zeros((4, 4))
    picture.set(values)
    values += 1
    picture.set(values)
    assert (drawn(figure, picture) == 255).all()


@pytest.mark.parametrize("cmap", MAPS)
def test_the_scale_of_colours(cmap):
    picture = Pixels(picture_axes(new_figure(40, 40), 0, 0, 40, 40), cmap, -2, 6)
    numbers = np.array([[-2.0, 6, -9, 99, 2, 0]])
    theirs = np.round(255 * colormaps[cmap]([0.0, 1.0, 0.0, 1.0])[:, :3])
    assert_array_equal(unpack(picture.colours(numbers))[0, :4], theirs)
    # Between the ends: Matplotlib's colour, give or take one step of its 256.
    for number, colour in ((2, unpack(picture.colours(numbers))[0, 4]), (0, unpack(picture.colours(numbers))[0, 5])):
        assert_allclose(colour, 255 * np.array(colormaps[cmap]((number + 2) / 8)[:3]), atol=4)


def test_below_and_above_the_scale():
    picture = Pixels(picture_axes(new_figure(40, 40), 0, 0, 40, 40), "gray", 0, 2, under=BLUE, over=ORANGE)
    # Rounding alone is neither below nor above.
    numbers = np.array([-0.01, -1e-12, 0, 2, 2 + 1e-12, 2.01])
    expected = [rgb(BLUE), (0, 0, 0), (0, 0, 0), WHITE, WHITE, rgb(ORANGE)]
    assert_array_equal(unpack(picture.colours(numbers)), expected)


def grid_of(values, side=300, **options):
    """Return a figure with a NumberGrid of these values in the middle."""
    figure = new_figure(side + 20, side + 20)
    grid = NumberGrid(picture_axes(figure, 10, 10, side, side), **options)
    grid.set(np.array(values, float))
    return figure, grid


def ink(figure, grid):
    """Return where numbers are drawn: True in every pixel that they change, upper row first."""
    return (drawn(figure, grid) != drawn(figure, grid.cells)).any(axis=2)


def cell_box(grid, row, column):
    """Return the slices of the pixels inside a cell, without its lines, upper row first."""
    (left, top), _, (right, bottom), _ = grid.axes.transData.transform(cell_corners([(row, column)])[0])
    height = grid.axes.figure.bbox.height
    return slice(round(height - top) + 1, round(height - bottom) - 1), slice(round(left) + 1, round(right) - 1)


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (4, 7), (9, 2), (10, 10)])
@pytest.mark.parametrize(("number", "fmt"), [(8, "{:g}"), (-8.8, "{:.1f}"), (-88, "{:g}"), (1000, "{:g}")])
def test_a_number_stays_inside_its_cell(shape, number, fmt):
    for row, column in {(0, 0), (shape[0] - 1, shape[1] - 1), (shape[0] // 2, shape[1] // 2)}:
        values = np.full(shape, np.nan)
        values[row, column] = number
        figure, grid = grid_of(values, fmt=fmt)
        changed = ink(figure, grid)
        if not grid.numbers_fit:
            least = text_width(fmt.format(number)) * 9 * DPI / 72
            assert least > 0.85 * 300 / max(shape), "9 points would fit"
            assert not changed.any()
            continue
        inside = np.zeros_like(changed)
        inside[cell_box(grid, row, column)] = True
        assert changed.any()
        assert not (changed & ~inside).any()
        rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
        box = cell_box(grid, row, column)
        for found, place in ((rows, box[0]), (columns, box[1])):
            assert abs(found[[0, -1]].mean() - (place.start + place.stop - 1) / 2) <= 2, "the number is not in the middle"


def test_every_cell_has_its_number():
    figure, grid = grid_of(np.arange(100).reshape(10, 10) - 50, vmin=-50, vmax=50)
    changed = ink(figure, grid)
    assert grid.numbers_fit
    assert all(changed[cell_box(grid, row, column)].any() for row, column in np.ndindex(10, 10))


@pytest.mark.parametrize(("values", "side", "fit"), [([[1, 2]], 300, True), (np.full((10, 10), -88.88), 200, False)])
def test_numbers_that_are_too_small_are_left_out(values, side, fit):
    figure, grid = grid_of(values, side)
    assert grid.numbers_fit is fit
    assert ink(figure, grid).any() == fit


def test_an_empty_cell_is_white_and_a_padded_cell_is_pale():
    figure = new_figure(100, 100)
    grid = NumberGrid(picture_axes(figure, 0, 0, 100, 100), cmap="gray", vmin=0, vmax=9)
    added = np.array([[True, False], [False, False]])
    grid.set(np.array([[0, np.nan], [0, 9.0]]), added=added)
    shown, changed = drawn(figure, grid), ink(figure, grid)
    pale, empty, black, white = (shown[cell_box(grid, *cell)] for cell in np.ndindex(2, 2))
    assert not changed[cell_box(grid, 0, 1)].any()
    assert (empty == 255).all()
    assert_array_equal(black[0, 0], 0)
    assert_array_equal(white[0, 0], 255)
    assert not np.array_equal(pale[0, 0], white[0, 0])
    assert contrast(pale[0, 0], (0, 0, 0)) >= 4.5
    assert luminance(pale).min() < 0.1, "the number on a padded cell is dark"


@pytest.mark.parametrize("cmap", MAPS)
def test_numbers_can_be_read_on_every_colour(cmap):
    # A full block instead of a number: the middle of the cell has the colour of the ink, its corner that of the cell.
    figure, grid = grid_of(np.linspace(-1, 1, 100).reshape(10, 10), cmap=cmap, fmt="\N{FULL BLOCK}")
    shown, inks = drawn(figure, grid), set()
    for cell in np.ndindex(10, 10):
        pixels = shown[cell_box(grid, *cell)]
        middle, corner = pixels[len(pixels) // 2, len(pixels[0]) // 2], pixels[1, 1]
        assert contrast(middle, corner) >= 4.5
        assert tuple(middle) == (WHITE if luminance(corner) < 0.179 else (0, 0, 0))
        inks.add(tuple(middle))
    assert len(inks) == 2


def test_a_grid_shows_what_it_was_given_last():
    figure, grid = grid_of([[0, 1]], vmin=0, vmax=1)
    first = drawn(figure, grid)
    grid.set(np.array([[0, 1.0]]), 0, 2)
    other_scale = drawn(figure, grid)
    grid.set(np.array([[0], [1.0]]), 0, 1)
    other_shape = drawn(figure, grid)
    values = np.array([[0, 0.0]])
    grid.set(values, 0, 1)
    values[0, 1] = 1
    grid.set(values, 0, 1)
    assert_array_equal(drawn(figure, grid), first)
    assert not np.array_equal(first, other_scale)
    assert not np.array_equal(first, other_shape)


def test_corners_and_outlines():
    assert_array_equal(cell_corners([(2, 5)]), [[(4.5, 1.5), (5.5, 1.5), (5.5, 2.5), (4.5, 2.5)]])
    assert_allclose(cell_corners([(2, 5)], margin=0.1), [[(4.6, 1.6), (5.4, 1.6), (5.4, 2.4), (4.6, 2.4)]])
    assert cell_corners([]).shape == (0, 4, 2)
    assert_array_equal(box_corners(1, 2, 1, 4), [[(1.5, 0.5), (4.5, 0.5), (4.5, 1.5), (1.5, 1.5)]])
    figure, grid = grid_of(np.full((4, 4), np.nan))
    outline = Outline(grid.axes, BLUE, fill=BLUE)
    outline.put(cell_corners([(1, 2)], margin=0.1))
    pixels = drawn(figure, grid, outline)
    for cell in np.ndindex(4, 4):
        middle = [(place.start + place.stop) // 2 for place in cell_box(grid, *cell)]
        assert tuple(pixels[tuple(middle)]) == (rgb(BLUE) if cell == (1, 2) else WHITE)
    outline.put([])
    assert not outline.get_visible()


TEXTS = [
    "feature map 6 \N{MULTIPLICATION SIGN} 6",
    "sum of the products: \N{MINUS SIGN}12",
    "shape (150, 150, 3)",
    "0123456789.-+",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("size", [9, 10.5, 14])
def test_text_is_as_wide_as_matplotlib_draws_it(text, weight, size):
    # Hinting moves each letter to a whole pixel; our outlines are drawn as the font has them.
    with house_style(), matplotlib.rc_context({"text.hinting": "none"}):
        figure = new_figure(400, 60)
        theirs = figure.text(0, 0, text, fontsize=size, weight=weight).get_window_extent(figure.canvas.get_renderer()).width
    assert text_width(text, weight) * size * DPI / 72 == pytest.approx(theirs, rel=0.02)


@pytest.mark.parametrize(("align", "left"), [("left", 200), ("center", 150), ("right", 100)])
def test_text_stands_where_it_should(align, left):
    # Four digits of 0.636 em make 100 pixels.
    figure = new_figure(400, 60)
    lettering = Lettering(figure)
    lettering.write(["0000"], [(200, 20)], 100 / 4 / 0.636 * 72 / DPI, align=align)
    changed = (drawn(figure, lettering) != 255).any(axis=2)
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    # On both sides of a digit its font leaves some white.
    assert_allclose((columns[0], columns[-1]), (left, left + 100), atol=4)
    assert columns[[0, -1]].mean() == pytest.approx(left + 49.5, abs=1)
    assert rows[[0, -1]].mean() == pytest.approx(60 - 20 - 0.5, abs=1), "digits are centred on the place"


def test_texts_have_their_own_colours_and_the_last_one_stays():
    figure = new_figure(200, 60)
    lettering = Lettering(figure)
    lettering.write(["\N{FULL BLOCK}", " ", "\N{FULL BLOCK}"], [(40, 30), (100, 30), (160, 30)], 14, ["black", "red", "blue"])
    pixels = drawn(figure, lettering)
    assert [tuple(pixels[28, x]) for x in (40, 100, 160)] == [(0, 0, 0), WHITE, (0, 0, 255)]
    label = Label(figure, 100, 30, 14, "red", "center")
    for text, is_drawn in (("\N{FULL BLOCK}", True), ("", False), ("\N{FULL BLOCK}", True), (" ", False)):
        label.set_text(text)
        assert (tuple(drawn(figure, label)[28, 100]) == (255, 0, 0)) == is_drawn


def test_a_figure_and_its_axes_have_the_pixels_asked_for():
    figure = new_figure(321, 123)
    axes = picture_axes(figure, 17, 23, 101, 59, title="a title")
    assert drawn(figure).shape == (123, 321, 3)
    assert_allclose(axes.get_window_extent().extents, (17, 23, 118, 82))
    assert (axes.get_title(), len(axes.get_xticks()), axes.spines["top"].get_visible()) == ("a title", 0, False)
    caption(figure, 160, 100, "\N{FULL BLOCK}" * 3, 12)
    assert (drawn(figure)[22, 150:170] < 100).all()


def test_no_text_of_the_style_is_under_9_points():
    with house_style():
        named = [name for name in matplotlib.rcParams if name.endswith(("font.size", "fontsize", "titlesize", "labelsize"))]
        sizes = {name: matplotlib.rcParams[name] for name in named if matplotlib.rcParams[name] is not None}
        points = {name: FontProperties(size=size).get_size_in_points() for name, size in sizes.items()}
    assert len(points) >= 8
    assert {name: size for name, size in points.items() if size < 9} == {}


def test_text_of_the_style_has_contrast():
    with house_style():
        names = (
            "text.color",
            "axes.titlecolor",
            "axes.labelcolor",
            "xtick.labelcolor",
            "ytick.labelcolor",
            "legend.labelcolor",
        )
        colours = {name: matplotlib.rcParams[name] for name in names}
        colours = {
            name: matplotlib.rcParams["text.color"] if value in (None, "auto") else value for name, value in colours.items()
        }
        ground, lines = matplotlib.rcParams["figure.facecolor"], matplotlib.rcParams["axes.prop_cycle"].by_key()
    ratios = {name: contrast(rgb(colour), rgb(ground)) for name, colour in colours.items()}
    ratios |= {colour: contrast(rgb(colour), WHITE) for colour in (INK, BLUE, GREEN)}
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}
    # Lines, and texts of 14 points in bold, need 3 to 1.
    assert all(contrast(rgb(f"#{colour.lstrip('#')}"), WHITE) >= 3 for colour in (*lines["color"], ORANGE))
    assert len(set(zip(lines["color"], lines["linestyle"], strict=True))) == len(lines["color"])
    assert len(set(lines["linestyle"])) > 3, "lines differ in more than their colour"


def test_the_style_of_the_house_ends_with_its_block():
    before = dict(matplotlib.rcParams)
    with house_style():
        assert matplotlib.rcParams["axes.titlesize"] == 10.5
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    "picture",
    [
        show_pictures({"grey": np.eye(4), "signed": -np.eye(4), "colour": np.ones((4, 4, 3))}, "Three."),
        show_curves([1, 2, 3], {"a": [1, 2, 3], "b": [3, 2, 1]}, "x", "y", "Two."),
        show_classes({"left": (np.eye(2), np.array([3, 7])), "right": (np.eye(2), np.array([0, 0]))}, "Four."),
        show_matrix(np.arange(9).reshape(3, 3), "Nine.", "across", "down"),
        show_lines([0, 1], {"a": [1, 2]}, {"b": ([0.5], [1.5])}, "x", "y", "Three."),
    ],
    ids=["pictures", "curves", "classes", "matrix", "lines"],
)
def test_a_still_picture_carries_its_sentence_and_repeats(picture):
    first, second = picture._repr_mimebundle_(), picture._repr_mimebundle_()
    assert first == second
    assert first["text/plain"] == picture.sentence
    with Image.open(io.BytesIO(base64.b64decode(first["image/png"]))) as image:
        assert image.width <= 960
        assert len(np.unique(np.array(image.convert("RGB")).reshape(-1, 3), axis=0)) > 2


@pytest.mark.parametrize(
    ("fmt", "number", "text"),
    [
        ("{:.2f}", -0.001, "0.00"),
        ("{:g}", -0.0, "0"),
        ("{:g}", -1, "\N{EN DASH}1"),
        ("{:.1f}", -0.25, "\N{EN DASH}0.2"),
        ("{:g}", 10, "10"),
    ],
)
def test_only_negative_numbers_have_a_minus_sign(fmt, number, text):
    assert number_text(fmt, number) == text


def coloured(pixels):
    return pixels.astype(int).min(axis=2) < 200


def test_edges_are_thick_for_large_weights_and_red_or_blue_by_sign():
    figure = new_figure(200, 100)
    edges = Edges(figure, thickest=8)
    lines = [((10, 80), (190, 80)), ((10, 50), (190, 50)), ((10, 20), (190, 20))]
    edges.set(lines, [2.0, 0.5, -2.0])
    pixels = drawn(figure, edges)
    thick, thin, below = (coloured(pixels)[100 - y - 12 : 100 - y + 12] for y in (80, 50, 20))
    assert thick.sum() > 2.5 * thin.sum() > 0
    assert thick.any(axis=0)[12:188].all() and not below.any(axis=0)[12:188].all(), "a weight below 0 is dashed"
    red, blue = (pixels[100 - y - 1, 10:190].mean(axis=0) for y in (80, 20))
    assert red[0] > red[2] and blue[2] > blue[0]
    edges.set(lines, [2.0, 0.5, -2.0], strongest=4)
    assert coloured(drawn(figure, edges)).sum() < 0.8 * coloured(pixels).sum(), "measured by another weight, lines are thinner"
    edges.set(lines, [0.0, 0.0, 0.0])
    assert not coloured(drawn(figure, edges)).any(), "a weight of 0 is no line"


def test_thumbnails_stand_where_they_were_put_upper_row_up():
    figure = new_figure(60, 40)
    thumbnails = Thumbnails(figure, frame=0xFF000000)
    white, black = 0xFFFFFFFF, 0xFF000000
    picture = np.array([[black, black], [white, white]], np.uint32).repeat(4, axis=0).repeat(4, axis=1)
    thumbnails.set(np.stack([picture, picture]), [(10, 10), (40, 20)])
    pixels = coloured(drawn(figure, thumbnails))
    upper, lower = pixels[40 - 18 : 40 - 14, 10:18], pixels[40 - 14 : 40 - 10, 10:18]
    assert upper.all() and not lower.any()
    assert pixels[40 - 28 : 40 - 24, 40:48].all()
    assert pixels.sum() == 2 * (32 + 36), "two halves, each with a frame of one pixel"


def test_chart_axes_stand_where_they_were_put():
    figure = new_figure(400, 200)
    box = chart_axes(figure, 40, 30, 300, 150, xlabel="epochs").get_window_extent()
    assert_allclose([box.x0, box.y0, box.width, box.height], [40, 30, 300, 150])


def test_show_matrix_writes_rows_downwards():
    upper_right = show_matrix([[0, 9], [0, 0]], "One.", "across", "down")._repr_mimebundle_()["image/png"]
    with Image.open(io.BytesIO(base64.b64decode(upper_right))) as image:
        pixels = np.array(image.convert("RGB")).astype(int)
    dark = pixels.sum(axis=2) < 250
    rows, columns = np.nonzero(dark & (pixels[..., 2] > pixels[..., 0] + 40))
    assert rows.mean() < 300 and columns.mean() > 286, "row 0 is the upper one, column 1 the right one"


def test_the_same_numbers_in_another_format_are_drawn_anew():
    figure, grid = grid_of(np.ones((2, 2)), fmt="{:g}")
    drawn = [len(grid.numbers._ink.get_paths())]
    grid.fmt = "{:.2f}"
    grid.set(np.ones((2, 2)))
    drawn.append(len(grid.numbers._ink.get_paths()))
    assert drawn == [4, 16]


@pytest.mark.parametrize(
    ("title", "width", "lines"),
    [
        ("upside down", 60, ["upside", "down"]),
        ("a 4", 60, ["a 4"]),
        ("halves swapped\n0.98", 200, ["halves swapped", "0.98"]),
        ("unbreakable", 20, ["unbreakable"]),
    ],
)
def test_a_long_title_is_broken_between_words(title, width, lines):
    assert broken(title, width).split("\n") == lines


def test_pictures_that_are_not_square_leave_no_gap():
    flat = show_pictures({"a": np.zeros((10, 40)), "b": np.zeros((10, 40))}, "two roads", columns=1)
    square = show_pictures({"a": np.zeros((40, 40)), "b": np.zeros((40, 40))}, "two squares", columns=1)
    heights = [picture.figure.get_size_inches()[1] for picture in (flat, square)]
    assert heights[0] < heights[1] - 3  # inches

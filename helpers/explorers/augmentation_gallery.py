"""One picture and 24 draws of a policy: what `augment` makes of it, and with which numbers."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from helpers.datasets import shrink
from helpers.explorers.augmentation_transforms import NEAR, picture_of, shown_as
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import MINUS, TIMES, signed
from helpers.plots.figure import BLUE, INK, ORANGE, caption, picture_axes, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import Frame, box_corners, marks
from helpers.plots.pixels import LINE, Pixels
from helpers.scratch.augmentation import augment, noise

PICTURES = ("digit 2", "digit 3", "digit 4", "digit 6", "digit 7", "face", "astronaut", "cat", "road")
POLICIES = {  # at strength 1; what is not named stays as it is
    "digits": {"degrees": 15, "pixels": 2, "factor": 1.1},
    "faces": {"degrees": 10, "pixels": 1, "factor": 1.1, "mirror": True, "light": 0.2},
    "photos": {"degrees": 15, "pixels": 4, "factor": 1.2, "mirror": True, "light": 0.2},
    "values only": {"light": 0.2, "noise": 0.05},
    "everything": {"degrees": 180, "pixels": 4, "factor": 1.3, "mirror": True, "light": 0.3, "noise": 0.05},
}
ROWS, COLUMNS, GAP = 4, 6, 2  # of the 24 draws; the gap between two is in pixels of the pictures
DRAWS = ROWS * COLUMNS
PHOTO, ROAD = 32, (16, 32)  # pixels: 24 pictures have to be drawn at every move
SEEDS = 100
PART = 0.01  # a share of the brightness: less than this counts as nothing lost
FIRST, STEP, HALF = 86, 156, 62  # pixels: middle of the first strip, from one to the next, half a strip
QUANTITIES = ("zoom", "turn", "down", "right", "light")


def ranges_of(policy, strength):
    """Return how far a policy goes at a strength: degrees, pixels, factor, mirror, light, noise.

    Ranges grow with the strength, and the factor is taken to its power. More than half a turn to either side shows nothing
    new, and more light than 1 makes no sense for values from 0 to 1: there the ranges end.
    """
    base = {"degrees": 0, "pixels": 0, "factor": 1.0, "mirror": False, "light": 0, "noise": 0} | POLICIES[policy]
    return {
        "degrees": min(180.0, base["degrees"] * strength),
        "pixels": float(base["pixels"] * strength),
        "factor": float(base["factor"] ** strength),
        "mirror": base["mirror"] and strength > 0,
        "light": min(1.0, base["light"] * strength),
        "noise": float(base["noise"] * strength),
    }


@lru_cache(maxsize=16)
def original(name):
    """Return the picture (height, width, channels) as the explorer shows it: photos and roads are smaller here."""
    return shrink(picture_of(name), *ROAD).astype(np.float32) if name == "road" else picture_of(name, PHOTO)


@lru_cache(maxsize=16)
def drawn(name, policy, strength, seed):
    """Return 24 draws of a policy (24, height, width, channels), and their numbers: see `numbers_drawn`; and
    what they kept: see `kept_in_frame`."""
    image, ranges = original(name), ranges_of(policy, strength)
    rng, spread = np.random.default_rng(seed), ranges.pop("noise")
    pictures = augment(np.stack([image] * DRAWS), rng, **ranges)
    pictures = noise(pictures, spread, rng) if spread else pictures
    numbers = numbers_drawn(image.shape[:2], np.random.default_rng(seed), **ranges)
    return pictures, numbers | {"kept": kept_in_frame(image, numbers)}


def numbers_drawn(shape, rng, degrees, pixels, factor, mirror, light):
    """Repeat the draws of `augment`: it returns pictures alone, so its draws are made once more, in its order.

    Returns a dict of arrays: zoom, turn (degrees), down, right (pixels), mirrored (bool), light, each (24,).
    """
    found = {name: [] for name in (*QUANTITIES, "mirrored")}
    for _ in range(DRAWS):
        zoom, turn = factor ** rng.uniform(-1, 1), rng.uniform(-degrees, degrees)
        down, right = rng.uniform(-pixels, pixels, 2)
        mirrored = mirror and rng.random() < 0.5
        values = (zoom, turn, down, right, rng.uniform(-light, light) if light else 0.0, mirrored)
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def kept_in_frame(image, numbers):
    """Return for each draw the share of the picture's brightness in pixels whose centres stay in the frame, (24,).

    All draws at once: 24 products with `rotation_matrix` and its sisters would take as long as the drawing itself.
    """
    height, width, _ = image.shape
    weights = image.sum(axis=2, dtype=float)
    rows, columns = np.arange(height)[:, None] - (height - 1) / 2, np.arange(width) - (width - 1) / 2  # from the centre
    angle = np.radians(numbers["turn"])
    cos, sin = ((numbers["zoom"] * part)[:, None, None] for part in (np.cos(angle), np.sin(angle)))
    new_rows = cos * rows - sin * columns + numbers["down"][:, None, None]
    new_columns = sin * rows + cos * columns + numbers["right"][:, None, None]
    # With a little room, so that no pixel at the edge leaves by a rounding error.
    inside = (np.abs(new_rows) <= height / 2 + 1e-9) & (np.abs(new_columns) <= width / 2 + 1e-9)
    return (inside * weights).sum(axis=(1, 2)) / weights.sum()


def explore_gallery():
    """See 24 draws of a policy of augmentation, gentle or strong, and the numbers behind each."""
    return Gallery()


class Gallery(Explorer):
    title = "One picture, 24 draws of a policy: all of them would count as the same label."
    size = (960, 496)
    lines = 6

    def make_controls(self):
        return {
            "picture": choice("Picture", "digit 3", PICTURES, "Which picture is changed"),
            "policy": choice("Policy", "digits", POLICIES, "Which changes are drawn"),
            "strength": float_slider("Strength", 1.0, 0.0, 4.0, "All ranges of the policy times this", 0.25, 2),
            "look": slider("Look at", 1, 1, DRAWS, "Which of the 24 draws has the frame, row by row"),
            "seed": slider("Seed", 0, 0, SEEDS - 1, "Which 24 draws"),
        }

    def arrange(self, controls):
        layout = widgets.Layout(width="140px", margin="2px 6px")
        self.button = widgets.Button(description="Draw anew", icon="random", tooltip="The next seed", layout=layout)
        self.button.on_click(lambda button: self.draw_anew())
        return [rows_of([*controls.values(), self.button], 3)]

    def relevant(self, strength, **values):
        return {"strength", *values} - (set() if strength else {"seed"})

    def draw_anew(self):
        """Raise the seed by one; after the last one comes the first."""
        with self._lock:
            self.set(seed=(self.values["seed"] + 1) % SEEDS)

    def stage(self, figure):
        self.old = Pixels(picture_axes(figure, 16, 212, 260, 260))
        self.border = Frame(self.old.axes, BLUE, 2.5)
        self.gallery = Pixels(picture_axes(figure, 300, 104, 650, 368))
        self.frame = Frame(self.gallery.axes, ORANGE, 3.5)
        caption(figure, 146, 484, "original", 10.5)
        caption(figure, 625, 484, "24 draws", 10.5)
        pen = whole_figure(figure)
        for k, name in enumerate(QUANTITIES):
            middle = FIRST + STEP * k
            pen.plot([middle - HALF, middle + HALF], [40, 40], color=LINE, linestyle="-", linewidth=0.8)
            pen.plot([middle, middle], [36, 44], color=LINE, linestyle="-", linewidth=0.8)
            caption(figure, middle, 88, name, 10)
        self.dots, self.now = marks(pen, "|", BLUE, 12), marks(pen, "D", ORANGE, 8)
        self.dots.set_markeredgewidth(1.3)
        self.texts = Lettering(figure)
        return [self.old, self.border, self.gallery, self.frame, self.dots, self.now, self.texts]

    def compute(self, picture, policy, strength, look, seed):
        pictures, found = drawn(picture, policy, strength, seed)
        return {
            **{"picture": picture, "policy": policy, "strength": strength, "look": look, "old": original(picture)},
            **{"pictures": pictures, "ranges": list(ranges_of(policy, strength).values()), **found},
        }

    def paint(self, numbers):
        old, look, ranges = numbers["old"], numbers["look"] - 1, ranges_of(numbers["policy"], numbers["strength"])
        height, width, _ = old.shape
        self.old.set(shown_as(old))
        self.border.put(box_corners(0, 0, height - 1, width - 1))
        self.gallery.set(mosaic(numbers["pictures"]))
        top, left = look // COLUMNS * (height + GAP) + GAP, look % COLUMNS * (width + GAP) + GAP
        self.frame.put(box_corners(top, left, top + height - 1, left + width - 1))
        across = FIRST + STEP * np.arange(len(QUANTITIES))[:, None] + HALF * scaled(numbers, ranges)
        self.dots.set_data(across.ravel(), np.full(across.size, 54))
        self.now.set_data(across[:, look], np.full(len(across), 54))
        texts, places = [], []
        for k, name in enumerate(QUANTITIES):
            low, high = ends_of(name, ranges)
            span = f"{in_words(name, low).removesuffix(' px')} to {in_words(name, high)}" if low != high else "not changed"
            texts += [in_words(name, numbers[name][look]), span]
            places += [(FIRST + STEP * k, 70), (FIRST + STEP * k, 24)]
        mirrored = "mirrored" if numbers["mirrored"][look] else "not mirrored"
        texts += [f"draw {numbers['look']}", mirrored, f"kept {100 * numbers['kept'][look]:.1f} %"]
        places += [(880, 80 - 26 * k) for k in range(3)]
        texts.append(f"policy: {numbers['policy']}, strength {numbers['strength']:g}")
        texts += ["mirror: one in two" if ranges["mirror"] else "mirror: never", f"noise: {ranges['noise']:.4g}"]
        places += [(146, 188 - 24 * k) for k in range(3)]
        self.texts.write(texts, places, 9.5, [ORANGE, INK] * len(QUANTITIES) + [INK] * 6)

    def describe(self, numbers):
        ranges, kept = ranges_of(numbers["policy"], numbers["strength"]), numbers["kept"]
        if not numbers["strength"]:
            same = "Strength 0: all ranges are 0, so all 24 draws are the same picture, the original. Nothing left the frame."
            return f"{same}\n{draw_in_words(numbers)}"
        parts = []
        if ranges["degrees"]:
            factor = ranges["factor"]
            parts = [
                f"zoom {TIMES} {1 / factor:.2f} to {factor:.2f}",
                f"turn {in_words('turn', -ranges['degrees'])} to {in_words('turn', ranges['degrees'])}",
                f"shift by up to {ranges['pixels']:g} pixel{'s' if ranges['pixels'] != 1 else ''}, down or up, right or left",
            ]
        parts += ["mirrored or not, one chance in two"] if ranges["mirror"] else []
        parts += (
            [f"light {in_words('light', -ranges['light'])} to {in_words('light', ranges['light'])}"] if ranges["light"] else []
        )
        parts += [f"noise of standard deviation {ranges['noise']:.4g}"] if ranges["noise"] else []
        lost = kept < 1 - PART
        lines = [f"Policy {numbers['policy']} at strength {numbers['strength']:g}: {'; '.join(parts)}."]
        if ranges["degrees"]:
            lines.append(
                f"In `{int(lost.sum())}` of {DRAWS} draws more than {100 * PART:.0f} % of the picture's brightness left the "
                f"frame; draw {kept.argmin() + 1} kept least: `{100 * kept.min():.1f} %`."
            )
        else:
            lines.append("Nothing moves, so nothing leaves the frame: this policy changes values alone.")
        return "\n".join([*lines, draw_in_words(numbers), *label_in_words(numbers)])


def draw_in_words(numbers):
    """Return the numbers of the draw that is looked at, as a sentence."""
    look, ranges = numbers["look"] - 1, ranges_of(numbers["policy"], numbers["strength"])
    down, right = (round(float(numbers[name][look]), 1) for name in ("down", "right"))
    parts = []
    if ranges["degrees"]:
        parts = [
            f"zoom {in_words('zoom', numbers['zoom'][look])}",
            f"turned by {in_words('turn', numbers['turn'][look]).removesuffix(chr(176))} degrees",
            f"{abs(down):.1f} pixels {'up' if down < 0 else 'down'}, {abs(right):.1f} {'left' if right < 0 else 'right'}",
        ]
    parts = parts or ["not moved"]
    parts.append("mirrored" if numbers["mirrored"][look] else "not mirrored")
    parts += [f"light {in_words('light', numbers['light'][look])}"] if ranges["light"] else []
    kept = round(100 * float(numbers["kept"][look]), 1)
    return f"Draw {numbers['look']}: {', '.join(parts)}; `{kept:g} %` of its brightness kept."


def label_in_words(numbers):
    """Return what the draws do to the label, counted, as a list of no sentence or one."""
    name, mirrored = numbers["picture"], int(numbers["mirrored"].sum())
    over = int(((np.abs(numbers["turn"]) > NEAR) & ~numbers["mirrored"]).sum())
    if name == "digit 6" and over:
        also = f", and `{mirrored}` are mirrored, as nobody writes" if mirrored else ""
        return [
            f"Take care with the label: `{over}` of {DRAWS} draws are turned by more than {NEAR} degrees and not mirrored, "
            f"a 9{also}."
        ]
    if name.startswith("digit") and mirrored:
        return [f"Take care with the label: `{mirrored}` of {DRAWS} draws are mirrored, and nobody writes mirrored digits."]
    if name == "road" and mirrored:
        return [f"In `{mirrored}` of {DRAWS} draws the road is mirrored: there the steering angle is times {MINUS}1."]
    return []


def mosaic(pictures):
    """Return 24 pictures (24, height, width, channels) in 4 rows of 6 with white gaps, as Pixels takes it."""
    _, height, width, channels = pictures.shape
    cells = np.ones((ROWS, height + GAP, COLUMNS, width + GAP, channels), np.float32)
    cells[:, GAP:, :, GAP:] = pictures.reshape(ROWS, COLUMNS, height, width, channels).swapaxes(1, 2)
    return shown_as(cells.reshape(ROWS * (height + GAP), COLUMNS * (width + GAP), channels))


def ends_of(name, ranges):
    """Return the least and the largest number that can be drawn for a quantity."""
    if name == "zoom":
        return 1 / ranges["factor"], ranges["factor"]
    reach = {"turn": ranges["degrees"], "light": ranges["light"]}.get(name, ranges["pixels"])
    return -reach, reach


def scaled(numbers, ranges):
    """Return the draws of each quantity, (5, 24), from -1 to 1: the ends of its range; the zoom by its logarithm."""
    found = []
    for name in QUANTITIES:
        values, reach = numbers[name], ends_of(name, ranges)[1]
        if name == "zoom":
            values, reach = np.log(values), np.log(reach)
        found.append(values / reach if reach else np.zeros(DRAWS))
    return np.array(found)


def in_words(name, value):
    """Return a number of a quantity as text, with its unit."""
    digits = {"turn": 1, "down": 1, "right": 1}.get(name, 2)
    text = signed(round(float(value), digits) + 0.0, f"{{:.{digits}f}}")
    return {"zoom": f"{TIMES} {text}", "turn": f"{text}\N{DEGREE SIGN}", "light": text}.get(name, f"{text} px")

"""Turn stripes under a learnt kernel: does it answer to one direction, as a cell of the visual cortex does?"""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import MINUS
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import marks
from helpers.plots.pixels import Pixels
from helpers.scratch.gabor import ANGLES, WAVELENGTHS, closest_gabor, grating, responses, selectivity

COUNT, SIDE = 16, 9  # kernels of a recording, and their height and width
LEARNT, BEFORE, GABOR = "learnt from photos", "before training", "made by formula"


def explore_tuning():
    """Turn stripes under a kernel that was learnt from photos, and compare it with the Gabor filter most like it."""
    return Tuning()


class Tuning(Explorer):
    title = "Stripes turn under a kernel: to which direction does it answer?"
    size = (960, 380)
    lines = 4

    def make_controls(self):
        step = int(ANGLES[1])
        return {
            "kernel": slider("Kernel", 2, 0, COUNT - 1, "Which of the 16 kernels"),
            "source": choice(
                "Kernels", LEARNT, (LEARNT, BEFORE, GABOR), "Learnt, untrained, or the Gabor filter like the learnt one"
            ),
            "angle": slider(
                "Angle", 45, 0, int(ANGLES[-1]), "Direction in which the stripes follow one another, in degrees", step=step
            ),
            "wavelength": choice("Wavelength", 8, WAVELENGTHS, "Pixels from one stripe to the next"),
            "seed": slider("Training run", 0, 0, 2, "Which of the three recorded trainings"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        places = [(8, 194, 160, 160), (190, 194, 160, 160), (8, 6, 160, 160), (190, 6, 160, 160)]
        self.pictures = [
            Pixels(picture_axes(figure, *place), "RdBu_r" if k != 1 else "gray", -1, 1) for k, place in enumerate(places)
        ]
        self.titles = Lettering(figure)
        self.places = [(left + 80, bottom + 172) for left, bottom, _, _ in places]
        self.chart = chart_axes(
            figure, 430, 56, 510, 250, xlim=(-4, 182), ylim=(-0.03, 1.08), xticks=range(0, 181, 45), yticks=(0, 0.5, 1)
        )
        self.chart.set(xlabel="angle of the stripes, degrees", ylabel="answer / strongest answer")
        self.chart.grid(axis="y")
        looks = (("-", BLUE, 2.4), ((0, (5, 2)), ORANGE, 1.8), ((0, (1, 1)), GREEN, 1.8))
        self.curves = [
            self.chart.plot([], [], color=colour, linestyle=style, linewidth=width, animated=True)[0]
            for style, colour, width in looks
        ]
        self.now = self.chart.plot([], [], color="#8c8c8c", linewidth=1, linestyle=":", animated=True)[0]
        self.dot = marks(self.chart, "o", INK, 8)
        for x, text, (_, colour, _) in zip(
            (430, 640, 812),
            ("\u2500\u2500 this kernel, these stripes", "\u254c\u254c Gabor most like it", "\u2508\u2508 before training"),
            looks,
            strict=True,
        ):
            figure.text(x / 960, 336 / 380, text, fontsize=10, color=colour, va="center")
        caption(figure, 676, 362, "answer to stripes of every direction (dashed, dotted: best wavelength)", 10)
        return [*self.pictures, self.titles, self.now, *self.curves, self.dot]

    def compute(self, kernel, source, angle, wavelength, seed):
        learnt, before = recorded_kernel(seed, "after", kernel), recorded_kernel(seed, "before", kernel)
        own = {LEARNT: learnt, BEFORE: before, GABOR: closest_gabor(learnt)[0]}[source]
        twin, likeness = closest_gabor(own)
        answers = responses(own)
        best = np.unravel_index(answers.argmax(), answers.shape)
        phases = np.arange(0, 360, 45)
        sums = [float(np.sum(own * grating(SIDE, angle, wavelength, phase))) for phase in phases]
        strongest = answers.max() or 1
        return {
            **{
                "own": own,
                "twin": twin,
                "likeness": likeness,
                "stripes": grating(SIDE, angle, wavelength, phases[np.argmax(sums)]),
            },
            **{"curve": answers[best[0]] / strongest, "now": answers[WAVELENGTHS.index(wavelength)] / strongest},
            **{"twin_curve": _own_curve(twin), "before_curve": _own_curve(before)},
            **{
                "answer": max(max(sums), 0) / strongest,
                "angle": angle,
                "wavelength": float(wavelength),
                "source": source,
                "kernel": kernel,
            },
            **{"best_angle": int(ANGLES[best[1]]), "best_wavelength": float(WAVELENGTHS[best[0]]), "seed": seed},
        }

    def paint(self, numbers):
        own, twin, stripes = numbers["own"], numbers["twin"], numbers["stripes"]
        strongest = np.abs(own).max() or 1
        products = own * stripes
        shown = [own / strongest, stripes, twin / (np.abs(twin).max() or 1), products / (np.abs(products).max() or 1)]
        for picture, array in zip(self.pictures, shown, strict=True):
            picture.set(array)
        heads = [f"kernel {numbers['kernel']}", f"stripes at {numbers['angle']}\N{DEGREE SIGN}"]
        self.titles.write(
            [*heads, f"Gabor, alike {numbers['likeness']:.2f}", "kernel \N{MULTIPLICATION SIGN} stripes"], self.places, 10.5
        )
        for curve, name in zip(self.curves, ("now", "twin_curve", "before_curve"), strict=True):
            curve.set_data([*ANGLES, 180], [*numbers[name], numbers[name][0]])
        self.now.set_data([numbers["angle"]] * 2, [-0.03, 1.08])
        self.dot.set_data([numbers["angle"]], [numbers["answer"]])

    def describe(self, numbers):
        curve, best, length = numbers["curve"], numbers["best_angle"], numbers["best_wavelength"]
        across = curve[(curve.argmax() + len(ANGLES) // 2) % len(ANGLES)]
        source = {GABOR: "the Gabor filter itself"}.get(numbers["source"], numbers["source"])
        formula = f"(1 - {across:.2f}) / (1 + {across:.2f}) = {selectivity(curve):.2f}".replace("-", MINUS)
        return (
            f"Kernel {numbers['kernel']} ({source}) answers most to stripes at {best} degrees, {length:g} pixels apart. "
            f"Across that direction: {100 * across:.0f} % of it. Selectivity: `{formula}` (0: alike, 1: silent across).\n"
            f"At {numbers['angle']} degrees and {numbers['wavelength']:g} pixels: {100 * numbers['answer']:.0f} % (the dot). "
            f"Likeness to the nearest Gabor filter: {numbers['likeness']:.2f} of 1."
        )


@lru_cache
def recorded_kernel(seed, when, place):
    """Return one of the 16 kernels of a recorded training, (9, 9), "before" or "after" it."""
    return load_recorded("cnn_kernels")[seed][when][:, :, 0, place].astype(float)


def _own_curve(kernel):
    answers = responses(kernel)
    best = answers[answers.max(axis=1).argmax()]
    return best / (best.max() or 1)

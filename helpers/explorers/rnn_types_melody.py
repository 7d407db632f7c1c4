"""A melody that a trained recurrent network makes up from one note: seen as a piano roll, and heard."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.rnn_types_common import first_run, recorded_weights, word_network
from helpers.melodies import TEMPO, Symbols, compose, load_melodies, longest_copy, pitch_name, wav_of
from helpers.plots.figure import INK, caption, whole_figure
from helpers.plots.lettering import Lettering, text_width
from helpers.plots.number_grid import Outline, marks

BAR = 4  # quarter notes between two lines
SHORTEST = 16  # quarter notes for which the picture always has room
LEFT, WIDE, BOTTOM, ROW = 62, 878, 52, 12  # of the roll, in pixels; ROW is the height of one pitch
CLASSES = (  # probability from which on, colour, what the legend says
    (0.25, "#0b4f8a", "25 % or more"),
    (0.1, "#7fb8dc", "10 to 25 %"),
    (0.03, "#f2b25c", "3 to 10 %"),
    (0.0, "#c2410c", "below 3 %"),
)
GIVEN = "#8c8c8c"  # the first note, which the network did not choose
RECORDED = {"stopped in time": "LSTM", "by heart": "LSTM by heart"}  # how long it was taught -> its name in the recording


@lru_cache
def note_networks():
    """Return the recorded networks as our own models, by how long they were taught, and their Symbols."""
    run = first_run("rnn_melodies")
    models = {taught: word_network(recorded_weights(run, 6, f"{name}: "), "softmax") for taught, name in RECORDED.items()}
    return models, Symbols(run["pitches"], run["durations"])


def shared_by_tunes():
    """Return how many notes in a row each of the tunes shares with another one: so much is alike without copying."""
    return first_run("rnn_melodies")["tunes: copied"]


def explore_melody(model=None):
    """Let a network make up a melody from one note: draw its notes, say how much of it is copied, and make its sound.

    `model` is a scratch Sequential of Embedding, a recurrent layer and Dense(..., "softmax") for the symbols of
    `symbols_of(load_melodies(common_key=True))`; without it there are two recorded ones to choose from.
    """
    return MelodyMaker(model)


class MelodyMaker(Explorer):
    title = "A melody that a network makes up, one note after the other: time goes to the right, pitch upwards."
    size = (960, 448)
    lines = 4

    def __init__(self, model):
        self.models, self.symbols = note_networks()
        if model is not None:
            if model.layers[-1].units != self.symbols.count:
                raise ValueError(
                    f"model: expected probabilities of {self.symbols.count} symbols (pitches and durations), "
                    f"got {model.layers[-1].units}"
                )
            self.models = {"own": model}
        self.tunes = load_melodies(common_key=True)
        self.lowest, self.highest = int(self.symbols.pitches[0]), int(self.symbols.pitches[-1])
        self.top = BOTTOM + ROW * (self.highest - self.lowest + 1)
        self.names = {pitch_name(pitch): pitch for pitch in self.symbols.pitches.tolist()}
        self.audio = widgets.Audio(value=b"", format="wav", autoplay=False, loop=False, layout=widgets.Layout(display="none"))
        super().__init__()

    def make_controls(self):
        controls = {
            "first": choice("First note", "E4", self.names, "The pitch that it begins with; C4 is in the middle of a piano"),
            "temperature": float_slider("Temperature", 1.0, 0.1, 2, "Low: it takes what is most probable; high: it dares more"),
            "notes": slider("Notes", 24, 8, 48, "How many notes it writes"),
            "seed": slider("Seed", 4, 1, 20, "Each place of this slider draws other random numbers"),
        }
        if len(self.models) > 1:
            tooltip = "Stopped in time it knows new tunes best; by heart: taught until it knew its 18 tunes by heart"
            controls["taught"] = choice("Taught", "stopped in time", self.models, tooltip)
        return controls

    def arrange(self, controls):
        tooltip = f"Turn the notes into sound, {TEMPO} quarter notes a minute; then press the triangle to hear it"
        self.button = widgets.Button(description="Make the sound", icon="music", tooltip=tooltip)
        self.button.layout = widgets.Layout(width="160px", margin="2px 6px")
        self.button.on_click(lambda button: self.make_sound())
        return [rows_of(list(controls.values()), 3), self.button, self.audio]

    def make_sound(self):
        """Put the sound of the melody into the player, which does not start by itself."""
        with self._lock:
            self.audio.value = wav_of(self.numbers["pitches"], self.numbers["durations"])
            self.audio.layout.display = ""

    def refresh(self):
        super().refresh()
        if self.audio.value:  # the sound of the old melody
            self.audio.value, self.audio.layout.display = b"", "none"

    def stage(self, figure):
        whole = whole_figure(figure)
        for pitch in range(self.lowest, self.highest + 1):
            middle = BOTTOM + ROW * (pitch - self.lowest + 0.5)
            if len(pitch_name(pitch)) > 2:  # a black key
                whole.fill_between([LEFT, LEFT + WIDE], middle - ROW / 2, middle + ROW / 2, color="#ececec", linewidth=0)
            else:
                caption(figure, LEFT - 6, middle, pitch_name(pitch), 9, ha="right")
        whole.plot([LEFT, LEFT + WIDE, LEFT + WIDE, LEFT, LEFT], [BOTTOM, BOTTOM, self.top, self.top, BOTTOM], "#8c8c8c", lw=1)
        caption(figure, LEFT - 6, BOTTOM - 14, "bar", 9.5, ha="right")
        text = "a bar has four quarter notes; grey rows are the black keys of a piano"
        caption(figure, LEFT, BOTTOM - 36, text, 9.5, ha="left")
        self._legend(figure, whole)
        line = {"linestyle": "-", "animated": True}
        self.bars = whole.plot([], [], color="#8c8c8c", linewidth=0.8, **line)[0]
        self.bracket = whole.plot([], [], color=INK, linewidth=1.6, **line)[0]
        self.boxes = {colour: Outline(whole, INK, 0.7, fill=colour) for colour in (GIVEN, *(each[1] for each in CLASSES))}
        self.rarest = marks(whole, "v", INK, 8)
        self.numbering, self.copied = Lettering(figure), Lettering(figure, "bold")
        return [self.bars, *self.boxes.values(), self.bracket, self.rarest, self.numbering, self.copied]

    def _legend(self, figure, whole):
        y, x = self.size[1] - 14, LEFT
        texts = ["probability of a note:", *(text for _, _, text in CLASSES), "given by you", "the rarest note"]
        for place, text in enumerate(texts):
            if 0 < place < len(texts) - 1:
                colour = GIVEN if place == len(texts) - 2 else CLASSES[place - 1][1]
                corners = [x, x + 20, x + 20, x], [y - 5, y - 5, y + 6, y + 6]
                whole.fill(*corners, facecolor=colour, edgecolor=INK, linewidth=0.7, linestyle="-")
                x += 26
            elif place:
                whole.plot([x + 6], [y], "v", color=INK, markersize=8, mew=0)
                x += 18
            caption(figure, x, y, text, 10, ha="left")
            x += text_width(text) * 10 * 100 / 72 + 16

    def compute(self, first, temperature, notes, seed, taught="own"):
        made = compose(self.models[taught], self.symbols, self.names[first], notes, temperature, seed)
        copied = longest_copy(made.pitches, made.durations, self.tunes)
        return {
            **made._asdict(),
            **{"copied": copied.notes, "copied_from": copied.start, "tune": copied.name, "half_tones": copied.half_tones},
            "rarest": 1 + int(made.probabilities[1:].argmin()),  # the first one was given
        }

    def paint(self, numbers):
        ends = np.cumsum(numbers["durations"])
        starts, length = ends - numbers["durations"], max(SHORTEST, BAR * np.ceil(ends[-1] / BAR))
        left, right = LEFT + WIDE * starts / length, LEFT + WIDE * ends / length
        low = BOTTOM + ROW * (numbers["pitches"] - self.lowest)
        corners = [(left, low + 1), (right - 1, low + 1), (right - 1, low + ROW - 1), (left, low + ROW - 1)]
        corners = np.stack([np.stack(corner, axis=1) for corner in corners], axis=1)
        colours = np.array([GIVEN, *(colour_of(share) for share in numbers["probabilities"][1:])])
        for colour, boxes in self.boxes.items():
            boxes.put(corners[colours == colour])
        rarest = numbers["rarest"]
        self.rarest.set_data([(left[rarest] + right[rarest]) / 2], [low[rarest] + ROW + 5])
        bars = np.arange(0, length, BAR)
        lines = LEFT + WIDE * bars / length
        self.bars.set_data(np.repeat(lines, 3), np.tile([BOTTOM, self.top, np.nan], len(lines)))  # NaN ends a line
        every = int(np.ceil(len(bars) / 24))  # so that the numbers of the bars do not touch
        numbered = range(0, len(bars), every)
        self.numbering.write([str(k + 1) for k in numbered], [(lines[k] + 4, BOTTOM - 14) for k in numbered], 9.5, align="left")
        self._paint_copied(numbers, left, right)

    def _paint_copied(self, numbers, left, right):
        """Draw a bracket over the run that also stands in a tune, and its name."""
        first, y = numbers["copied_from"], self.top + 18  # above the mark of a rarest note in the top row
        start, end = left[first], right[first + numbers["copied"] - 1]
        self.bracket.set_data([start, start, end, end], [y - 5, y, y, y - 5])
        in_a_row = " in a row" if numbers["copied"] > 1 else ""
        text = f"{notes_in_words(numbers['copied'])}{in_a_row} as in {numbers['tune']}"
        half = text_width(text, "bold") * 11 * 100 / 72 / 2
        middle = min(max((start + end) / 2, LEFT + half), LEFT + WIDE - half)
        self.copied.write([text], [(middle, y + 13)], 11)

    def describe(self, numbers):
        ends, rarest, copied = np.cumsum(numbers["durations"]), numbers["rarest"], numbers["copied"]
        share = 100 * numbers["probabilities"][rarest]
        shown = f"{share:.2g}" if share >= 0.01 else "less than 0.01"
        first = numbers["copied_from"] + 1
        which = f"number {first}" if copied == 1 else f"numbers {first} to {first + copied - 1}"
        shared = shared_by_tunes()
        verdict = "more: it is copied" if copied > shared.max() else "not more than that"
        return (
            f"{len(ends)} notes, {ends[-1]:g} quarter notes: {ends[-1] * 60 / TEMPO:.1f} seconds of sound.\n"
            f"The rarest note is number {rarest + 1}, {pitch_name(numbers['pitches'][rarest])}, "
            f"{quarters_in_words(numbers['durations'][rarest])} long: the network gave it `{shown} %`.\n"
            f"The longest run that stands in a tune it was taught: {notes_in_words(copied)} ({which}), "
            f"as in {numbers['tune']}{moved(numbers['half_tones'])}.\n"
            f"Two different tunes share {shared.min()} to {shared.max()} notes in a row: {copied} is {verdict}."
        )


def colour_of(share):
    """Return the colour of a note with this probability."""
    return next(colour for least, colour, _ in CLASSES if share >= least)


def notes_in_words(count):
    return f"{count} note" + ("s" if count > 1 else "")


def quarters_in_words(quarters):
    return f"{quarters:g} quarter note" + ("s" if quarters != 1 else "")


def moved(half_tones):
    """Return in words by how much a run is higher or lower than in the tune."""
    if not half_tones:
        return ""
    count = abs(half_tones)
    return f", {count} half-tone{'s' if count > 1 else ''} {'higher' if half_tones > 0 else 'lower'}"

"""Sliders wired to one picture that is repainted in place.

A topic says five things (`make_controls`, `stage`, `compute`, `paint`, `describe`); the engine does the rest. One Figure is
kept: what never moves is drawn once and saved, and only what moves is drawn over it. The picture travels as PNG in a core
ipywidgets Image, so it works wherever ipywidgets works.
"""

import base64
import html
import re
from threading import RLock

import ipywidgets as widgets
import numpy as np

from helpers.plots.figure import house_style, new_figure
from helpers.plots.lettering import Label
from helpers.plots.png import to_png


class Impossible(ValueError):
    """Raised by `compute` for controls that make no sense together. The message is a sentence for the learner."""


class Explorer:
    """Base of the explorers.

    `controls` name -> ipywidgets control; `set(**values)` and `reset()` move them and return the explorer; `numbers` is what
    `compute` returned (empty where the controls make no sense together), `description` the sentence, `png` the picture.
    """

    title = ""  # one line: what the picture shows
    size = (960, 380)  # of the picture, in pixels
    lines = 2  # room kept for the sentence, so that the page does not jump
    shows_progress = False  # whether some moves take long enough for a bar: `compute` then calls `progress`

    def __init__(self):
        self.controls = self.make_controls()
        self._start = {name: control.value for name, control in self.controls.items()}
        self._quiet = False
        self._lock = RLock()  # JupyterLab runs sliders and buttons in two threads of the kernel
        with house_style():
            self.figure = new_figure(*self.size)
            self._moving = list(self.stage(self.figure))
            self._notice = Label(self.figure, self.size[0] / 2, self.size[1] / 2, 13, align="center")
            self._notice.set_text("No picture for these controls: read the sentence below.")
            for artist in self._moving:
                artist.set_animated(True)
            self.figure.canvas.draw()
        self._background = self.figure.canvas.copy_from_bbox(self.figure.bbox)
        self._picture = widgets.Image(format="png", layout=widgets.Layout(width=f"{self.size[0]}px", max_width="100%"))
        self._readout = widgets.HTML()
        self._progress = widgets.FloatProgress(max=1.0, layout=widgets.Layout(visibility="hidden", height="8px", width="300px"))
        self.refresh()
        for control in self.controls.values():
            control.observe(self._moved, "value")
        self._box = self._assemble()

    # What a topic says.

    def make_controls(self):
        """Return a dict: name -> ipywidgets control, each with a description and a tooltip."""
        raise NotImplementedError

    def stage(self, figure):
        """Create every artist once; return those that move, in the order in which they are drawn."""
        raise NotImplementedError

    def compute(self, **values):
        """Return a dict of arrays and numbers for these values of the controls. Draws nothing. Raises Impossible."""
        raise NotImplementedError

    def paint(self, numbers):
        """Move the artists."""
        raise NotImplementedError

    def describe(self, numbers):
        """Return the sentence under the picture: plain text; `code` in backticks, a new line where a line ends."""
        raise NotImplementedError

    def relevant(self, **values):
        """Return the names of the controls that have an effect now; the others are greyed out."""
        return set(values)

    def arrange(self, controls):
        """Return the widgets to show above the picture."""
        return list(controls.values())

    # What a topic may use.

    def progress(self, share):
        """Show how far long work has come, from 0 to 1; at 1 the bar goes away. Leaves no trace in numbers or picture."""
        self._progress.value = share
        self._progress.layout.visibility = "visible" if share < 1 else "hidden"

    # What everyone else uses.

    def set(self, **values):
        """Move several controls at once, refresh once, return the explorer.

        Raises ValueError for a control that is not there or a value that it cannot take; then nothing has moved.
        """
        unknown = sorted(set(values) - set(self.controls))
        if unknown:
            raise ValueError(f"{unknown[0]}: expected one of {', '.join(self.controls)}, got a control that is not there")
        with self._lock:
            before = {name: self.controls[name].value for name in values}
            self._quiet = True
            try:
                for name, value in values.items():
                    _assign(name, self.controls[name], value)
            except ValueError:
                for name, value in before.items():
                    self.controls[name].value = value
                raise
            finally:
                self._quiet = False
            self.refresh()
        return self

    def reset(self):
        """Move every control to where it started; return the explorer."""
        return self.set(**self._start)

    @property
    def values(self):
        """The controls' values now, name -> value."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def png(self):
        """The picture as it is now, as the bytes of a PNG file."""
        return self._png

    def refresh(self):
        """Compute, paint and show the picture and the sentence for the controls as they are."""
        values = self.values
        needed = self.relevant(**values)
        for name, control in self.controls.items():
            greyed_out = name not in needed
            if control.disabled != greyed_out:  # setting a trait takes far longer than reading it
                control.disabled = greyed_out
        try:
            self.problem, self.numbers = None, self.compute(**values)
        except ValueError as problem:
            self.problem, self.numbers = problem, {}
        canvas = self.figure.canvas
        if self.problem is None:
            canvas.restore_region(self._background)
            self.paint(self.numbers)
            artists, sentence = self._moving, self.describe(self.numbers)
        else:
            np.asarray(canvas.buffer_rgba())[...] = 255  # nothing of the picture, so that nothing can mislead
            artists, sentence = [self._notice], str(self.problem)
        renderer = canvas.get_renderer()
        for artist in artists:
            if artist.get_visible():
                artist.draw(renderer)
        self.description = sentence.replace("`", "")
        self._readout.value = _to_html(sentence, self.lines)
        self._png = to_png(np.asarray(canvas.buffer_rgba()))
        self._picture.value = self._png

    def _moved(self, change):
        with self._lock:
            if not self._quiet:
                self.refresh()

    def _assemble(self):
        layout = widgets.Layout(width="100px", margin="2px 6px")
        reset = widgets.Button(description="Reset", icon="undo", tooltip="Move every control back to its start", layout=layout)
        reset.on_click(lambda button: self.reset())
        row = widgets.Layout(flex_flow="row wrap", align_items="center", max_width=f"{self.size[0] + 20}px")
        controls = [widgets.Box([*self.arrange(self.controls), reset], layout=row)]
        return widgets.VBox([*controls, *([self._progress] if self.shows_progress else []), self._picture, self._readout])

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Return the widgets, with the picture and the sentence for places where no kernel runs."""
        bundle = dict(self._box._repr_mimebundle_())
        bundle["image/png"] = base64.b64encode(self.png).decode("ascii")
        bundle["text/plain"] = f"{self.title}\n{self.description}"
        return bundle


def _assign(name, control, value):
    """Give a control a value; ValueError where it refuses it or would quietly take another."""
    try:
        control.value = value
    except Exception as refusal:  # traitlets' TraitError, TypeError ...: whatever it is, say what was expected
        raise ValueError(f"{name}: expected {_range_of(control)}, got {value!r}") from refusal
    if control.value != value:
        raise ValueError(f"{name}: expected {_range_of(control)}, got {value!r}")


def _range_of(control):
    if hasattr(control, "options"):
        return f"one of {list(control.options)}"
    if hasattr(control, "min"):
        return f"a number from {control.min} to {control.max}"
    return f"a value for {type(control).__name__}"


def _to_html(sentence, lines):
    """Return the sentence as HTML: code in backticks, line ends kept."""
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(sentence)).replace("\n", "<br>")
    return f'<div role="status" style="font-size:14px;line-height:1.5;min-height:{1.5 * lines}em;max-width:940px">{text}</div>'

"""The controls of the explorers, all of one shape so that they line up."""

import ipywidgets as widgets
import traitlets

WIDTH = "300px"


def slider(label, start, least, most, tooltip, step=1, readout=True):
    """Return a slider over whole numbers; without `readout` its number is not shown beside it."""
    return widgets.IntSlider(start, least, most, step, description=label, tooltip=tooltip, readout=readout, **_shape())


def float_slider(label, start, least, most, tooltip, step=0.1, digits=1):
    """Return a slider over numbers with a point; `digits` are shown behind it."""
    return widgets.FloatSlider(
        start, min=least, max=most, step=step, description=label, tooltip=tooltip, readout_format=f".{digits}f", **_shape()
    )


def steps_slider(label, start, options, tooltip):
    """Return a slider over a few numbers that are not evenly spaced."""
    return widgets.SelectionSlider(options=list(options), value=start, description=label, tooltip=tooltip, **_shape())


def choice(label, start, options, tooltip, width=WIDTH):
    """Return a drop-down list."""
    return widgets.Dropdown(options=list(options), value=start, description=label, tooltip=tooltip, **_shape(width))


def check_box(label, start, tooltip, indent=False):
    """Return a box to tick; with `indent` it stands below the sliders, not below their labels."""
    return widgets.Checkbox(start, description=label, tooltip=tooltip, indent=indent, **_shape())


def number(label, start, least, most, tooltip, step=0.5):
    """Return a small box in which a number is typed."""
    shape = {"layout": widgets.Layout(width="86px", margin="2px"), "style": {"description_width": "22px"}}
    return widgets.BoundedFloatText(start, min=least, max=most, step=step, description=label, tooltip=tooltip, **shape)


def text_box(label, start, samples, tooltip, width=WIDTH):
    """Return a box for a line of text, which counts when Enter is pressed; `samples` are texts that the tests try."""
    box = widgets.Text(start, description=label, tooltip=tooltip, continuous_update=False, **_shape(width))
    box.samples = samples
    return box


class Strip(widgets.HBox):
    """A row of small buttons that are pressed or not: `value` is a tuple of True and False.

    They show 1 and 0, or, with `numbered`, their number. `what` is what one of them stands for, "step" or "unit".
    """

    value = traitlets.Tuple()
    description = traitlets.Unicode()
    tooltip = traitlets.Unicode()  # stays in Python: in the browser a Box with a tooltip fails (ipywidgets 8.1.8)
    disabled = traitlets.Bool(False)

    def __init__(self, label, start, tooltip, label_width, button_width, what="step", numbered=False):
        shape = {"width": f"{button_width - 2}px", "height": "26px", "margin": "1px", "padding": "0px"}
        self.buttons = [
            widgets.ToggleButton(bool(pressed), tooltip=f"{tooltip}, {what} {number}", layout=widgets.Layout(**shape))
            for number, pressed in enumerate(start, start=1)
        ]
        self.numbered = numbered
        name = widgets.Label(label, layout=widgets.Layout(width=f"{label_width}px", margin="0px"))
        super().__init__([name, *self.buttons], layout=widgets.Layout(margin="0px"))
        self.description, self.tooltip, self.value = label, tooltip, tuple(map(bool, start))
        self.samples = [(False,) * len(start), (True,) * len(start), (True, False) * (len(start) // 2)]
        for button in self.buttons:
            button.observe(self._pressed, "value")
        self._write()

    @traitlets.validate("value")
    def _valid(self, proposal):
        value = tuple(proposal["value"])
        if len(value) != len(self.buttons) or not all(isinstance(pressed, bool) for pressed in value):
            raise traitlets.TraitError(f"value: expected {len(self.buttons)} times True or False, got {value!r}")
        return value

    @traitlets.observe("value")
    def _write(self, change=None):
        self._writing = True
        for number, (button, pressed) in enumerate(zip(self.buttons, self.value, strict=True), start=1):
            button.value, button.description = pressed, str(number) if self.numbered else "01"[pressed]
            button.button_style = "primary" if pressed else ""
        self._writing = False

    @traitlets.observe("disabled")
    def _sleep(self, change):
        for button in self.buttons:
            button.disabled = change["new"]

    def _pressed(self, change):
        if not self._writing:
            self.value = tuple(button.value for button in self.buttons)


def rows_of(controls, columns):
    """Return the controls in rows of so many."""
    width = f"{columns * (int(WIDTH[:-2]) + 14)}px"
    return widgets.Box(controls, layout=widgets.Layout(flex_flow="row wrap", width=width))


def square_of(boxes, title):
    """Return nine small boxes as a square with a title."""
    grid = widgets.GridBox(boxes, layout=widgets.Layout(grid_template_columns="repeat(3, 92px)"))
    return widgets.VBox([widgets.HTML(title), grid])


def _shape(width=WIDTH):
    return {"layout": widgets.Layout(width=width, margin="2px 6px"), "style": {"description_width": "96px"}}

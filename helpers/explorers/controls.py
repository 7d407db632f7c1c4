"""The controls of the explorers, all of one shape so that they line up."""

import ipywidgets as widgets

WIDTH = "300px"


def slider(label, start, least, most, tooltip, step=1, readout=True):
    """Return a slider over whole numbers; without `readout` its number is not shown beside it."""
    return widgets.IntSlider(start, least, most, step, description=label, tooltip=tooltip, readout=readout, **_shape())


def float_slider(label, start, least, most, tooltip, step=0.1, digits=1):
    """Return a slider over numbers with a point; `digits` are shown behind it."""
    return widgets.FloatSlider(
        start, min=least, max=most, step=step, description=label, tooltip=tooltip, readout_format=f".{digits}f", **_shape()
    )


def choice(label, start, options, tooltip):
    """Return a drop-down list."""
    return widgets.Dropdown(options=list(options), value=start, description=label, tooltip=tooltip, **_shape())


def number(label, start, least, most, tooltip, step=0.5):
    """Return a small box in which a number is typed."""
    shape = {"layout": widgets.Layout(width="86px", margin="2px"), "style": {"description_width": "22px"}}
    return widgets.BoundedFloatText(start, min=least, max=most, step=step, description=label, tooltip=tooltip, **shape)


def text_box(label, start, samples, tooltip, width=WIDTH):
    """Return a box for a line of text, which counts when Enter is pressed; `samples` are texts that the tests try."""
    box = widgets.Text(start, description=label, tooltip=tooltip, continuous_update=False, **_shape(width))
    box.samples = samples
    return box


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

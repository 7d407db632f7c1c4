"""Numbers and signs of arithmetic as they are printed in books."""

MINUS, TIMES, DOT = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}", "\N{MIDDLE DOT}"


def signed(number, fmt="{:g}"):
    """Return a number as text with a real minus sign."""
    return fmt.format(number).replace("-", MINUS)


def in_brackets(text):
    """Return a number that is text already, with brackets around a negative one."""
    return f"({text})" if text.startswith(MINUS) else text

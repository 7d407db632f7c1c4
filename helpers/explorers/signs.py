"""Numbers and signs of arithmetic as they are printed in books."""

MINUS, TIMES, DOT = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}", "\N{MIDDLE DOT}"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def signed(number, fmt="{:g}"):
    """Return a number as text with a real minus sign."""
    return fmt.format(number).replace("-", MINUS)


def two_digits(number):
    """Return a number as text with two digits after the point; what rounds to 0 has no minus sign."""
    return signed(round(number, 2) + 0.0, "{:.2f}")


def in_brackets(text):
    """Return a number that is text already, with brackets around a negative one."""
    return f"({text})" if text.startswith(MINUS) else text


def short(number):
    """Return a number with three digits that count, very large or small ones with a power of ten."""
    if number == 0:
        return "0"
    size = abs(number)
    if 1e-3 <= size < 1e5:
        return (f"{number:.3g}" if size < 1000 else f"{number:.0f}").replace("-", MINUS)
    digits, power = f"{number:.2e}".split("e")
    return f"{digits} {DOT} 10".replace("-", MINUS) + str(int(power)).translate(RAISED)


def judged(left):
    """Return in a word what became of a gradient of size 1."""
    return "vanishes" if left < 1e-3 else "explodes" if left > 1e3 else "arrives"

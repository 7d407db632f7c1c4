"""Settings for all tests: they leave no file in the work tree."""

import tempfile

from hypothesis import configuration, settings

configuration.set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
settings.register_profile("here", database=None, deadline=None)
settings.load_profile("here")

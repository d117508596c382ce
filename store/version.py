"""The installed version of Parley."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("parley")
except PackageNotFoundError:
    # Not installed by pip, for instance when started from an unpacked archive.
    VERSION = "unknown"

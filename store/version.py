"""The version of Parley that is installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("parley")
except PackageNotFoundError:
    # Started from a folder that pip has not installed, such as an unpacked archive.
    VERSION = "unknown"

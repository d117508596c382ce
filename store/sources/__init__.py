"""The sources of stories: the corpus folder, and feeds that are polled."""

"""The entrances: Socket Mode, HTTP and the installation pages, and the intake they share."""

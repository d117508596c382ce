"""The Web API of the local workspace, one module a group of methods."""

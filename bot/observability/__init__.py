"""Metrics, health checks and the status pages."""

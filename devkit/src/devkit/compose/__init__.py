"""Wharf in containers: what its images are made with, the jobs that run once, and a compose project of our own for the demo."""

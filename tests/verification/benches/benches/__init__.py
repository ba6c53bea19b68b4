"""Measures Vestibule's functions: beside what others would use, and in instructions."""

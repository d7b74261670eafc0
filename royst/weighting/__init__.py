"""Weights: from inclusion probabilities through non-response and trimming to calibration."""

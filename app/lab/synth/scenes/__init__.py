"""Whole photos drawn from nothing."""

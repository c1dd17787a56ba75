"""Crops drawn for the reader."""

"""The workshop: drawn plates, evaluation, benchmark, quantisation and calibration.

No service needs it: nothing outside imports it at run time, and the images leave it out.
"""

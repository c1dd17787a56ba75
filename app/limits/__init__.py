"""Fair use: how many pictures a key may send, and how many of them at a time.

Nobody who reads a picture waits for it: each process counts by itself, and tells the others on a
thread.
"""

"""Cameras that several processes know, on one machine or many, and one of them watches.

Each camera has a lease in the database that they share. Its owner renews it; where it does not any
more, another takes it, under the next epoch. What is seen is stamped with the epoch, and
`app.passes.store.fencing` refuses what an owner saw that no longer was one.
"""

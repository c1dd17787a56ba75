"""The service and its commands on many machines, by Ray: imported only where that is asked for."""

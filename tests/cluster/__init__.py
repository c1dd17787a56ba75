"""Of what runs on many machines: nodes of Ray on this one, each on a processor of its own."""

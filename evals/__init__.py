"""Everyday tasks as an assistant does them: the calls that each takes, and what is on the lists afterwards."""

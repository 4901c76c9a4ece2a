"""Faults that the program had, or could have: each a patch that puts it in, and what is found then.

    python -m tests.simulation.track_record [NAME…]

A patch begins with lines of its own:

    Fault: what is wrong then, in a sentence
    Finds: the finding, as `python -m tests.simulation` tells it
    Focus: JSON, as for `--focus`: what is drawn, so that it is found soon
    Seeds: the first and how many, for instance 0 40
"""

"""The Centre de maintenance in lines and questions, for a screen reader or a terminal that can do no more.

It does all that the screens do: `tui_transfer.deeds` lists it, and a test holds it to that list.
"""

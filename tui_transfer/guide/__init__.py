"""The guide: the procedure of the fact sheet for this program, in ten short pages, as text and drawings."""

"""Hands payroll databases of Impact emploi over to the Urssaf, verified, and writes the report."""

__version__ = "0.1.0"

"""The process that carries out a job."""

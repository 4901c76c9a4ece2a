"""A transfer as a job: what to do, what happened, and the state folded from it."""

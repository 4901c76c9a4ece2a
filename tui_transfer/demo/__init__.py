"""A Sharebox, a proxy and databases to practise with."""

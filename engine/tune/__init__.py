"""From a request to plans, from plans to trials, and from trials to a report."""

"""From a visitor's table to a verdict, and to a learner in use."""

"""The parts of the Characters page: the pad's learners, what stands below it, and episodes to play against them."""

"""Random inputs at full speed, for as long as one likes: scripts, not tests that pytest collects."""

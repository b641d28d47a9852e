"""What the numbers entitle us to say: intervals, verdicts and their words."""

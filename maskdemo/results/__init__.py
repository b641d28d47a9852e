"""Results that are kept: finished runs, trainings of studies, and what was computed in advance."""

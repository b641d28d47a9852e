"""The tests: they mirror the rooms of the package, plus whole journeys and oracles."""

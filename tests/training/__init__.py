"""Tests of `maskdemo.training.run`."""

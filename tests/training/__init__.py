"""Tests of `maskdemo.training`."""

"""Tests of `maskdemo.inside`."""

"""Tests of `maskdemo.results`."""

"""Tests of `maskdemo.data`."""

"""A person's own sequences: a table in, a task out.

`reading.read_table` makes a table of a file, `columns` says what each column holds, `guess_roles` what
it is for, `task.task_of` makes the task, `data_facts` tells what the sequences give away before any
training, and `limits` counts what all files take. Nothing is imported here: pages start without pandas.
"""

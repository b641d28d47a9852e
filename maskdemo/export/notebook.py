"""An experiment as a Jupyter notebook in plain Keras: a cell for each part of the program."""

from __future__ import annotations

from maskdemo.experiment import Experiment
from maskdemo.export.program import imports, installed_versions, program


def notebook(experiment: Experiment) -> str:
    """Return the text of an .ipynb file (format 4) that trains this experiment and prints accuracies.

    It imports numpy and keras only and has not been run. The same settings give the same text.
    """
    # Whoever only shows a page does not wait for it.
    import nbformat.v4 as nb

    exported = program(experiment)
    head = [
        f"# {exported.title}",
        *exported.introduction,
        f"It needs {exported.packages} and keras 3.12 or later. Written with {installed_versions()}. "
        f"The same settings on the page: put `{exported.link}` behind its address.",
    ]
    cells = [nb.new_markdown_cell("\n\n".join(head)), nb.new_code_cell(imports(experiment))]
    for part in filter(None, (*exported.parts, exported.recording)):
        hidden = {"jupyter": {"source_hidden": True}} if part is exported.recording else {}
        cells += [
            nb.new_markdown_cell(f"## {part.title}\n\n{part.text}"),
            nb.new_code_cell(part.code, metadata=hidden),
        ]
    path, about = (", path=path", " Name your file first.") if experiment.is_own else ("", "")
    run = f"table = compare(epochs={experiment.epochs}, repeats={experiment.repeats}{path})"
    if experiment.is_own:
        run = f'path = "data.csv"  # a file like the one on the page\n{run}'
    few = "Fewer epochs and one repeat are enough for a first try."
    cells += [
        nb.new_markdown_cell(f"## The run\n\n{few}{about}"),
        nb.new_code_cell(run),
        nb.new_code_cell("show(table)"),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb.writes(nb.new_notebook(cells=cells, metadata={"kernelspec": kernel}))

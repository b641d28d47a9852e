"""The audit: whether padding leaks into a Keras model, and where the mask was lost.

    from maskdemo.audit import audit
    print(audit(model))

Behaviour decides: the same sequences alone, in a batch, and padded on either side must give the same
outputs at their real steps. Reading explains: which layer received a mask, and which passed none on.
Keras is imported only where a model is run.
"""

from maskdemo.audit.pytest_checks import check_padding
from maskdemo.audit.report import Finding, LayerRow, Report
from maskdemo.audit.run_audit import audit
from maskdemo.errors import UnsupportedModel

__all__ = ["audit", "check_padding", "UnsupportedModel", "Finding", "LayerRow", "Report"]

"""In a process of its own, under limits: audits one configuration and says how far it is.

    python -m maskdemo.audit.worker

The request is {"config": text}. The answer is {"stage": words} again and again, then {"report": the
report as JSON} or {"cannot": sentence}.
"""

from __future__ import annotations

from pathlib import Path

from maskdemo.child import request, say

#: Bytes beyond what the process holds with Keras loaded; seconds of processor time; open files.
MEMORY, SECONDS, FILES = 2 * 2**30, 240, 512


def main() -> None:
    """Answer the one request."""
    asked = request()
    say({"stage": "Loading Keras"})
    import keras

    from maskdemo.audit.entries import CannotAudit
    from maskdemo.audit.rebuild import audit_config

    keras.ops.zeros(1)  # whatever the backend still has to load
    limit()
    try:
        report = audit_config(asked["config"], tell=lambda stage: say({"stage": stage}))
    except CannotAudit as cannot:
        say({"cannot": str(cannot)})
    except MemoryError:
        say({"cannot": "The model needs more memory than an audit gets here."})
    else:
        say({"report": report.to_json()})


def limit() -> None:
    """From here on: bounded memory and processor time, and no file can be written. POSIX only."""
    try:
        import resource
    except ImportError:  # the parent's patience still ends it
        return
    bounds = {
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: FILES,
    }
    if held := _address_space():
        bounds[resource.RLIMIT_AS] = held + MEMORY
    for what, bound in bounds.items():
        hard = resource.getrlimit(what)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (bound, bound))


def _address_space() -> int:
    """Bytes of address space that this process holds; 0 where the system does not tell."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    import resource

    return int(fields[0]) * resource.getpagesize()


if __name__ == "__main__":
    main()

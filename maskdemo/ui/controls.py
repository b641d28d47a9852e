"""The controls of an experiment: a widget for each setting, and names that set them all.

The limits, defaults and help texts of the settings are in `maskdemo.experiment`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from maskdemo.errors import escape_markdown
from maskdemo.evidence import BASELINE, mask_effect
from maskdemo.evidence.mask_effect import truncation_sentence
from maskdemo.evidence.phrases import counted, number
from maskdemo.experiment import NUMBERS, PADDING, SEQUENCES, SETTINGS, STRATEGY, TRAINING, Experiment
from maskdemo.setting_kinds import Choice, Number, Selection, Switch
from maskdemo.strategies import STRATEGIES
from maskdemo.ui import state, url

#: The numbers that are typed rather than slid.
TYPED = ("pad_value", "mask_value", "train_size", "test_size", "learning_rate", "seed")

#: How many sequences there are, unless the task decides that.
SIZES = ("train_size", "test_size")


def setting(name: str, prefix: str = "", **widget: Any) -> None:
    """Draw a setting's control: toggle, `_number`, pills; segments or, from 4 options, a select box.

    prefix: of the session's keys, here and below: empty on the playground, `STUDY_PREFIX` for a study,
    whose pills lack the baseline, as it always has that. widget: further options of the widget.
    """
    one = SETTINGS[name]
    kept: dict[str, Any] = {**url.KEPT, "key": prefix + name, **widget}
    if isinstance(one, Switch):
        st.toggle(one.title, help=one.help, **kept)
    elif isinstance(one, Number):
        _number(one, kept)
    elif isinstance(one, Selection):
        st.pills(
            one.title,
            [option for option in one.options if not (prefix and option == BASELINE)],
            format_func=lambda option: one.options[option].title,
            selection_mode="multi",
            label_visibility="collapsed",
            **kept,
        )
    elif isinstance(one, Choice):
        few = len(one.options) < 4
        looks: dict[str, Any] = {"required": True, "width": "stretch", "help": one.help} if few else {}
        options = state.tasks() if name == "task" else one.options
        (st.segmented_control if few else st.selectbox)(
            one.title, list(options), format_func=lambda option: options[option].title, **looks, **kept
        )


def _number(declared: Number, kept: dict[str, Any]) -> None:
    """Draw a slider of `offered` values, if any; a box if in `TYPED`; else a slider. kept: options."""
    looks: dict[str, Any] = {"label": declared.label, "help": declared.help, **kept}
    if declared.offered:
        # What a link says need not be among the values offered.
        options = sorted({*declared.offered, st.session_state[kept["key"]]})
        st.select_slider(options=options, **looks)
        return
    looks["min_value"], looks["max_value"] = declared.limits
    looks["step"] = declared.step if declared.whole else float(declared.step)
    if declared.name in TYPED:
        url.number_box(format=None if declared.whole else "%g", **looks)
    else:
        st.slider(format="percent" if declared.unit == "share" else None, **looks)


def lengths(prefix: str = "") -> None:
    """Draw the slider of shortest and longest length, in steps; not called for a recorded task."""
    least, most = NUMBERS["min_length"], NUMBERS["max_length"]
    kept: dict[str, Any] = {**url.KEPT, "key": f"{prefix}lengths", "help": most.help}
    st.slider("Lengths, in steps", least.low, most.high, **kept)


def task(prefix: str = "") -> None:
    """Draw the choice of task, its summary, the button to upload a table, and the dialog if open."""

    def on_task() -> None:
        state.adapt_to_task(prefix)
        url.mark_changed()

    setting("task", prefix, on_change=on_task)
    st.caption(state.chosen_task(prefix).summary)
    st.button(
        "Your own sequences",
        icon=":material/upload_file:",
        type="tertiary",
        on_click=_open_upload,
        key=f"{prefix}own",
        help="Train on a table of yours in place of a task from the list.",
    )
    if st.session_state.get("own_open") == st.session_state.page:
        # Whoever uploads nothing does not wait for pandas.
        from maskdemo.ui.upload_dialog import dialog

        dialog(prefix)


def _open_upload() -> None:
    """Have this page draw the dialog to upload a table from the next run on, in a callback."""
    url.mark_touched()
    st.session_state.own_open = st.session_state.page


def mask_value_warning(experiment: Experiment, prefix: str = "") -> None:
    """Warn if a chosen Masking layer masks no invalid step; a button sets the value that would."""
    if "masking_layer" not in experiment.strategies:
        return
    effect = mask_effect(experiment, "masking_layer")
    if effect.mask_value is None:
        return

    def on_click() -> None:
        st.session_state[f"{prefix}mask_value"] = effect.mask_value
        url.mark_changed()

    st.warning(f"The Masking layer {effect.note}.")
    st.button(
        f"Set the mask value to {number(effect.mask_value)}",
        key=f"{prefix}mask_the_padding",
        on_click=on_click,
        width="stretch",
    )


def complaints(complaint: str | None) -> None:
    """Draw, if any, the link's invalid parts with a button to `open_default`; `complaint`, if any."""
    if sentences := st.session_state.complaints:
        parts = "".join(f"\n- {escape_markdown(each)}" for each in sentences)
        with st.container(key="complaints"):
            st.warning(f"{counted(len(sentences), 'part')} of the link could not be used.\n{parts}")
            st.button(
                "Open with the usual settings",
                key="usual_settings",
                icon=":material/restart_alt:",
                on_click=url.open_default,
            )
    if complaint:
        st.error(escape_markdown(complaint))


def strategies(prefix: str = "") -> None:
    """Draw the choice of strategies, what each does, and `count_invalid` if each step has a label."""
    st.header("Strategies", anchor=False)
    setting("strategies", prefix)
    if prefix:
        st.caption("Each is compared with no mask, which is always among them.")
    chosen = st.session_state.get(f"{prefix}strategies") or ()
    settings = url.current(url.STUDY)[0].base if prefix else url.current(url.RUN)[0]
    does = {name: mask_effect(settings, name).note or STRATEGIES[name].does for name in chosen}
    lines = [f"**{STRATEGIES[name].title}** {text}." for name, text in does.items()]
    st.caption("  \n".join(lines))
    with st.expander("What each one does"):
        for strategy in STRATEGIES.values():
            st.markdown(f"**{strategy.title}.** {strategy.summary}")
    if state.chosen_task(prefix).per_step:
        setting("count_invalid", prefix)


def playground() -> None:
    """Draw the playground's controls in the sidebar; none in a page that another site embeds."""
    if st.context.is_embedded:
        return
    with st.sidebar:
        st.header("Sequences", anchor=False)
        task()
        if not state.is_recorded():
            lengths()
        setting("missing_rate")
        _rest_of_group(SEQUENCES, "task", *state.LENGTHS, *SIZES, "missing_rate")
        st.header("Padding", anchor=False)
        setting("padded_length")
        experiment, _ = url.current(url.RUN)
        if experiment.truncates:
            setting("truncating")
            st.caption(f":material/content_cut: {truncation_sentence(experiment)}")
        setting("side")
        left, right = st.columns(2)
        with left:
            setting("pad_value")
        with right:
            setting("mask_value")
        _rest_of_group(PADDING, "padded_length", "truncating", "side", "pad_value", "mask_value")
        mask_value_warning(experiment)
        strategies()
        _rest_of_group(STRATEGY, "strategies", "count_invalid")
        # With a key and a callback it stays open when the controls above it come or go.
        with st.expander("Training", key="training_folder", on_change=url.mark_touched):
            for name in () if state.is_recorded() else SIZES:
                setting(name)
            _rest_of_group(TRAINING, *(("read_out",) if state.chosen_task().per_step else ()))


def _rest_of_group(group: str, *placed: str) -> None:
    """Draw the playground's settings of a group but those in `placed`, which are drawn elsewhere."""
    for name, one in SETTINGS.items():
        if one.group == group and name not in placed:
            setting(name)


def on_demand(
    draw: Callable[[], None], box: Callable[..., Any], label: str, key: str, icon: str | None = None
) -> None:
    """Draw a box, and only while it is open its content. box: `st.expander` or `st.popover`."""
    drawn = box(label, key=key, icon=icon, on_change=url.mark_touched)
    if drawn.open:
        with drawn:
            draw()


def presets(
    label: str,
    kind: str,
    list_titles: Mapping[str, str],
    row_titles: Mapping[str, str],
    chosen: str | None,
    choose: Callable[[str], None],
) -> None:
    """Draw names that set all controls, in a row and in a list: the pages' style shows one of the two.

    kind: the beginning of both keys. list_titles, row_titles: by name, in the same order. chosen: the
    name shown, if any. choose: called in a callback with the name picked, if any; then `mark_changed`.
    """
    in_list, in_row = _preset_key(f"{kind}_list", chosen), _preset_key(f"{kind}_row", chosen)
    common: dict[str, Any] = {"on_change": _on_preset, "label_visibility": "collapsed"}
    looks: dict[str, Any] = {"index": None, "placeholder": "Your own settings"}
    row: dict[str, Any] = {"format_func": row_titles.__getitem__, "key": in_row, "wrap": False}
    with st.container(key=f"{kind}_presets"):
        title = list_titles.__getitem__
        args = (in_list, choose)
        st.selectbox(label, list_titles, format_func=title, key=in_list, args=args, **looks, **common)
        st.pills(label, list_titles, args=(in_row, choose), **row, **common)


def _preset_key(widget: str, name: str | None) -> str:
    """Return a widget's key in `named`, replaced by a new key, set to `name`, where it holds another.

    Until a browser has drawn what is set here it sends, with the next step of a slider, what the widget
    held before. From the old widget that does not count as a click on a scenario that one is leaving.
    """
    session = st.session_state
    named = session.get("named", {})
    key = named.get(widget, f"{widget}_0")
    if session.get(key) != name:
        key = f"{widget}_{int(key.rpartition('_')[2]) + 1}"
        session[key] = name
    session.named = {**named, widget: key}
    return key


def _on_preset(key: str, choose: Callable[[str], None]) -> None:
    """Call `choose` with the name picked, if any, and `mark_changed`; nothing if `key` was replaced."""
    if key in st.session_state.named.values():
        if name := st.session_state[key]:
            choose(name)
        url.mark_changed()

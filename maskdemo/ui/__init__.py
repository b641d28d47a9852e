"""What pages share: the one folder of the package that may import Streamlit.

What a session keeps (`st.session_state`) beside the widgets' own values. A setting lives in its
widget, under its name (`task`, `padded_length`, ...; on the study page `study_task`, ...), and what is
looked at under the page's name and its own (`playground_probe`, `inside_epoch`, ...); the URL is
written from them. Nothing else that a page shows is kept twice:

| key | written by | why |
| --- | --- | --- |
| address | url | the page and parameters last written or read: any others came from outside |
| asks_for_file | app, upload | whether an uploader was drawn in this run of the page |
| audit_complaint | audit | why an uploaded file cannot be audited |
| audit_file | audit | the configuration of the uploaded file |
| audited | audit | which configuration the last report is about |
| came_to_rest | run_view | whether a replay has just ended, to draw the page's links anew |
| complaints | url | a sentence for each part of the link that could not be used |
| count_invalid | playground_view | its widget; switched beside the headline too |
| defaults | url | each choice's default when drawn: only others go into the URL |
| disk_failure_reported | live_job | whether the session was told that nothing can be kept on disk |
| followed | url | the page whose controls were read in this run of the app, until the page begins |
| handles | padding_handle | how often the handle was moved from outside, which makes it a new one |
| look_inside | run_view | the step that was clicked, until the inside page opens at it |
| may_upload | upload | whether the server takes files from the session |
| moved | url | "changed" by a control that the URL names: then it is written; "touched" by others |
| named | controls | the keys of the rows and lists of names that are on the page now |
| own_complaint | upload_dialog | why a file of one's own cannot be used |
| own_draft | upload_dialog | the file of one's own that is looked at |
| own_given | upload_dialog | the bytes of such a file until they are read |
| own_open | controls, upload_dialog | the page on which the dialog for such a file is open |
| own_task | upload_dialog | the task made of the file that is in use |
| page | url | the page that the session is on |
| playground_epoch | run_view | where the replay came to rest |
| playing | inside_page | the epoch shown while the inside page plays them, else None |
| prepared | live_job | the experiment whose programs were asked for ahead |
| pulled | padding_handle | where the handle was left, so that it is not taken for a link's |
| refused | live_job | why work was refused or did not go on: a sentence, by the kind of work |
| replayed | run_view | whose replay rests there: another run begins at its newest epoch |
| rested | run_view | the epoch that the replay wrote, so that it is not taken for a link's |
| settings | url | what the controls hold in this run of the app, their error, their URL parameters |
| shown_findings | study_view | what was shown last: stays until there is a result of the settings |
| shown_run | playground_view | the same there, by its experiment |
| study_and_doses | state | its widget; new where its variable is |
| study_and_vary | state, study_controls | its widget; nothing else where the first variable takes it |
| study_doses | state | its widget; new where its variable is |
| study_more | state, study_controls | the values that have more repeats than the others |
| study_padded_length | state | its widget; raised to the longest sequence |
| study_stored | study_progress | what the store has of the study on the page |
| study_vary | state | its widget, from a link or a question |
| uploads | upload | how many files were taken: the uploader's name, so that none is held twice |
| viewer | live_job | the session's name at the server |
"""

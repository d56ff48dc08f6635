"""What the programs of the plugin and of the training share.

It imports nothing of ours but errors.
`command_options` holds the options of the command lines, `command_output` what their
commands print, `json_lines` the progress protocol.
"""

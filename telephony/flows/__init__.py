"""Call flows: what happens to a call, as a document that people edit and publish.

`steps.py` says what a flow is made of, `walk.py` what a caller meets on the way, `lint.py` what would strand him,
`what_if.py` tries a call that nobody makes, `differences.py` says in what two flows differ: none of these knows a
database or a provider. `versions.py` keeps drafts and publishes them. `telephony/routing.py` takes real calls through
a published version.
"""

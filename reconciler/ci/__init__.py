"""What a pull request needs of its host: one comment that is kept, a job's summary, annotations, digests, approvals.

The host is GitHub, of the cloud or of an enterprise; it is told by the variables of a job (``job``) and spoken to by
one client (``api``). Whatever it fails with is a ``HostError``.
"""

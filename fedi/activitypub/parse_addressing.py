"""Whom an activity is for when it does not say: the person whose own inbox it came to."""

from fedi.activitypub.parse import Activity


def for_person(activity: Activity, person_uri: str) -> Activity:
    """The activity as if it named `person_uri` in `to`, where neither it nor its objects name anybody.

    WriteFreely and Pleroma strip `bto` and `bcc` and deliver to the inbox of who stood there.
    Source: FEDERATION.md, Inbox.
    """
    documents = (activity.raw, *activity.object_docs)
    if not person_uri or any(document.get(name) for document in documents for name in ("to", "cc", "audience")):
        return activity
    return activity._replace(to=(person_uri,), raw={**activity.raw, "to": [person_uri]})

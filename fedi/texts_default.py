"""What a server says of itself until its owner says something else."""

from typing import Final

WRITTEN_AT: Final = 1_795_305_600_000  # 2026-11-22: change it with the texts

ABOUT: Final = """DOMAIN is part of the fediverse: many servers, run by many people, whose members can follow and answer each other. \
Somebody here is called @name@DOMAIN; paste that into the search of your own server to follow them.

It runs fedi, which is free software. Its pages need no scripts, set no cookie until somebody signs in, and load nothing from \
anywhere else."""

PRIVACY: Final = """What DOMAIN keeps about you, for how long, and who else gets to see it.

## What is kept

- **Your account**: your user name, your e-mail address, a hash of your password from which it cannot be read, and what you write into \
your profile and settings.
- **What you write and upload**: posts, their earlier versions, pictures and other files. Places and devices are removed from pictures. \
Direct posts are kept like all others: they are not end-to-end encrypted, and whoever runs the server could read them.
- **What you do**: whom you follow, block and mute, your lists, filters and notes, what you like, boost and bookmark, and how you vote.
- **Where you are signed in**: a hash of each session and of each program's token, when it was made and last used, and what the browser \
or program calls itself. On which days an account was active.
- **Other servers**: copies of the public profiles and posts that people here have to do with, which are dropped after some time.

Network addresses are kept in memory for some minutes to slow down abuse. They are not written to the database; the log names them \
only while the owner has requests logged.

## Who sees it

- Public posts, your profile and its numbers can be read by anybody, and are sent to the servers of your followers.
- Posts for followers and direct posts are sent to the servers of those who may read them. What these servers do with them is not in the \
hands of this one; a deleted post is asked to be deleted there.
- Nothing is sold, nothing is given to advertisers, and there are no statistics by third parties.
- Pictures and previews of other servers are fetched by this server, so that those servers do not learn your address.

## For how long

Until you delete it. You can delete a post, or the whole account with everything in it, at any time, and take your lists and posts along \
before, on the pages of settings. Backups of the owner may hold what was deleted a little longer. Copies on other servers follow when they \
honour the deletion.

## Cookies

One, when you sign in, to know that it is you. One for forms of visitors. No others."""

-- What federation with everyone needs: polls, reactions, quotes, policies and approvals, groups, custom emoji, relays, moves.

ALTER TABLE accounts ADD COLUMN featured_tags_uri TEXT NOT NULL DEFAULT '';

-- a group's: the collection in its attributedTo
ALTER TABLE accounts ADD COLUMN moderators_uri TEXT NOT NULL DEFAULT '';

-- JSON [host, ...]: sites that may name them as author
ALTER TABLE accounts ADD COLUMN attribution_domains TEXT NOT NULL DEFAULT '[]';

ALTER TABLE accounts ADD COLUMN memorial INTEGER NOT NULL DEFAULT 0;

-- when it last moved: not again for seven days
ALTER TABLE accounts ADD COLUMN moved_at INTEGER;

-- remote: when its outbox and featured posts were last read
ALTER TABLE accounts ADD COLUMN filled_at INTEGER NOT NULL DEFAULT 0;

-- remote: what its own server counts
ALTER TABLE accounts ADD COLUMN origin_followers INTEGER NOT NULL DEFAULT 0;

ALTER TABLE accounts ADD COLUMN origin_following INTEGER NOT NULL DEFAULT 0;

ALTER TABLE accounts ADD COLUMN origin_posts INTEGER NOT NULL DEFAULT 0;

-- JSON: who may reply, like, boost, quote; '' says nothing
ALTER TABLE posts ADD COLUMN policy TEXT NOT NULL DEFAULT '';

-- an answer that waits for the yes of whom it answers
ALTER TABLE posts ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

-- the group it was posted to
ALTER TABLE posts ADD COLUMN group_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL;

-- its group takes no more answers
ALTER TABLE posts ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;

-- the collection of its thread
ALTER TABLE posts ADD COLUMN context_uri TEXT NOT NULL DEFAULT '';

-- what it is about, elsewhere: a shared link, an original
ALTER TABLE posts ADD COLUMN link_url TEXT NOT NULL DEFAULT '';

-- JSON: what its kind has besides text: dates, places, ratings, durations
ALTER TABLE posts ADD COLUMN facts TEXT NOT NULL DEFAULT '';

ALTER TABLE posts ADD COLUMN quotes_count INTEGER NOT NULL DEFAULT 0;

-- what its own server counts
ALTER TABLE posts ADD COLUMN origin_replies INTEGER NOT NULL DEFAULT 0;

ALTER TABLE posts ADD COLUMN origin_boosts INTEGER NOT NULL DEFAULT 0;

ALTER TABLE posts ADD COLUMN origin_favourites INTEGER NOT NULL DEFAULT 0;

CREATE INDEX posts_group ON posts (group_id, id) WHERE group_id IS NOT NULL;

ALTER TABLE reports ADD COLUMN category TEXT NOT NULL DEFAULT 'other';

-- JSON, of this server's rules
ALTER TABLE reports ADD COLUMN rule_ids TEXT NOT NULL DEFAULT '[]';

-- told the other server, without who says it
ALTER TABLE reports ADD COLUMN forwarded INTEGER NOT NULL DEFAULT 0;

CREATE INDEX reports_open ON reports (id) WHERE resolved_at IS NULL;

CREATE TABLE threads (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE, -- a remote post whose thread was, or is to be, completed
  replies_uri TEXT NOT NULL DEFAULT '',
  fetched_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE polls (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
  multiple INTEGER NOT NULL DEFAULT 0,
  hide_totals INTEGER NOT NULL DEFAULT 0,   -- until it has ended
  ends_at INTEGER,                          -- NULL: never
  closed_at INTEGER,
  voters_count INTEGER NOT NULL DEFAULT 0,
  fetched_at INTEGER NOT NULL DEFAULT 0     -- remote: when its counts were last read
) STRICT;

CREATE INDEX polls_open ON polls (ends_at) WHERE closed_at IS NULL AND ends_at IS NOT NULL;

CREATE TABLE poll_options (
  post_id INTEGER NOT NULL REFERENCES polls (post_id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  votes_count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (post_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE poll_votes (
  post_id INTEGER NOT NULL REFERENCES polls (post_id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  uri TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  PRIMARY KEY (post_id, account_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX poll_votes_account ON poll_votes (account_id);

CREATE TABLE emojis (
  id INTEGER PRIMARY KEY,
  shortcode TEXT NOT NULL,
  host TEXT NOT NULL,                       -- '' for those of this server
  uri TEXT NOT NULL DEFAULT '',
  media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  category TEXT NOT NULL DEFAULT '',
  listed INTEGER NOT NULL DEFAULT 1,        -- shown where people pick one
  disabled INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  UNIQUE (host, shortcode)
) STRICT;

CREATE INDEX emojis_media ON emojis (media_id);

CREATE TABLE reactions (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  name TEXT NOT NULL,                       -- one emoji character, or a shortcode
  emoji_id INTEGER REFERENCES emojis (id) ON DELETE SET NULL, -- for a shortcode
  uri TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  PRIMARY KEY (post_id, account_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX reactions_account ON reactions (account_id);

CREATE INDEX reactions_uri ON reactions (uri) WHERE uri <> '';

CREATE INDEX reactions_emoji ON reactions (emoji_id) WHERE emoji_id IS NOT NULL;

CREATE TABLE quotes (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE, -- the post that quotes
  quoted_uri TEXT NOT NULL,
  quoted_id INTEGER REFERENCES posts (id) ON DELETE SET NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'revoked', 'deleted', 'unauthorized')),
  legacy INTEGER NOT NULL DEFAULT 0,        -- said in a way that knows no consent
  authorization_uri TEXT NOT NULL DEFAULT '', -- the stamp
  request_uri TEXT NOT NULL DEFAULT '',
  checked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX quotes_quoted ON quotes (quoted_id, post_id) WHERE quoted_id IS NOT NULL;

CREATE INDEX quotes_orphan ON quotes (quoted_uri) WHERE quoted_id IS NULL;

CREATE INDEX quotes_authorization ON quotes (authorization_uri) WHERE authorization_uri <> '';

CREATE TABLE interaction_requests (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('like', 'reply', 'announce', 'quote')),
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE, -- what is liked, answered, boosted, quoted
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, -- who asks
  interaction_uri TEXT NOT NULL,            -- the Like, the answer, the Announce, the quoting post
  request_uri TEXT NOT NULL DEFAULT '',     -- the request, where it is an activity of its own
  state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'revoked')),
  authorization_uri TEXT NOT NULL DEFAULT '', -- the stamp: ours where the post is, theirs where we asked
  created_at INTEGER NOT NULL,
  answered_at INTEGER,
  UNIQUE (post_id, interaction_uri, kind)
) STRICT;

CREATE INDEX interaction_requests_pending ON interaction_requests (post_id) WHERE state = 'pending';

CREATE INDEX interaction_requests_account ON interaction_requests (account_id);

CREATE INDEX interaction_requests_request ON interaction_requests (request_uri) WHERE request_uri <> '';

CREATE INDEX interaction_requests_interaction ON interaction_requests (interaction_uri);

CREATE INDEX interaction_requests_authorization ON interaction_requests (authorization_uri) WHERE authorization_uri <> '';

CREATE TABLE post_arrivals (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE, -- an answer from elsewhere
  stamp_uri TEXT NOT NULL DEFAULT '',       -- that it bears, whether or not it is good
  said BLOB NOT NULL DEFAULT x''            -- the Create of one that is held, to be passed on when it is not
) STRICT;

CREATE TABLE featured_tags (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE followed_tags (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX followed_tags_tag ON followed_tags (tag_id, account_id);

CREATE TABLE groups (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE, -- a group of this server
  rules TEXT NOT NULL DEFAULT '',
  posting TEXT NOT NULL DEFAULT 'members' CHECK (posting IN ('anyone', 'members', 'moderators')),
  created_by_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL
) STRICT;

CREATE TABLE group_moderators (
  group_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_moderators_account ON group_moderators (account_id);

CREATE TABLE group_bans (
  group_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  reason TEXT NOT NULL DEFAULT '',
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (group_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_bans_account ON group_bans (account_id);

CREATE TABLE relays (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,                 -- its actor (LitePub style) or its inbox (Mastodon style)
  style TEXT NOT NULL CHECK (style IN ('inbox', 'actor')),
  inbox_uri TEXT NOT NULL,
  actor_uri TEXT NOT NULL DEFAULT '',       -- who signs what it sends; learnt from its Accept
  follow_uri TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected')),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE new_tombstones (
  uri TEXT NOT NULL,                        -- of a post, an actor or an activity that was taken back
  actor_uri TEXT NOT NULL DEFAULT '',       -- who took it back: a claim of somebody else hides nothing, and displaces none
  former_type TEXT NOT NULL DEFAULT '',
  deleted_at INTEGER NOT NULL,
  PRIMARY KEY (uri, actor_uri)
) STRICT, WITHOUT ROWID;

INSERT INTO new_tombstones SELECT uri, actor_uri, former_type, deleted_at FROM tombstones;

DROP TABLE tombstones;

ALTER TABLE new_tombstones RENAME TO tombstones;

CREATE INDEX tombstones_deleted ON tombstones (deleted_at);

CREATE TABLE domain_allows (
  host TEXT PRIMARY KEY,                    -- in allowlist mode; holds for its sub-domains too
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE new_domain_policies (
  host TEXT PRIMARY KEY,                    -- holds for its sub-domains too
  severity TEXT NOT NULL CHECK (severity IN ('block', 'limit', 'none')),
  reject_media INTEGER NOT NULL DEFAULT 0,
  reject_reports INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO new_domain_policies (host, severity, reason, created_at) SELECT host, severity, reason, created_at FROM domain_policies;

DROP TABLE domain_policies;

ALTER TABLE new_domain_policies RENAME TO domain_policies;

CREATE TABLE new_notifications (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('follow', 'follow_request', 'mention', 'favourite', 'boost', 'edit', 'post', 'report', 'move',
    'poll', 'reaction', 'quote', 'quoted_edit', 'approval', 'moderation')),
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER REFERENCES posts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  read_at INTEGER
) STRICT;

INSERT INTO new_notifications SELECT id, account_id, kind, from_account_id, post_id, created_at, read_at FROM notifications;

DROP TABLE notifications;

ALTER TABLE new_notifications RENAME TO notifications;

CREATE INDEX notifications_account ON notifications (account_id, id);

CREATE INDEX notifications_from ON notifications (from_account_id);

CREATE UNIQUE INDEX notifications_once ON notifications (account_id, kind, from_account_id, coalesce(post_id, 0));

CREATE INDEX notifications_post ON notifications (post_id) WHERE post_id IS NOT NULL;

CREATE TABLE new_media (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,                 -- 128 random bits: the public name
  account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('avatar', 'header', 'image', 'gifv', 'video', 'audio', 'emoji', 'unknown')),
  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('processing', 'ready', 'failed')),
  sha256 TEXT,                              -- the bytes on disk; NULL until a remote file was fetched
  preview_sha256 TEXT,                      -- of a small picture of it, always WebP
  mime TEXT NOT NULL DEFAULT '',
  size_bytes INTEGER NOT NULL DEFAULT 0,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  duration_ms INTEGER NOT NULL DEFAULT 0,
  focus_x REAL NOT NULL DEFAULT 0,          -- -1 to 1, left to right
  focus_y REAL NOT NULL DEFAULT 0,          -- -1 to 1, bottom to top
  alt TEXT NOT NULL DEFAULT '',
  blurhash TEXT NOT NULL DEFAULT '',
  remote_url TEXT NOT NULL DEFAULT '',
  preview_url TEXT NOT NULL DEFAULT '',     -- remote: of a still picture its server has
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER NOT NULL DEFAULT 0       -- a remote file that could not be had is not asked for before this
) STRICT;

INSERT INTO new_media (id, key, account_id, kind, sha256, mime, size_bytes, width, height, alt, blurhash, remote_url, created_at, used_at, retry_at)
  SELECT id, key, account_id, kind, sha256, mime, size_bytes, width, height, alt, blurhash, remote_url, created_at, used_at, retry_at FROM media;

DROP TABLE media;

ALTER TABLE new_media RENAME TO media;

CREATE INDEX media_account ON media (account_id);

CREATE INDEX media_cached ON media (used_at) WHERE (sha256 IS NOT NULL OR preview_sha256 IS NOT NULL) AND remote_url <> '';

CREATE INDEX media_sha256 ON media (sha256) WHERE sha256 IS NOT NULL;

CREATE INDEX media_preview ON media (preview_sha256) WHERE preview_sha256 IS NOT NULL;

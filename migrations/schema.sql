-- Generated from the migrations by `make schema`; never applied. Edit a migration instead.

CREATE TABLE account_keys (
  uri TEXT PRIMARY KEY,                     -- the keyId
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  public_pem TEXT NOT NULL,
  private_pem TEXT,                         -- local accounts only
  fetched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX account_keys_account ON account_keys (account_id);

CREATE TABLE account_notes (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  note TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_notes_target ON account_notes (target_id);

CREATE VIRTUAL TABLE account_search USING fts5 (name, bio, tokenize = "unicode61 remove_diacritics 2");

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  username TEXT NOT NULL,
  host TEXT NOT NULL,                       -- what the handle ends in; '' for people of this server
  uri TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('Person', 'Service', 'Application', 'Group', 'Organization')),
  display_name TEXT NOT NULL DEFAULT '',
  bio_html TEXT NOT NULL DEFAULT '',
  bio_source TEXT NOT NULL DEFAULT '',
  fields TEXT NOT NULL DEFAULT '[]',        -- JSON [[name, value_html, value_source], ...]
  emojis TEXT NOT NULL DEFAULT '[]',        -- JSON [[shortcode, url], ...]
  avatar_id INTEGER REFERENCES media (id) ON DELETE SET NULL,
  header_id INTEGER REFERENCES media (id) ON DELETE SET NULL,
  inbox_uri TEXT NOT NULL DEFAULT '',
  shared_inbox_uri TEXT NOT NULL DEFAULT '',
  outbox_uri TEXT NOT NULL DEFAULT '',
  followers_uri TEXT NOT NULL DEFAULT '',
  following_uri TEXT NOT NULL DEFAULT '',
  featured_uri TEXT NOT NULL DEFAULT '',
  also_known_as TEXT NOT NULL DEFAULT '[]', -- JSON [uri, ...]
  moved_to_uri TEXT NOT NULL DEFAULT '',
  locked INTEGER NOT NULL DEFAULT 0,
  discoverable INTEGER NOT NULL DEFAULT 0,
  indexable INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  fetched_at INTEGER NOT NULL DEFAULT 0,    -- remote: when its document was last read
  suspended_at INTEGER,                     -- by us, or by its own server
  host_blocked INTEGER NOT NULL DEFAULT 0,  -- kept equal to domain_policies, so that reads need no look-up of parents
  host_limited INTEGER NOT NULL DEFAULT 0,
  deleted_at INTEGER,                       -- local names are never given out again
  followers_count INTEGER NOT NULL DEFAULT 0,
  following_count INTEGER NOT NULL DEFAULT 0,
  posts_count INTEGER NOT NULL DEFAULT 0,   -- public and unlisted only
  last_post_at INTEGER,
  version INTEGER NOT NULL DEFAULT 0        -- rises with every change that a rendering shows
, featured_tags_uri TEXT NOT NULL DEFAULT '', moderators_uri TEXT NOT NULL DEFAULT '', attribution_domains TEXT NOT NULL DEFAULT '[]', memorial INTEGER NOT NULL DEFAULT 0, moved_at INTEGER, filled_at INTEGER NOT NULL DEFAULT 0, origin_followers INTEGER NOT NULL DEFAULT 0, origin_following INTEGER NOT NULL DEFAULT 0, origin_posts INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX accounts_avatar ON accounts (avatar_id) WHERE avatar_id IS NOT NULL;

CREATE INDEX accounts_display_name ON accounts (display_name COLLATE NOCASE) WHERE display_name <> '';

CREATE INDEX accounts_handle ON accounts (username COLLATE NOCASE, host);

CREATE INDEX accounts_header ON accounts (header_id) WHERE header_id IS NOT NULL;

CREATE INDEX accounts_host ON accounts (host) WHERE host <> '';

CREATE UNIQUE INDEX accounts_local_name ON accounts (username COLLATE NOCASE) WHERE host = '';

CREATE TABLE active_days (
  day INTEGER NOT NULL,                     -- days since 1970, UTC
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  PRIMARY KEY (day, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX active_days_account ON active_days (account_id);

CREATE TABLE activities (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, -- who signs it
  post_id INTEGER,                          -- the post it is about, also after that is gone
  object_uri TEXT NOT NULL DEFAULT '',      -- what keeps its order: one delivery in flight per object and host
  public INTEGER NOT NULL DEFAULT 0,        -- whether anybody may read it at its id
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX activities_account ON activities (account_id);

CREATE INDEX activities_post ON activities (post_id) WHERE post_id IS NOT NULL;

CREATE TABLE announcement_dismissals (
  announcement_id INTEGER NOT NULL REFERENCES announcements (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (announcement_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX announcement_dismissals_account ON announcement_dismissals (account_id);

CREATE TABLE announcement_reactions (
  announcement_id INTEGER NOT NULL REFERENCES announcements (id) ON DELETE CASCADE,
  name TEXT NOT NULL,                       -- one emoji character, or a shortcode
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  emoji_id INTEGER REFERENCES emojis (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (announcement_id, name, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX announcement_reactions_account ON announcement_reactions (account_id);

CREATE INDEX announcement_reactions_emoji ON announcement_reactions (emoji_id) WHERE emoji_id IS NOT NULL;

CREATE TABLE announcements (
  id INTEGER PRIMARY KEY,
  text_source TEXT NOT NULL,
  text_html TEXT NOT NULL,
  starts_at INTEGER,
  ends_at INTEGER,
  all_day INTEGER NOT NULL DEFAULT 0,
  published_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE annual_reports (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  year INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('generating', 'ready')),
  data TEXT NOT NULL DEFAULT '{}',          -- JSON
  share_key TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  read_at INTEGER,
  PRIMARY KEY (account_id, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE apps (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL UNIQUE,
  secret_hash BLOB NOT NULL,                -- SHA-256 of the client secret
  name TEXT NOT NULL,
  website TEXT NOT NULL DEFAULT '',
  redirect_uris TEXT NOT NULL,              -- JSON [uri, ...]
  scopes TEXT NOT NULL,                     -- space-separated: the most a token of it can have
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0        -- when a token was last made of it; those never used are swept
) STRICT;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL, -- NULL: the command line
  action TEXT NOT NULL,
  target TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE blocks (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  uri TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocks_target ON blocks (target_id, account_id);

CREATE INDEX blocks_uri ON blocks (uri);

CREATE TABLE bookmarks (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX bookmarks_post ON bookmarks (post_id);

CREATE TABLE cards (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,                 -- as it is linked to, without a fragment
  page_url TEXT NOT NULL DEFAULT '',        -- where that led, or the address the page gives as its own
  host TEXT NOT NULL DEFAULT '',            -- of page_url
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'ready', 'empty')),
  kind TEXT NOT NULL DEFAULT 'link' CHECK (kind IN ('link', 'photo', 'video', 'rich')),
  title TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  provider_name TEXT NOT NULL DEFAULT '',
  provider_url TEXT NOT NULL DEFAULT '',
  author_name TEXT NOT NULL DEFAULT '',
  author_url TEXT NOT NULL DEFAULT '',
  author_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL, -- both sides have said so
  claimed_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL, -- only the page has
  media_id INTEGER REFERENCES media (id) ON DELETE SET NULL,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  published_at INTEGER,
  created_at INTEGER NOT NULL,
  fetched_at INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0        -- rises when what it says is otherwise
) STRICT;

CREATE INDEX cards_author ON cards (author_id) WHERE author_id IS NOT NULL;

CREATE INDEX cards_claimed ON cards (claimed_id) WHERE claimed_id IS NOT NULL;

CREATE INDEX cards_host ON cards (host);

CREATE INDEX cards_media ON cards (media_id) WHERE media_id IS NOT NULL;

CREATE INDEX cards_page ON cards (page_url) WHERE page_url <> '';

CREATE TABLE collection_items (
  id INTEGER PRIMARY KEY,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'revoked')),
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (collection_id, account_id)
) STRICT;

CREATE INDEX collection_items_account ON collection_items (account_id, collection_id);

CREATE TABLE collections (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description_source TEXT NOT NULL DEFAULT '',
  description_html TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  sensitive INTEGER NOT NULL DEFAULT 0,
  discoverable INTEGER NOT NULL DEFAULT 1,
  tag_id INTEGER REFERENCES tags (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX collections_account ON collections (account_id, id);

CREATE INDEX collections_tag ON collections (tag_id) WHERE tag_id IS NOT NULL;

CREATE TABLE conversation_posts (
  conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  PRIMARY KEY (conversation_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversation_posts_post ON conversation_posts (post_id);

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  thread_id INTEGER NOT NULL,
  participants TEXT NOT NULL,               -- JSON [account id, ...], ascending, without the owner
  last_post_id INTEGER REFERENCES posts (id) ON DELETE SET NULL,
  unread INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  UNIQUE (account_id, thread_id, participants)
) STRICT;

CREATE INDEX conversations_last ON conversations (account_id, last_post_id);

CREATE INDEX conversations_post ON conversations (last_post_id) WHERE last_post_id IS NOT NULL;

CREATE INDEX conversations_thread ON conversations (thread_id);

CREATE TABLE deliveries (
  activity_id INTEGER NOT NULL REFERENCES activities (id) ON DELETE CASCADE,
  inbox_id INTEGER NOT NULL REFERENCES inboxes (id),
  host TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'refused', 'expired', 'superseded', 'dropped')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  status INTEGER NOT NULL DEFAULT 0,        -- the last answer's; 0 for none
  answer TEXT NOT NULL DEFAULT '',          -- its first words, or what went wrong
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (activity_id, inbox_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_queued ON deliveries (host, activity_id, inbox_id, next_at) WHERE state = 'queued';

CREATE TABLE dismissed_suggestions (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dismissed_suggestions_target ON dismissed_suggestions (target_id);

CREATE TABLE domain_allows (
  host TEXT PRIMARY KEY,                    -- in allowlist mode; holds for its sub-domains too
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE "domain_policies" (
  host TEXT PRIMARY KEY,                    -- holds for its sub-domains too
  severity TEXT NOT NULL CHECK (severity IN ('block', 'limit', 'none')),
  reject_media INTEGER NOT NULL DEFAULT 0,
  reject_reports INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE due_links (
  own INTEGER NOT NULL,                     -- written here
  run_at INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  PRIMARY KEY (own, run_at, post_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE email_confirmations (
  token_hash BLOB PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  email TEXT NOT NULL,                      -- the address it makes the account's
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX email_confirmations_account ON email_confirmations (account_id);

CREATE TABLE email_subscription_ends (
  token_hash BLOB PRIMARY KEY,              -- of the link in one letter that ends it
  subscription_id INTEGER NOT NULL REFERENCES email_subscriptions (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX email_subscription_ends_created ON email_subscription_ends (created_at);

CREATE INDEX email_subscription_ends_subscription ON email_subscription_ends (subscription_id);

CREATE TABLE email_subscriptions (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  email TEXT NOT NULL,                      -- in small letters
  mailbox TEXT NOT NULL,                    -- the same without what stands behind a `+`: who gets the letter
  locale TEXT NOT NULL DEFAULT '',
  link_hash BLOB UNIQUE,                    -- of the link that confirms, until it was opened
  asked_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  after_id INTEGER NOT NULL DEFAULT 0,      -- posts up to this one are in letters already, or older than the subscription
  sent_at INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0,      -- letters in a row that the mail server would not have
  UNIQUE (account_id, email)
) STRICT;

CREATE INDEX email_subscriptions_asked ON email_subscriptions (asked_at) WHERE confirmed_at IS NULL;

CREATE INDEX email_subscriptions_mailbox ON email_subscriptions (mailbox, asked_at);

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

CREATE TABLE endorsements (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX endorsements_target ON endorsements (target_id);

CREATE TABLE favourites (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  uri TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL, id INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX favourites_post ON favourites (post_id, id);

CREATE INDEX favourites_uri ON favourites (uri) WHERE uri <> '';

CREATE TABLE featured_tags (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE filter_keywords (
  id INTEGER PRIMARY KEY,
  filter_id INTEGER NOT NULL REFERENCES filters (id) ON DELETE CASCADE,
  keyword TEXT NOT NULL,
  whole_word INTEGER NOT NULL
) STRICT;

CREATE INDEX filter_keywords_filter ON filter_keywords (filter_id, id);

CREATE TABLE filter_posts (
  id INTEGER PRIMARY KEY,
  filter_id INTEGER NOT NULL REFERENCES filters (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  UNIQUE (filter_id, post_id)
) STRICT;

CREATE INDEX filter_posts_post ON filter_posts (post_id);

CREATE TABLE filters (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  contexts TEXT NOT NULL,                   -- JSON, of home, notifications, public, thread, account
  action TEXT NOT NULL CHECK (action IN ('warn', 'hide', 'blur')),
  expires_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX filters_account ON filters (account_id, id);

CREATE TABLE followed_tags (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX followed_tags_tag ON followed_tags (tag_id, account_id);

CREATE TABLE follows (
  follower_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  followed_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('pending', 'accepted')),
  local INTEGER NOT NULL,                   -- 1 when the follower is one of ours: whose home to write
  uri TEXT NOT NULL,                        -- of the Follow
  boosts INTEGER NOT NULL DEFAULT 1,
  notify INTEGER NOT NULL DEFAULT 0,
  languages TEXT NOT NULL DEFAULT '[]',     -- JSON
  created_at INTEGER NOT NULL,
  PRIMARY KEY (follower_id, followed_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX follows_followed ON follows (followed_id, state, local, follower_id);

CREATE INDEX follows_page ON follows (followed_id, state, follower_id);

CREATE INDEX follows_uri ON follows (uri);

CREATE TABLE group_bans (
  group_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  reason TEXT NOT NULL DEFAULT '',
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (group_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_bans_account ON group_bans (account_id);

CREATE TABLE group_moderators (
  group_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_moderators_account ON group_moderators (account_id);

CREATE TABLE groups (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE, -- a group of this server
  rules TEXT NOT NULL DEFAULT '',
  posting TEXT NOT NULL DEFAULT 'members' CHECK (posting IN ('anyone', 'members', 'moderators')),
  created_by_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL
) STRICT;

CREATE TABLE home (
  owner_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL,              -- whose following brought it: the author, or who boosted
  PRIMARY KEY (owner_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX home_post ON home (post_id);

CREATE TABLE hosts (
  host TEXT PRIMARY KEY,
  signature TEXT NOT NULL DEFAULT '',       -- the scheme that last worked: cavage, cavage-path, rfc9421
  failures INTEGER NOT NULL DEFAULT 0,      -- in a row
  failing_days INTEGER NOT NULL DEFAULT 0,  -- distinct days with failures only
  failed_at INTEGER NOT NULL DEFAULT 0,
  open_until INTEGER NOT NULL DEFAULT 0,    -- the circuit: nothing is sent before
  seen_at INTEGER NOT NULL DEFAULT 0        -- a valid request from it, or an answer
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_post ON idempotency_keys (post_id);

CREATE TABLE inboxes (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL
) STRICT;

CREATE INDEX inboxes_host ON inboxes (host);

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

CREATE INDEX interaction_requests_account ON interaction_requests (account_id);

CREATE INDEX interaction_requests_authorization ON interaction_requests (authorization_uri) WHERE authorization_uri <> '';

CREATE INDEX interaction_requests_interaction ON interaction_requests (interaction_uri);

CREATE INDEX interaction_requests_pending ON interaction_requests (post_id) WHERE state = 'pending';

CREATE INDEX interaction_requests_request ON interaction_requests (request_uri) WHERE request_uri <> '';

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  lane TEXT NOT NULL DEFAULT '',            -- jobs of one lane run in order, one at a time; '' has no order
  payload BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'parked')),
  attempts INTEGER NOT NULL DEFAULT 0,
  run_at INTEGER NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'queued';

CREATE INDEX jobs_lane ON jobs (lane, id) WHERE lane <> '' AND state = 'queued';

CREATE TABLE list_accounts (
  list_id INTEGER NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (list_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX list_accounts_account ON list_accounts (account_id, list_id);

CREATE TABLE list_posts (
  list_id INTEGER NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL,              -- whose membership brought it: the author, or who boosted
  PRIMARY KEY (list_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX list_posts_post ON list_posts (post_id);

CREATE TABLE lists (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  replies TEXT NOT NULL DEFAULT 'list' CHECK (replies IN ('followed', 'list', 'none')),
  exclusive INTEGER NOT NULL DEFAULT 0,     -- its members' posts do not come home
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX lists_account ON lists (account_id, id);

CREATE TABLE markers (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  timeline TEXT NOT NULL CHECK (timeline IN ('home', 'notifications')),
  last_read_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, timeline)
) STRICT, WITHOUT ROWID;

CREATE TABLE "media" (
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

CREATE INDEX media_account ON media (account_id);

CREATE INDEX media_cached ON media (used_at) WHERE (sha256 IS NOT NULL OR preview_sha256 IS NOT NULL) AND remote_url <> '';

CREATE INDEX media_preview ON media (preview_sha256) WHERE preview_sha256 IS NOT NULL;

CREATE INDEX media_sha256 ON media (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE muted_threads (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  thread_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, thread_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX muted_threads_thread ON muted_threads (thread_id);

CREATE TABLE mutes (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  notifications INTEGER NOT NULL DEFAULT 1,
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX mutes_target ON mutes (target_id);

CREATE TABLE notification_permissions (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, from_account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX notification_permissions_from ON notification_permissions (from_account_id);

CREATE TABLE notification_policies (
  account_id INTEGER PRIMARY KEY REFERENCES users (account_id) ON DELETE CASCADE,
  not_following TEXT NOT NULL DEFAULT 'accept' CHECK (not_following IN ('accept', 'filter', 'drop')),
  not_followers TEXT NOT NULL DEFAULT 'accept' CHECK (not_followers IN ('accept', 'filter', 'drop')),
  new_accounts TEXT NOT NULL DEFAULT 'accept' CHECK (new_accounts IN ('accept', 'filter', 'drop')),
  private_mentions TEXT NOT NULL DEFAULT 'filter' CHECK (private_mentions IN ('accept', 'filter', 'drop')),
  limited_accounts TEXT NOT NULL DEFAULT 'filter' CHECK (limited_accounts IN ('accept', 'filter', 'drop'))
) STRICT;

CREATE TABLE notification_requests (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  last_post_id INTEGER REFERENCES posts (id) ON DELETE SET NULL,
  notifications_count INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (account_id, from_account_id)
) STRICT;

CREATE INDEX notification_requests_from ON notification_requests (from_account_id);

CREATE INDEX notification_requests_post ON notification_requests (last_post_id) WHERE last_post_id IS NOT NULL;

CREATE TABLE "notifications" (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('follow', 'follow_request', 'mention', 'favourite', 'boost', 'edit', 'post', 'report', 'move',
    'poll', 'reaction', 'quote', 'quoted_edit', 'approval', 'moderation', 'sign_up', 'severance', 'warning', 'collection', 'collection_edit')),
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER REFERENCES posts (id) ON DELETE CASCADE,
  about_id INTEGER,                         -- of the report, the severance, the warning or the collection, as the kind says
  group_key TEXT NOT NULL DEFAULT '',       -- '' stands by itself
  filtered INTEGER NOT NULL DEFAULT 0,      -- kept apart by the policy
  created_at INTEGER NOT NULL,
  read_at INTEGER
) STRICT;

CREATE INDEX notifications_account ON notifications (account_id, id);

CREATE INDEX notifications_filtered ON notifications (account_id, from_account_id, id) WHERE filtered = 1;

CREATE INDEX notifications_from ON notifications (from_account_id);

CREATE INDEX notifications_group ON notifications (account_id, group_key, id) WHERE group_key <> '';

CREATE UNIQUE INDEX notifications_once ON notifications (account_id, kind, from_account_id, coalesce(post_id, 0), coalesce(about_id, 0));

CREATE INDEX notifications_post ON notifications (post_id) WHERE post_id IS NOT NULL;

CREATE TABLE oauth_codes (
  code_hash BLOB PRIMARY KEY,               -- SHA-256
  app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  redirect_uri TEXT NOT NULL,
  scopes TEXT NOT NULL,
  challenge TEXT NOT NULL DEFAULT '',       -- PKCE, S256
  created_at INTEGER NOT NULL,
  used_at INTEGER,                          -- shown a second time it ends the token that was made of it
  token_id INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX oauth_codes_account ON oauth_codes (account_id);

CREATE INDEX oauth_codes_app ON oauth_codes (app_id);

CREATE TABLE "oauth_tokens" (
  id INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,          -- SHA-256 of the bearer token
  account_id INTEGER REFERENCES users (account_id) ON DELETE CASCADE, -- NULL: of an application by itself
  app_id INTEGER REFERENCES apps (id) ON DELETE CASCADE, -- NULL: made on the command line
  name TEXT NOT NULL DEFAULT '',
  scopes TEXT NOT NULL,                     -- space-separated
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;

CREATE INDEX oauth_tokens_account ON oauth_tokens (account_id);

CREATE INDEX oauth_tokens_app ON oauth_tokens (app_id) WHERE app_id IS NOT NULL;

CREATE TABLE pins (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX pins_post ON pins (post_id);

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

CREATE TABLE post_arrivals (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE, -- an answer from elsewhere
  stamp_uri TEXT NOT NULL DEFAULT '',       -- that it bears, whether or not it is good
  said BLOB NOT NULL DEFAULT x''            -- the Create of one that is held, to be passed on when it is not
) STRICT;

CREATE TABLE post_cards (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
  card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX post_cards_card ON post_cards (card_id, post_id);

CREATE TABLE post_edits (
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  edited_at INTEGER NOT NULL,               -- when this revision was made
  title TEXT NOT NULL,
  content_html TEXT NOT NULL,
  warning TEXT NOT NULL,
  sensitive INTEGER NOT NULL, poll_options TEXT NOT NULL DEFAULT '[]',
  PRIMARY KEY (post_id, edited_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE post_media (
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  PRIMARY KEY (post_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX post_media_media ON post_media (media_id);

CREATE TABLE post_mentions (
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  silent INTEGER NOT NULL DEFAULT 0,        -- addressed, but not named in the text
  PRIMARY KEY (post_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX post_mentions_account ON post_mentions (account_id, post_id);

CREATE VIRTUAL TABLE post_search USING fts5 (text, tokenize = "unicode61 remove_diacritics 2");

CREATE TABLE post_tags (
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id),
  PRIMARY KEY (post_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX post_tags_tag ON post_tags (tag_id, post_id);

CREATE TABLE posts (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL DEFAULT 'Note',
  title TEXT NOT NULL DEFAULT '',
  content_html TEXT NOT NULL DEFAULT '',
  content_source TEXT NOT NULL DEFAULT '',
  content_type TEXT NOT NULL DEFAULT '',    -- of the source: text/plain, text/markdown
  warning TEXT NOT NULL DEFAULT '',
  sensitive INTEGER NOT NULL DEFAULT 0,
  language TEXT NOT NULL DEFAULT '',
  visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'followers', 'direct')),
  local_only INTEGER NOT NULL DEFAULT 0,
  in_reply_to_uri TEXT NOT NULL DEFAULT '',
  in_reply_to_id INTEGER REFERENCES posts (id) ON DELETE SET NULL,
  in_reply_to_account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
  boost_of_id INTEGER REFERENCES posts (id) ON DELETE CASCADE,
  emojis TEXT NOT NULL DEFAULT '[]',        -- JSON [[shortcode, url], ...]
  published_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  edited_at INTEGER,
  replies_count INTEGER NOT NULL DEFAULT 0, -- the counts are of public and unlisted acts only
  boosts_count INTEGER NOT NULL DEFAULT 0,
  favourites_count INTEGER NOT NULL DEFAULT 0,
  sanitizer INTEGER NOT NULL DEFAULT 0,     -- sanitize.VERSION that made content_html
  version INTEGER NOT NULL DEFAULT 0        -- rises with every change that a rendering shows, counters excepted
, policy TEXT NOT NULL DEFAULT '', held INTEGER NOT NULL DEFAULT 0, group_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL, locked INTEGER NOT NULL DEFAULT 0, context_uri TEXT NOT NULL DEFAULT '', link_url TEXT NOT NULL DEFAULT '', facts TEXT NOT NULL DEFAULT '', quotes_count INTEGER NOT NULL DEFAULT 0, origin_replies INTEGER NOT NULL DEFAULT 0, origin_boosts INTEGER NOT NULL DEFAULT 0, origin_favourites INTEGER NOT NULL DEFAULT 0, app_id INTEGER REFERENCES apps (id) ON DELETE SET NULL, thread_id INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX posts_account ON posts (account_id, id);

CREATE INDEX posts_app ON posts (app_id) WHERE app_id IS NOT NULL;

CREATE UNIQUE INDEX posts_boost ON posts (boost_of_id, account_id) WHERE boost_of_id IS NOT NULL;

CREATE INDEX posts_group ON posts (group_id, id) WHERE group_id IS NOT NULL;

CREATE INDEX posts_orphan ON posts (in_reply_to_uri) WHERE in_reply_to_uri <> '' AND in_reply_to_id IS NULL;

CREATE INDEX posts_public ON posts (id) WHERE visibility = 'public' AND boost_of_id IS NULL;

CREATE INDEX posts_reply ON posts (in_reply_to_id, id) WHERE in_reply_to_id IS NOT NULL;

CREATE INDEX posts_reply_account ON posts (in_reply_to_account_id) WHERE in_reply_to_account_id IS NOT NULL;

CREATE INDEX posts_thread ON posts (thread_id, id);

CREATE INDEX posts_url ON posts (url) WHERE boost_of_id IS NULL;

CREATE TABLE push_subscriptions (
  id INTEGER PRIMARY KEY,
  token_id INTEGER NOT NULL UNIQUE REFERENCES oauth_tokens (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  endpoint TEXT NOT NULL,
  p256dh BLOB NOT NULL,                     -- the receiver's public key, 65 bytes
  auth BLOB NOT NULL,                       -- its secret, 16 bytes
  standard INTEGER NOT NULL DEFAULT 0,      -- RFC 8291 rather than the draft before it
  policy TEXT NOT NULL DEFAULT 'all' CHECK (policy IN ('all', 'followed', 'follower', 'none')),
  alerts TEXT NOT NULL DEFAULT '[]',        -- JSON [type, ...]
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX push_subscriptions_account ON push_subscriptions (account_id);

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

CREATE INDEX quotes_authorization ON quotes (authorization_uri) WHERE authorization_uri <> '';

CREATE INDEX quotes_orphan ON quotes (quoted_uri) WHERE quoted_id IS NULL;

CREATE INDEX quotes_quoted ON quotes (quoted_id, post_id) WHERE quoted_id IS NOT NULL;

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

CREATE INDEX reactions_emoji ON reactions (emoji_id) WHERE emoji_id IS NOT NULL;

CREATE INDEX reactions_uri ON reactions (uri) WHERE uri <> '';

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

CREATE TABLE reports (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL DEFAULT '',
  reporter_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  host TEXT NOT NULL DEFAULT '',            -- the reporting server
  comment TEXT NOT NULL DEFAULT '',
  post_uris TEXT NOT NULL DEFAULT '[]',     -- JSON
  created_at INTEGER NOT NULL,
  resolved_at INTEGER,
  resolved_by_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL
, category TEXT NOT NULL DEFAULT 'other', rule_ids TEXT NOT NULL DEFAULT '[]', forwarded INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX reports_host ON reports (host, created_at);

CREATE INDEX reports_open ON reports (id) WHERE resolved_at IS NULL;

CREATE INDEX reports_target ON reports (target_id);

CREATE TABLE rules (
  id INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  hint TEXT NOT NULL DEFAULT '',
  translations TEXT NOT NULL DEFAULT '{}',  -- JSON {language: {text, hint}}
  deleted_at INTEGER                        -- reports may still name it
) STRICT;

CREATE TABLE scheduled_media (
  scheduled_id INTEGER NOT NULL REFERENCES scheduled_posts (id) ON DELETE CASCADE,
  media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  PRIMARY KEY (scheduled_id, media_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX scheduled_media_media ON scheduled_media (media_id);

CREATE TABLE scheduled_posts (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  app_id INTEGER REFERENCES apps (id) ON DELETE SET NULL,
  draft TEXT NOT NULL,                      -- JSON, as it is published
  scheduled_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  error TEXT NOT NULL DEFAULT ''            -- why it was not published
) STRICT;

CREATE INDEX scheduled_posts_account ON scheduled_posts (account_id, id);

CREATE INDEX scheduled_posts_app ON scheduled_posts (app_id) WHERE app_id IS NOT NULL;

CREATE INDEX scheduled_posts_due ON scheduled_posts (scheduled_at);

CREATE TABLE search_marks (
  kind TEXT PRIMARY KEY CHECK (kind IN ('account', 'post')),
  mark INTEGER NOT NULL                     -- rows up to this id are indexed, or stand in search_queue
) STRICT, WITHOUT ROWID;

CREATE TABLE search_queue (
  kind TEXT NOT NULL CHECK (kind IN ('account', 'post')),
  ref_id INTEGER NOT NULL,
  PRIMARY KEY (kind, ref_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
  digest BLOB PRIMARY KEY,                  -- SHA-256 of signer and activity id
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY,              -- SHA-256 of the cookie
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  agent TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL                       -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE severances (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('domain_block', 'user_domain_block', 'account_suspension')),
  target TEXT NOT NULL,                     -- a host, or a handle
  purged INTEGER NOT NULL DEFAULT 0,
  followers_count INTEGER NOT NULL,
  following_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX severances_account ON severances (account_id);

CREATE TABLE tags (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE                 -- normalised; the spelling people see stands in the post
) STRICT;

CREATE TABLE terms (
  effective_on TEXT PRIMARY KEY,            -- YYYY-MM-DD
  text_source TEXT NOT NULL,                -- Markdown
  changes_source TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE threads (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE, -- a remote post whose thread was, or is to be, completed
  replies_uri TEXT NOT NULL DEFAULT '',
  fetched_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE "tombstones" (
  uri TEXT NOT NULL,                        -- of a post, an actor or an activity that was taken back
  actor_uri TEXT NOT NULL DEFAULT '',       -- who took it back: a claim of somebody else hides nothing, and displaces none
  former_type TEXT NOT NULL DEFAULT '',
  deleted_at INTEGER NOT NULL,
  PRIMARY KEY (uri, actor_uri)
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstones_deleted ON tombstones (deleted_at);

CREATE TABLE trends (
  kind TEXT NOT NULL CHECK (kind IN ('tag', 'post', 'link')),
  ref_id INTEGER NOT NULL,
  score REAL NOT NULL,
  language TEXT NOT NULL DEFAULT '',
  counted_at INTEGER NOT NULL,
  PRIMARY KEY (kind, ref_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX trends_score ON trends (kind, score);

CREATE TABLE user_domain_blocks (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  created_at INTEGER NOT NULL, id INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, host)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_domain_blocks_page ON user_domain_blocks (account_id, id);

CREATE TABLE users (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  email TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'moderator', 'user')),
  settings TEXT NOT NULL DEFAULT '{}',      -- JSON: what the person chose for themselves
  created_at INTEGER NOT NULL
, confirmed_at INTEGER, approved_at INTEGER, reason TEXT NOT NULL DEFAULT '', locale TEXT NOT NULL DEFAULT '', terms_at INTEGER) STRICT;

CREATE UNIQUE INDEX users_email ON users (email COLLATE NOCASE);

CREATE TABLE warnings (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  action TEXT NOT NULL CHECK (action IN ('none', 'disable', 'mark_statuses_as_sensitive', 'delete_statuses', 'sensitive', 'silence', 'suspend')),
  text TEXT NOT NULL DEFAULT '',
  post_ids TEXT NOT NULL DEFAULT '[]',      -- JSON
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX warnings_account ON warnings (account_id);

CREATE TABLE withdrawn_notifications (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL,
  notification_id INTEGER NOT NULL,
  group_key TEXT NOT NULL,
  created_at INTEGER NOT NULL,              -- when it was told
  read_at INTEGER,
  PRIMARY KEY (account_id, kind, from_account_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX withdrawn_notifications_from ON withdrawn_notifications (from_account_id);

CREATE INDEX withdrawn_notifications_told ON withdrawn_notifications (created_at);

CREATE TRIGGER accounts_changed AFTER UPDATE OF version ON accounts
  WHEN new.id <= (SELECT mark FROM search_marks WHERE kind = 'account')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('account', new.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER accounts_gone AFTER DELETE ON accounts
  WHEN old.id <= (SELECT mark FROM search_marks WHERE kind = 'account')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('account', old.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER accounts_late AFTER INSERT ON accounts
  WHEN new.id <= (SELECT mark FROM search_marks WHERE kind = 'account')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('account', new.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER posts_changed AFTER UPDATE OF version ON posts
  WHEN new.boost_of_id IS NULL AND new.id <= (SELECT mark FROM search_marks WHERE kind = 'post')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('post', new.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER posts_gone AFTER DELETE ON posts
  WHEN old.boost_of_id IS NULL AND old.id <= (SELECT mark FROM search_marks WHERE kind = 'post')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('post', old.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER posts_late AFTER INSERT ON posts
  WHEN new.boost_of_id IS NULL AND new.id <= (SELECT mark FROM search_marks WHERE kind = 'post')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('post', new.id) ON CONFLICT DO NOTHING; END;
